// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Timing

/// A script's `dial` in progress.
struct Dialling {
    let request: DialRequest
    let startedAt: Instant
    /// While somebody rings.
    var offer: Offer?
    /// Since when the two talk.
    var answeredAt: Instant?
}

extension Script: SwitchControl {
    func dial(_ request: DialRequest) async throws -> DialResult {
        try await checkWait()
        leg.note(DialStarted(targets: request.targets.map(\.description).joined(separator: "&")))
        do {
            // The caller's own media first: a call without it could not be answered.
            try openMedia()
            if request.forcesRingback { try ring() }
        } catch {
            leg.note(DialEnded(status: .congestion, cause: ended?.cause ?? .switchCongestion))
            throw error
        }
        return try await withCheckedThrowingContinuation { continuation in
            waiting = .dial(continuation)
            board.turn { beginDial(request) }
        }
    }

    private func beginDial(_ request: DialRequest) {
        let offer = Offer(
            OfferRequest(
                branches: request.targets.map { OfferBranch($0) }, limit: request.timeout,
                acceptance: request.acceptance),
            owner: self,
            terms: Offer.Terms(
                call: leg.call, caller: leg.caller, site: entry.site, preferring: leg.machine.negotiation.theirCodecs,
                hopsLeft: leg.hopsLeft),
            board: board)
        dialling = Dialling(request: request, startedAt: board.now, offer: offer)
        offer.begin()
    }

    /// The talk is over and the script may go on; false when it does not wait for a talk.
    func bridgeOver(_ cause: HangupCause) -> Bool {
        guard case .running = state else { return false }
        switch waiting {
        case .join(let continuation):
            waiting = nil
            continuation.resume()
        case .rest(let continuation):
            waiting = nil
            continuation.resume(returning: .talked)
        default:
            guard dialling?.answeredAt != nil else { return false }
            finishDial(.answer, cause)
        }
        return true
    }

    /// The same when the leg is about to be hung up: what `h` is told is how the talk ended.
    func bridgeOverBeforeHangUp(_ cause: HangupCause) {
        leg.call.endedByUs(cause)
        if dialling?.answeredAt != nil { settleDial(.answer, cause) }
    }

    /// Waits for the end of a talk, whoever sits opposite.
    var waitsForTalk: Bool {
        switch waiting {
        case .join, .rest: true
        default: dialling?.answeredAt != nil
        }
    }

    /// The leg is gone or taken in the middle of a dial. True while somebody rings: then the offer's end, which follows,
    /// interrupts the script, so that `lastDial` is right when it goes on.
    func dialInterrupted(_ cause: HangupCause, by: EndedBy) -> Bool {
        guard let dialling else { return false }
        if let offer = dialling.offer {
            offer.withdraw(by: by)
            return true
        }
        settleDial(dialling.answeredAt == nil ? .congestion : .answer, cause)
        return false
    }

    /// The offer is somebody else's now.
    func lostOffer() {
        guard dialling != nil else { return }
        dialling?.offer = nil
        stopTone()
        finishDial(.cancel, .normalClearing)
    }

    private func finishDial(_ status: DialStatus, _ cause: HangupCause) {
        let result = settleDial(status, cause)
        guard !failIfInterrupted(), case .dial(let continuation) = waiting else { return }
        waiting = nil
        continuation.resume(returning: result)
    }

    @discardableResult
    private func settleDial(_ status: DialStatus, _ cause: HangupCause) -> DialResult {
        let ended = dialling
        dialling = nil
        let now = board.now
        let result = DialResult(
            status: status, cause: cause,
            dialled: ended.map { $0.startedAt.duration(to: $0.answeredAt ?? now) } ?? .zero,
            answered: ended?.answeredAt?.duration(to: now) ?? .zero)
        lastDial = result
        leg.note(DialEnded(status: status, cause: cause))
        return result
    }
}

extension Script: OfferOwner {
    var waitingLeg: Leg? { leg }

    func offerRings(_ offer: Offer) {
        if case .transfer(let transfer) = purpose { transfer.rings() }
        try? ring()
    }

    func offer(_ offer: Offer, hears called: Leg) {
        guard let dialling, !dialling.request.forcesRingback else { return }
        guard leg.isAnswered || leg.machine.canHearBeforeAnswer else {
            // A caller without an offer cannot be given a description before the answer; it is told of ringing.
            try? ring()
            return
        }
        stopTone()
        leg.handle(.progress(preferring: called.codec.map { [$0] } ?? []))
        if let room = leg.room { called.move(to: room) }
    }

    func offer(_ offer: Offer, took called: Leg) {
        dialling?.offer = nil
        stopTone()
        guard case .running = state else {
            called.hangUp(.normalClearing, by: .caller)
            failIfInterrupted()
            return
        }
        leg.handle(.answer(preferring: called.codec.map { [$0] } ?? []))
        // A caller without a codec in common is never bridged.
        guard leg.isAnswered else { return called.hangUp(.normalClearing, by: .system) }
        // Behind the answer in the queue, so that the ledger tells both in their order.
        board.queue(.connect(self, called))
    }

    /// Both have answered.
    func connect(_ called: Leg) {
        guard let dialling, case .running = state, leg.isUp, called.isUp else {
            called.hangUp(.normalClearing, by: .caller)
            if case .running = state, leg.isUp { finishDial(.noAnswer, .normalClearing) }
            return
        }
        self.dialling?.answeredAt = board.now
        called.musicClass = called.musicClass ?? leg.musicClass
        if case .transfer(let transfer) = purpose { transfer.taken() }
        let request = dialling.request
        let rules = TalkRules(
            limit: request.answeredLimit,
            caller: SideRules(
                after: request.continuesAfterHangup ? .goOn : .hangUp,
                codes: board.talkCodes(request.callerFeatures, of: leg)),
            called: SideRules(codes: board.talkCodes(request.calledFeatures, of: called)))
        _ = Bridge(leg, called, rules: rules, board: board)
    }

    func offer(_ offer: Offer, failed status: DialStatus, _ cause: HangupCause) {
        dialling?.offer = nil
        stopTone()
        if status != .cancel, case .transfer(let transfer) = purpose {
            // Who cannot be reached is told to the transferor; the dialplan behind this Dial is for callers.
            transfer.failed(cause)
        }
        finishDial(status, cause)
    }
}
