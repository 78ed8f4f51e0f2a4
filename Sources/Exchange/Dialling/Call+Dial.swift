// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import SDP
internal import SIPMessage
internal import SIPStack
internal import Site
internal import Timing

/// A `Dial` in progress.
struct Dialling {
    var machine: DialMachine
    let request: DialRequest
    let startedAt: Instant
    var answeredAt: Instant?
    /// The leg that talks to the caller.
    var connected: Leg?
    /// The two hear each other: the caller could be answered as well.
    var isBridged = false
}

extension Call {
    func dial(_ request: DialRequest) async throws -> DialResult {
        if let ended { throw ended }
        let started = board.now
        let targets = request.targets.prefix(32)
        var missing: [NoRoute] = []
        var called: [Leg] = []
        note(.dialStarted(targets: targets.map(\.description).joined(separator: "&")))
        for target in targets {
            do throws(NoRoute) {
                guard let site = entry?.site else { continue }
                let routes = try board.routes(to: target, caller: caller, site: site)
                var isReached = false
                for route in routes {
                    guard let leg = invite(route) else { continue }
                    called.append(leg)
                    isReached = true
                }
                // The phones are there; what lacks is our own: ports, sessions.
                if !isReached { missing.append(NoRoute(status: .congestion, cause: .switchCongestion)) }
            } catch { missing.append(error) }
        }
        guard !called.isEmpty else {
            let worst = missing.first { $0.status == .busy } ?? missing.first
            let status = worst?.status ?? .unavailable
            let cause = worst?.cause ?? .subscriberAbsent
            note(.dialEnded(status: status, cause: cause))
            let result = DialResult(status: status, cause: cause, dialled: .zero, answered: .zero)
            lastDial = result
            return result
        }
        do {
            if request.forcesRingback { try ring() }
        } catch {
            // A ring-back that cannot be had has ended the call and all who were called.
            note(.dialEnded(status: .congestion, cause: ended?.cause ?? .switchCongestion))
            throw error
        }
        return try await withCheckedThrowingContinuation { continuation in
            waiting = .dial(continuation)
            dialling = Dialling(
                machine: DialMachine(legs: called.map(\.id.index)), request: request, startedAt: started)
            board.setTimer(.ringing(id), after: request.timeout ?? entry?.site.limits.ringTimeout ?? .seconds(60))
            // A phone whose INVITE could not even be sent has failed before there was a machine to tell.
            for leg in called where !leg.isUp {
                advance(.failed(leg.id.index, status: leg.ending?.status ?? 503))
            }
        }
    }

    /// Sends an INVITE; nil when there is no media or no room for another leg.
    private func invite(_ route: Route) -> Leg? {
        func giveUp() -> Leg? {
            for place in route.places { board.services.occupancy.giveBack(place) }
            return nil
        }
        guard legs.count < Self.mostLegs, lastLeg < .max, let media = try? openMediaLeg() else { return giveUp() }
        let preferred = first.negotiated.map { [$0.codec] } ?? first.remoteOffer?.voiceCodecs ?? []
        let offer = OfferAnswer.offer(
            capabilities: capabilities(towards: route.party, preferring: preferred), sessionID: sessionNumber,
            localAddress: advertisedAddress, port: media.port)
        let (session, actions) = board.agent.invite(
            Invitation(
                requestURI: route.uri, flow: route.flow, from: route.from, to: NameAddress(uri: route.uri),
                body: offer.serialize(), maxForwards: first.hopsLeft),
            now: board.now)
        var sipCallID: String?
        for case .send(let message, _) in actions {
            sipCallID = message.callID
            break
        }
        guard let sipCallID else {
            // The stack has no room for another session; what it tells of this one concerns nobody.
            board.door.close(media.leg)
            return giveUp()
        }
        lastLeg += 1
        let leg = Leg(
            id: LegID(call: id, index: lastLeg), party: route.party, isIncoming: false, sipCallID: sipCallID,
            flow: route.flow, session: session, startedAt: board.wallNow)
        leg.localDescription = offer
        leg.media = media.leg
        leg.port = media.port
        leg.places = route.places
        legs.append(leg)
        board.mediaLegs[media.leg] = leg.id
        board.sessions[session] = leg.id
        noteStart(of: leg)
        act(actions)
        return leg
    }

    private func openMediaLeg() throws(MediaError) -> (leg: MediaLeg, port: UInt16) {
        // The caller's own media first: a call without it could not be answered.
        try openMedia(of: first)
        return try board.door.openLeg(in: try openRoom())
    }

    // MARK: Inputs of the machine

    func provisional(_ session: SessionID, status: Int, _ message: SIPMessage) {
        guard let leg = leg(of: session), leg.isUp else { return }
        if leg.state == .trying {
            leg.state = .ringing
            note(.legRinging, leg: leg)
        }
        var media = false
        if let answer = try? SessionDescription.parse(message.body), let offer = leg.localDescription,
            let audio = OfferAnswer.accept(answer: answer, of: offer)
        {
            leg.negotiated = audio
            media = true
        }
        advance(.provisional(leg.id.index, status: status, media: media))
    }

    func legAnswered(_ session: SessionID, _ message: SIPMessage) {
        guard let leg = leg(of: session), leg.isUp else { return }
        leg.state = .answered
        leg.answeredAt = board.wallNow
        // A 2xx without a body means what the reliable or early answer said.
        let body = message.body
        let answer = try? SessionDescription.parse(body)
        let audio = answer.flatMap { answer in
            leg.localDescription.flatMap { OfferAnswer.accept(answer: answer, of: $0) }
        }
        guard let audio = audio ?? (body.isEmpty ? leg.negotiated : nil) else {
            end(leg, .bearerNotAvailable, by: .system)
            return
        }
        leg.negotiated = audio
        note(.legAnswered(codec: audio.codec.rawValue), leg: leg)
        advance(.answered(leg.id.index))
    }

    func ringingTimedOut() { advance(.timedOut) }
    func callerGone() { advance(.callerGone) }

    func dialledLegOver(_ leg: Leg, _ cause: HangupCause, status: Int?, wasAnswered: Bool) {
        guard let dialling else { return }
        if dialling.connected === leg { return talkEnded(with: leg, cause) }
        advance(.failed(leg.id.index, status: status ?? cause.sipStatus))
    }

    // MARK: Actions of the machine

    /// RFC 3326 §3.1: without it every phone of a group but one shows a missed call.
    private static let answeredElsewhere = SIPHeader("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"")

    private func advance(_ input: DialMachine.Input) {
        guard let actions = dialling?.machine.handle(input) else { return }
        for action in actions { perform(action) }
    }

    private func perform(_ action: DialMachine.Action) {
        switch action {
        case .ring: try? ring()
        case .earlyMedia(let index):
            guard let leg = leg(index), let audio = leg.negotiated, !(dialling?.request.forcesRingback ?? false)
            else { return }
            stopTone()
            configure(leg, audio)
            // A caller without an offer cannot be given a description before the answer; he is told of ringing.
            if first.remoteOffer == nil { try? ring() } else { try? earlyMedia(preferring: [audio.codec]) }
        case .cancel(let index):
            if let leg = leg(index) { end(leg, .normalClearing, by: endedBy == .caller ? .caller : .system) }
        case .dismiss(let index):
            if let leg = leg(index) { end(leg, .normalClearing, by: .system, reason: Self.answeredElsewhere) }
        case .connect(let index):
            if let leg = leg(index) { connect(leg) }
        case .finish(let status, let cause): finishDial(status, cause)
        }
    }

    private func connect(_ leg: Leg) {
        guard let audio = leg.negotiated else { return }
        board.timers.cancel(.ringing(id))
        stopTone()
        configure(leg, audio)
        dialling?.connected = leg
        dialling?.answeredAt = board.now
        do {
            if first.state != .answered { try answerNow(preferring: [audio.codec]) }
        } catch {
            return
        }
        if let limit = dialling?.request.answeredLimit { board.setTimer(.answeredLimit(id), after: limit) }
        dialling?.isBridged = true
        note(.bridged(peer: leg.id.index), leg: first)
    }

    private func talkEnded(with leg: Leg, _ cause: HangupCause) {
        guard let ended = dialling else { return }
        board.timers.cancel(.answeredLimit(id))
        if ended.isBridged { note(.unbridged(peer: leg.id.index), leg: first) }
        note(.dialEnded(status: .answer, cause: cause))
        dialling = nil
        let result = DialResult(
            status: .answer, cause: cause, dialled: ended.startedAt.duration(to: ended.answeredAt ?? board.now),
            answered: ended.answeredAt?.duration(to: board.now) ?? .zero)
        lastDial = result
        guard first.isUp else { return }
        guard ended.request.continuesAfterHangup else {
            // The called party has hung up: the call is over unless the dialplan asked to go on.
            causeOfOurs = cause
            end(first, cause, by: leg.ending?.by ?? .callee)
            return
        }
        resumeDial(result)
    }

    private func finishDial(_ status: DialStatus, _ cause: HangupCause) {
        guard let ended = dialling else { return }
        board.timers.cancel(.ringing(id))
        dialling = nil
        note(.dialEnded(status: status, cause: cause))
        stopTone()
        let result = DialResult(
            status: status, cause: cause, dialled: ended.startedAt.duration(to: board.now), answered: .zero)
        lastDial = result
        resumeDial(result)
    }

    private func resumeDial(_ result: DialResult) {
        guard first.isUp, case .dial(let continuation) = waiting else { return }
        waiting = nil
        continuation.resume(returning: result)
    }
}

extension SessionDescription {
    /// The voice codecs of the first audio line, in its order.
    var voiceCodecs: [AudioCodec] { media.first { $0.kind == .audio }?.formats.compactMap(\.codec) ?? [] }
}
