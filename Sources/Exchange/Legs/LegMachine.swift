// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import SDP

/// One party's connection as a value: signalling, speech and the end of both.
///
/// Inputs are wishes of the switch, what the SIP stack reports, and what media reports; actions are performed by `Leg`,
/// in order. The machine knows no other leg, no room and no script.
struct LegMachine: Sendable {
    enum State: Hashable, Sendable {
        /// The party called us and has no final answer. Left by our answer or refusal, by CANCEL.
        case incoming(Told)
        /// We called the party. Left by its final response, or when we give up.
        case outgoing(Heard)
        /// A 200 went one way or the other. Left by BYE, by a lost dialog, by silence.
        case up(Hold)
        /// The SIP side is over, media is still closing. Left when media has told its figures, or is overdue.
        case ending(End)
        /// Nothing is left. The end.
        case closed
    }

    /// What an incoming party was told before the answer.
    enum Told: Hashable, Sendable {
        case nothing
        /// 180: its phone rings back by itself.
        case ringing
        /// 183 with a description: it hears what we play.
        case earlyMedia
        /// 180 after 183: it may hear either (RFC 3960 §3.2), so both are to sound like ringing.
        case ringingAfterMedia
    }

    /// What an outgoing party has told so far.
    enum Heard: Hashable, Sendable {
        case nothing
        case ringing
    }

    enum Hold: Hashable, Sendable {
        case talking
        /// It wants nothing from us (`sendonly`, `inactive`).
        case held
    }

    struct End: Hashable, Sendable {
        var cause: HangupCause
        var by: EndedBy
        var status: Int?
    }

    private(set) var state: State
    private(set) var negotiation: Negotiation
    /// nil until media is open.
    private(set) var local: LocalMedia?
    /// Keys are kept from the far side until somebody decides what they mean.
    private(set) var holdsKeys = false
    /// A re-INVITE of ours for another codec waits for its answer, or for its turn.
    private var isOffering = false

    /// A leg whose INVITE came in, with its offer if it had one.
    init(incoming offer: SessionDescription?, sessionNumber: UInt64, profile: LegProfile) {
        state = .incoming(.nothing)
        negotiation = Negotiation(sessionNumber: sessionNumber, profile: profile, offer: offer)
    }

    /// A leg about to be called, and the offer that goes with its INVITE.
    init(calling local: LocalMedia, preferring: [AudioCodec], sessionNumber: UInt64, profile: LegProfile) {
        state = .outgoing(.nothing)
        self.local = local
        negotiation = Negotiation(sessionNumber: sessionNumber, profile: profile)
        _ = negotiation.offer(at: local, preferring: preferring)
    }

    var isUp: Bool {
        switch state {
        case .incoming, .outgoing, .up: true
        case .ending, .closed: false
        }
    }

    var isAnswered: Bool { if case .up = state { true } else { false } }
    var isHeld: Bool { state == .up(.held) }
    /// The far side hears what we play before the answer.
    var hasEarlyMedia: Bool {
        switch state {
        case .incoming(.earlyMedia), .incoming(.ringingAfterMedia): true
        default: false
        }
    }
    /// A far side that sent no offer can be described nothing before the answer.
    var canHearBeforeAnswer: Bool { negotiation.theirOffer != nil || hasEarlyMedia }

    mutating func handle(_ input: LegInput) -> [LegAction] {
        switch input {
        case .mediaOpened(let media):
            local = media
            return []
        case .ring: return ring()
        case .progress(let codecs): return progress(preferring: codecs)
        case .answer(let codecs): return answer(preferring: codecs)
        case .hangUp(let cause, let by, let reason): return hangUp(cause, by: by, reason: reason)
        case .holdKeys(let wanted): return holdKeys(wanted)
        case .prefer(let codec): return prefer(codec)
        case .provisional(let status, let description): return provisional(status, description)
        case .accepted(let description, let isEmpty): return accepted(description, isEmpty: isEmpty)
        case .acknowledged(let description): return acknowledged(description)
        case .offered(let offer): return offered(offer)
        case .offerAnswered(let answer): return offerAnswered(answer)
        case .offerRefused: return offerRefused()
        case .over(let cause, let by, let status): return over(End(cause: cause, by: by, status: status))
        case .mediaTimedOut: return mediaTimedOut()
        case .mediaClosed(let statistics): return closed(statistics)
        case .mediaOverdue: return closed(LegStatistics())
        }
    }
}

// MARK: Before the answer

extension LegMachine {
    private mutating func ring() -> [LegAction] {
        switch state {
        case .incoming(.nothing):
            state = .incoming(.ringing)
            return [.fact(.ringing), .ring(nil)]
        case .incoming(.earlyMedia):
            // Ringing comes after a prompt of ours: the phone is told. With the description once more, for a phone that rings
            // by itself at a bare 180 would ring over our tone (RFC 3960 §3.2).
            state = .incoming(.ringingAfterMedia)
            return [.ring(negotiation.ours)]
        default: return []
        }
    }

    private mutating func progress(preferring codecs: [AudioCodec]) -> [LegAction] {
        guard case .incoming(let told) = state, canHearBeforeAnswer else { return [] }
        switch told {
        case .earlyMedia: return []
        case .ringingAfterMedia:
            // The phone may play its own ringing since: the same description once more turns it back to us.
            guard let body = negotiation.ours else { return [] }
            state = .incoming(.earlyMedia)
            return [.progress(body)]
        case .nothing, .ringing:
            guard let local, let body = negotiation.describe(at: local, preferring: codecs) else {
                return hangUp(.incompatibleDestination, by: .system, reason: nil)
            }
            state = .incoming(.earlyMedia)
            return configure() + [.progress(body)]
        }
    }

    private mutating func answer(preferring codecs: [AudioCodec]) -> [LegAction] {
        guard case .incoming = state else { return [] }
        guard let local, let body = negotiation.describe(at: local, preferring: codecs) else {
            return hangUp(.incompatibleDestination, by: .system, reason: nil)
        }
        state = .up(.talking)
        // Silence counts from now on. Held from the first moment is told as such.
        return configure() + [.accept(body), .fact(.answered(codecName))] + holdNews()
    }

    private mutating func provisional(_ status: Int, _ description: SessionDescription?) -> [LegAction] {
        guard case .outgoing(let heard) = state else { return [] }
        var actions: [LegAction] = []
        if heard == .nothing {
            state = .outgoing(.ringing)
            actions.append(.fact(.ringing))
        }
        let hasMedia = description.map { negotiation.accept($0) } ?? false
        if hasMedia { actions += configure() }
        return actions + [.report(.rings(status: status, media: hasMedia))]
    }

    private mutating func accepted(_ description: SessionDescription?, isEmpty: Bool) -> [LegAction] {
        guard case .outgoing = state else { return [] }
        // A 2xx without a body means what the early answer said.
        let isSettled =
            description.map { negotiation.accept($0) } ?? (isEmpty && negotiation.settled != nil)
        guard isSettled else {
            state = .up(.talking)
            return hangUp(.bearerNotAvailable, by: .system, reason: nil)
        }
        state = .up(.talking)
        return configure() + [.fact(.answered(codecName))] + holdNews() + [.report(.answered)]
    }
}

// MARK: While it is up

extension LegMachine {
    /// An ACK carries the answer when our 200 carried the offer.
    private mutating func acknowledged(_ description: SessionDescription?) -> [LegAction] {
        guard case .up = state, negotiation.settled == nil else { return [] }
        guard let description, negotiation.accept(description) else {
            return hangUp(.bearerNotAvailable, by: .system, reason: nil)
        }
        return configure() + holdNews() + [.report(.negotiated(isOurs: false))]
    }

    /// Hold, resume, a new address: a re-INVITE or UPDATE is answered from what was settled, with the codec in use first
    /// so that a relay stays one.
    private mutating func offered(_ offer: SessionDescription?) -> [LegAction] {
        guard case .up = state, let local else { return [.rejectOffer(488)] }
        // One of ours that waits was made for what held before; who wanted it is told and asks anew.
        let ours: [LegAction] = isOffering ? [.withdrawOffer] : []
        isOffering = false
        let current = negotiation.settled.map { [$0.codec] } ?? []
        guard let offer else {
            // A re-INVITE without offer asks for ours (RFC 3261 §14.2): all we can do, the codec in use first.
            let body = negotiation.offer(at: local, preferring: current)
            negotiation.awaitAnswer()
            return ours + [.acceptOffer(body)]
        }
        guard let body = negotiation.answer(offer, at: local, preferring: current) else {
            return ours + [.rejectOffer(488), .report(.negotiated(isOurs: false))]
        }
        return ours + configure() + [.acceptOffer(body)] + holdNews() + [.report(.negotiated(isOurs: false))]
    }

    /// An answer that takes nothing leaves everything as it was, like a refusal (RFC 3261 §14.1).
    private mutating func offerAnswered(_ answer: SessionDescription?) -> [LegAction] {
        guard case .up = state else { return [] }
        isOffering = false
        guard let answer, negotiation.accept(answer) else { return [.report(.negotiated(isOurs: true))] }
        return configure() + holdNews() + [.report(.negotiated(isOurs: true))]
    }

    private mutating func offerRefused() -> [LegAction] {
        guard case .up = state else { return [] }
        isOffering = false
        return [.report(.negotiated(isOurs: true))]
    }

    /// Whether another codec than the one in use can be asked for: we may speak it, the party is known to or has not said
    /// what it speaks, and it holds nobody, for a re-INVITE of ours would ask it to come back.
    func canPrefer(_ codec: AudioCodec) -> Bool {
        guard case .up(.talking) = state, local != nil, let settled = negotiation.settled else { return false }
        return settled.codec != codec && negotiation.mayBeSpoken(codec)
    }

    /// Offers another codec by a re-INVITE of ours.
    private mutating func prefer(_ codec: AudioCodec) -> [LegAction] {
        guard canPrefer(codec), let local else { return [] }
        isOffering = true
        return [.reoffer(negotiation.offer(at: local, only: codec))]
    }

    private mutating func holdKeys(_ wanted: Bool) -> [LegAction] {
        guard isUp, wanted != holdsKeys else { return [] }
        holdsKeys = wanted
        return configure()
    }

    private mutating func mediaTimedOut() -> [LegAction] {
        guard isUp else { return [] }
        return [.fact(.mediaTimedOut)] + hangUp(.recoveryOnTimerExpire, by: .system, reason: nil)
    }

    private var codecName: String { negotiation.settled?.codec.rawValue ?? "" }

    /// What was settled, for the media engine.
    private func configure() -> [LegAction] {
        guard let audio = negotiation.settled else { return [] }
        let direction = audio.direction
        // Before the answer many phones send nothing. Who holds us or is held has a right to be silent for longer.
        var timeout: Duration?
        if isAnswered {
            timeout =
                direction == .sendReceive ? negotiation.profile.rtpTimeout : negotiation.profile.holdTimeout
        }
        return [
            .configure(
                LegMedia(
                    codec: MediaCodec(audio.codec), sendPayloadType: audio.sendPayloadType,
                    receivePayloadType: audio.receivePayloadType,
                    sendEventPayloadType: audio.telephoneEventSendPayloadType,
                    receiveEventPayloadType: audio.telephoneEventReceivePayloadType,
                    remoteAddress: audio.remoteAddress, remotePort: audio.remotePort,
                    packetMilliseconds: audio.ptimeMilliseconds, sends: direction.sends, receives: direction.receives,
                    timeout: timeout, holdsKeys: holdsKeys))
        ]
    }

    /// The far side holds us, or has come back, since last told.
    private mutating func holdNews() -> [LegAction] {
        guard case .up(let hold) = state, let settled = negotiation.settled else { return [] }
        let now: Hold = settled.direction.sends ? .talking : .held
        guard now != hold else { return [] }
        state = .up(now)
        return now == .held ? [.fact(.held), .report(.held)] : [.fact(.resumed), .report(.resumed)]
    }
}

// MARK: The end

extension LegMachine {
    private mutating func hangUp(_ cause: HangupCause, by: EndedBy, reason: LegReason?) -> [LegAction] {
        switch state {
        case .incoming:
            let status = cause == .normalClearing ? 480 : cause.sipStatus
            return [.reject(status: status, reason ?? .cause(cause))] + over(End(cause: cause, by: by, status: status))
        case .outgoing, .up:
            return [.bye(reason ?? .cause(cause))] + over(End(cause: cause, by: by, status: nil))
        case .ending, .closed: return []
        }
    }

    /// The SIP side is over, whoever ended it.
    private mutating func over(_ end: End) -> [LegAction] {
        guard isUp else { return [] }
        let wasAnswered = isAnswered
        state = .ending(end)
        let report = LegAction.report(.ended(end.cause, by: end.by, status: end.status, wasAnswered: wasAnswered))
        guard local != nil else { return [report] + closed(LegStatistics()) }
        // The engine answers within a tick; a full event ring must not keep the leg for ever.
        return [.closeMedia, .overdue(after: .seconds(5)), report]
    }

    private mutating func closed(_ statistics: LegStatistics) -> [LegAction] {
        guard case .ending(let end) = state else { return [] }
        state = .closed
        return [.fact(.ended(end, statistics)), .forget]
    }
}
