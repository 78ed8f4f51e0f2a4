// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import SDP
internal import SIPMessage
internal import SIPStack

/// What the SIP stack and media report, handed to the leg concerned.
extension Switchboard {
    func handle(_ event: Event) {
        switch event {
        case .incomingInvite(let session, let message, let flow): incoming(session, message, flow)
        case .incomingRequest(let id, let message, let flow): request(id, message, flow)
        case .provisional(let session, let status, let message):
            find(session)?.provisional(session, status: status, message)
        case .answered(let session, let message): find(session)?.legAnswered(session, message)
        case .failed(let session, let status, let message):
            // Without a message nobody has refused: nothing was heard, or there is no way to the phone.
            let cause = message == nil ? .noUserResponding : HangupCause(sipStatus: status)
            find(session)?.legOver(
                session, cause, by: message == nil ? .system : .callee, status: message == nil ? 408 : status)
        case .cancelled(let session, _):
            find(session)?.legOver(session, .normalClearing, by: .caller, status: 487)
        case .acknowledged(let session, let message): find(session)?.acknowledged(session, message)
        case .reoffered(let session, let message): find(session)?.reoffered(session, message)
        case .reofferAnswered(let session, let message): find(session)?.reofferAnswered(session, message)
        case .reofferFailed: break
        case .inDialogRequest(let session, let message): find(session)?.inDialog(session, message)
        case .ended(let session, let cause): ended(session, cause)
        case .response(let id, let message): probes[id].map { probeAnswered($0, id, status: message.status ?? 0) }
        case .requestFailed(let id, let status): probes[id].map { probeAnswered($0, id, status: status) }
        }
    }

    private func find(_ session: SessionID) -> Call? {
        sessions[session].flatMap { calls[$0.call] }
    }

    private func ended(_ session: SessionID, _ cause: EndCause) {
        guard let call = find(session), let leg = call.leg(of: session) else {
            sessions[session] = nil
            return
        }
        switch cause {
        case .remote(let reason):
            let told = reason.flatMap(Self.causeInReason) ?? .normalClearing
            call.legOver(session, told, by: leg.isIncoming ? .caller : .callee, status: nil)
        case .local: call.legOver(session, .normalClearing, by: .system, status: nil)
        case .notAcknowledged: call.legOver(session, .recoveryOnTimerExpire, by: .system, status: nil)
        case .refused(let status):
            call.legOver(session, HangupCause(sipStatus: status), by: .system, status: status)
        }
    }

    /// The Q.850 cause of a Reason header such as `Q.850;cause=16` or `SIP;cause=200, Q.850;cause=16` (RFC 3326). A comma
    /// within a text parts it too, which harms nothing: what follows it does not begin with a protocol.
    static func causeInReason(_ reason: String) -> HangupCause? {
        for value in reason.split(separator: ",") {
            let parts = value.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            guard parts.first == "q.850", let cause = parts.first(where: { $0.hasPrefix("cause=") }) else { continue }
            return Int(cause.dropFirst("cause=".count)).flatMap { HangupCause(rawValue: $0) }
        }
        return nil
    }

    func handle(_ event: MediaEvent) {
        switch event {
        case .started(let leg): mediaCall(leg) { $0.mediaStarted($1) }
        case .digit(let leg, let key, _): mediaCall(leg) { $0.pressed(key, on: $1) }
        case .timedOut(let leg): mediaCall(leg) { $0.mediaTimedOut($1) }
        case .digitsSent: break
        case .legClosed(let leg, let statistics):
            mediaCall(leg) { $0.mediaClosed($1, statistics) }
            mediaLegs[leg] = nil
        case .finished(let instrument, _):
            let call = instruments.removeValue(forKey: instrument)
            call.flatMap { calls[$0] }?.instrumentFinished(instrument)
        case .recorded(let instrument, let length, let error):
            let call = instruments.removeValue(forKey: instrument)
            call.flatMap { calls[$0] }?.recorded(instrument, length: length, error: error)
        }
    }

    private func mediaCall(_ leg: MediaLeg, _ body: (Call, UInt16) -> Void) {
        guard let id = mediaLegs[leg], let call = calls[id.call] else { return }
        body(call, id.index)
    }
}
