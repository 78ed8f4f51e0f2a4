// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import SIPMessage
internal import SIPStack

/// How legs end: by the far side, by us, by the loss of their media.
extension Call {
    /// Ends a leg from our side, with the cause as its Reason header unless another is given.
    func end(_ leg: Leg, _ cause: HangupCause, by: EndedBy, reason other: SIPHeader? = nil) {
        guard leg.isUp else { return }
        let reason = other ?? SIPHeader("Reason", "Q.850;cause=\(cause.rawValue);text=\"\(cause.text)\"")
        let actions: [Action]
        if leg.isIncoming, leg.state != .answered {
            let status = cause == .normalClearing && leg.answeredAt == nil ? 480 : cause.sipStatus
            actions = board.agent.reject(
                leg.session, status: status, reason: nil, headers: [reason], now: board.now)
            over(leg, cause, by: by, status: status)
        } else {
            actions = board.agent.hangUp(leg.session, headers: [reason], now: board.now)
            over(leg, cause, by: by, status: nil)
        }
        act(actions)
    }

    /// The SIP side of a leg is over, whoever ended it. Called once per session by the stack, and
    /// before that by `end` when it is our doing.
    func legOver(_ session: SessionID, _ cause: HangupCause, by: EndedBy, status: Int?) {
        board.sessions[session] = nil
        guard let leg = leg(of: session), leg.isUp else { return }
        over(leg, cause, by: by, status: status)
    }

    private func over(_ leg: Leg, _ cause: HangupCause, by: EndedBy, status: Int?) {
        let wasAnswered = leg.state == .answered
        leg.state = .ended
        leg.ending = (cause, by, status)
        passOnPlaces(of: leg)
        if let media = leg.media {
            board.door.close(media)
            // The engine answers within a tick; a full event ring must not keep the call for ever.
            board.setTimer(.leftover(id), after: .seconds(5))
        } else {
            closed(leg, LegStatistics())
        }
        if leg === first {
            firstLegOver(cause, by: by)
        } else {
            dialledLegOver(leg, cause, status: status, wasAnswered: wasAnswered)
        }
        closeIfDone()
    }

    private func firstLegOver(_ cause: HangupCause, by: EndedBy) {
        let error = CallEnded(cause: causeOfOurs ?? cause)
        ended = error
        endedBy = by
        callerGone()
        for leg in legs where leg !== first && leg.isUp { end(leg, .normalClearing, by: by) }
        stopRecordingNow()
        failWaiting(error)
    }

    /// A seat's or trunk's place belongs to the party, not to one of its phones: while another phone
    /// of the same party is called in this call, the place passes to it. The caller's place is his own, also when he
    /// calls himself.
    private func passOnPlaces(of leg: Leg) {
        if let heir = legs.first(where: { !$0.isIncoming && $0.isUp && $0.party == leg.party }), !leg.isIncoming {
            heir.places += leg.places
        } else {
            for place in leg.places { board.services.occupancy.giveBack(place) }
        }
        leg.places = []
    }

    // MARK: Media's share

    func mediaStarted(_ index: UInt16) {}

    func mediaTimedOut(_ index: UInt16) {
        guard let leg = leg(index), leg.isUp else { return }
        note(.mediaTimedOut, leg: leg)
        board.services.log.warning("call \(id): no RTP from \(leg.party) at \(leg.flow.address), leg ended")
        end(leg, .recoveryOnTimerExpire, by: .system)
    }

    func mediaClosed(_ index: UInt16, _ statistics: LegStatistics) {
        guard let leg = leg(index) else { return }
        closed(leg, statistics)
        closeIfDone()
    }

    func closeLeftovers() {
        for leg in legs where !leg.isUp && !leg.isClosed { closed(leg, LegStatistics()) }
        for (recorder, path) in recordings where recorder != recording {
            recordings[recorder] = nil
            board.instruments[recorder] = nil
            note(.recordingStopped(path: path, milliseconds: 0, error: "the recorder did not answer"))
        }
        closeIfDone()
    }

    private func closed(_ leg: Leg, _ statistics: LegStatistics) {
        guard !leg.isClosed else { return }
        leg.isClosed = true
        if let media = leg.media { board.mediaLegs[media] = nil }
        leg.media = nil
        let ending = leg.ending ?? (.normalUnspecified, .system, nil)
        note(
            .legEnded(cause: ending.cause, by: ending.by, sipStatus: ending.status, statistics: statistics),
            leg: leg)
        // A call that dials again and again must not keep its dead legs.
        if leg !== first { legs.removeAll { $0 === leg } }
    }
}

extension Leg {
    var stateName: String {
        switch state {
        case .trying: "trying"
        case .ringing: "ringing"
        case .answered: "answered"
        case .ended: "ended"
        }
    }
}
