// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import SDP
internal import SIPMessage
internal import SIPStack

/// What the SIP stack reports, handed to the leg concerned.
extension Switchboard {
    func handle(_ event: Event) {
        switch event {
        case .incomingInvite(let session, let message, let flow): incoming(session, message, flow)
        case .incomingRequest(let id, let message, let flow): request(id, message, flow)
        case .provisional(let session, let status, let message):
            leg(of: session)?.handle(.provisional(status: status, Self.description(in: message)))
        case .answered(let session, let message):
            leg(of: session)?.handle(.accepted(Self.description(in: message), isEmpty: message.body.isEmpty))
        case .failed(let session, let status, let message):
            // Without a message nobody has refused: nothing was heard, or there is no way to the phone.
            let cause = message == nil ? .noUserResponding : HangupCause(sipStatus: status)
            over(session, cause, by: message == nil ? .system : .callee, status: message == nil ? 408 : status)
        case .cancelled(let session, _): over(session, .normalClearing, by: .caller, status: 487)
        case .acknowledged(let session, let message):
            leg(of: session)?.handle(.acknowledged(Self.description(in: message)))
        case .reoffered(let session, let message): reoffered(session, message)
        case .reofferAnswered(let session, let message):
            leg(of: session)?.handle(.offerAnswered(Self.description(in: message)))
        case .reofferFailed(let session, _): leg(of: session)?.handle(.offerRefused)
        case .inDialogRequest(let session, let message):
            if let leg = leg(of: session), let key = Self.key(in: message) { pressed(key, on: leg, isRelayed: false) }
        case .ended(let session, let cause): ended(session, cause)
        case .referred(let session, let id, let message): referred(session, id, message)
        case .subscribed(let id, let message, let flow): subscribed(id, message, flow)
        case .subscriptionRefreshed(let id): perform(lamps.refreshed(id, now: now))
        case .subscriptionEnded(let id, _): lamps.ended(id)
        case .referAnswered, .referProgress: break
        case .response(let id, let message): probes[id].map { probeAnswered($0, id, status: message.status ?? 0) }
        case .requestFailed(let id, let status): probes[id].map { probeAnswered($0, id, status: status) }
        }
    }

    func leg(of session: SessionID) -> Leg? { sessions[session].flatMap { legs[$0] } }

    private static func description(in message: SIPMessage) -> SessionDescription? {
        message.body.isEmpty ? nil : try? SessionDescription.parse(message.body)
    }

    private func reoffered(_ session: SessionID, _ message: SIPMessage) {
        guard let leg = leg(of: session) else { return }
        let offer = Self.description(in: message)
        // A body that cannot be read is no question for our offer.
        guard offer != nil || message.body.isEmpty else {
            return act { $0.rejectOffer(session, status: 488, now: self.now) }
        }
        leg.handle(.offered(offer))
    }

    private func over(_ session: SessionID, _ cause: HangupCause, by: EndedBy, status: Int?) {
        let leg = leg(of: session)
        sessions[session] = nil
        leg?.handle(.over(cause, by: by, status: status))
    }

    private func ended(_ session: SessionID, _ cause: EndCause) {
        switch cause {
        case .remote(let reason):
            let isIncoming = leg(of: session)?.isIncoming ?? false
            let told = reason.flatMap(Self.causeInReason) ?? .normalClearing
            over(session, told, by: isIncoming ? .caller : .callee, status: nil)
        case .local: over(session, .normalClearing, by: .system, status: nil)
        case .notAcknowledged: over(session, .recoveryOnTimerExpire, by: .system, status: nil)
        case .refused(let status): over(session, HangupCause(sipStatus: status), by: .system, status: status)
        }
    }

    /// The Q.850 cause of a Reason header such as `Q.850;cause=16` or `SIP;cause=200, Q.850;cause=16` (RFC 3326). A comma
    /// within a text parts it too, which harms nothing: what follows it does not begin with a protocol.
    static func causeInReason(_ reason: String) -> HangupCause? {
        for value in reason.split(separator: ",") {
            let parts = value.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            guard parts.first == "q.850", let cause = parts.first(where: { $0.hasPrefix("cause=") }) else { continue }
            return Int(cause.dropFirst("cause=".count)).flatMap { HangupCause(q850: $0) }
        }
        return nil
    }

    /// A key that comes as INFO (`application/dtmf-relay`) from phones without RFC 4733.
    private static func key(in message: SIPMessage) -> KeyPress? {
        guard message.method == .info, let type = message.contentType?.lowercased(), message.body.count <= 256 else {
            return nil
        }
        let text = String(decoding: message.body, as: UTF8.self)
        let key: Character?
        var duration = KeyPress.standardDuration
        if type.hasPrefix("application/dtmf-relay") {
            func value(_ name: String) -> Substring? {
                text.split(whereSeparator: \.isNewline).lazy.first { $0.lowercased().hasPrefix(name) }?
                    .split(separator: "=").last
            }
            key = value("signal")?.first { $0 != " " }
            let milliseconds = value("duration").flatMap { Int($0.filter { $0 != " " }) }
            if let milliseconds, (40...5000).contains(milliseconds) { duration = .milliseconds(milliseconds) }
        } else if type.hasPrefix("application/dtmf") {
            key = text.first
        } else {
            key = nil
        }
        return key.flatMap { "0123456789*#ABCD".contains($0) ? KeyPress($0, for: duration) : nil }
    }

    // MARK: Keys

    /// A key of the leg's party. `isRelayed`: in a talk RTP carries it to the other side by itself.
    func pressed(_ press: KeyPress, on leg: Leg, isRelayed: Bool) {
        leg.note(DigitPressed(key: press.key))
        if let bridge = leg.bridge, bridge.isTalking {
            bridge.pressed(press, by: leg, isRelayed: isRelayed)
        } else {
            leg.script?.pressed(press.key)
        }
    }
}
