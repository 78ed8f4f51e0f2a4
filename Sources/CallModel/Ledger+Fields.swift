// SPDX-License-Identifier: AGPL-3.0-or-later

/// The stored form of an event: a stable name and text fields. Written by hand so that a stored
/// ledger stays readable whatever becomes of the Swift types.
extension LedgerEventKind {
    public var name: String {
        switch self {
        case .serverStarted: "server.started"
        case .serverStopped: "server.stopped"
        case .eventsLost: "ledger.lost"
        case .callStarted: "call.started"
        case .callEnded: "call.ended"
        case .legStarted: "leg.started"
        case .legRinging: "leg.ringing"
        case .legAnswered: "leg.answered"
        case .legHeld: "leg.held"
        case .legResumed: "leg.resumed"
        case .legEnded: "leg.ended"
        case .bridged: "leg.bridged"
        case .unbridged: "leg.unbridged"
        case .applicationStarted: "dialplan.application"
        case .digit: "leg.digit"
        case .dialStarted: "dial.started"
        case .dialEnded: "dial.ended"
        case .recordingStarted: "recording.started"
        case .recordingStopped: "recording.stopped"
        case .mediaTimedOut: "media.timeout"
        case .registered: "registration.added"
        case .unregistered: "registration.removed"
        case .authenticationFailed: "authentication.failed"
        case .note(let name, _): "note:" + name
        }
    }

    public var fields: [LedgerField] {
        func f(_ pairs: (String, String?)...) -> [LedgerField] {
            pairs.compactMap { name, value in value.map { LedgerField(name, $0) } }
        }
        switch self {
        case .serverStopped, .legRinging, .legHeld, .legResumed, .mediaTimedOut: return []
        case .serverStarted(let version): return f(("version", version))
        case .eventsLost(let count): return f(("count", String(count)))
        case .callStarted(let from, let caller, let dialled, let context):
            return f(
                ("from", from.description), ("number", caller.number), ("name", caller.name),
                ("dialled", dialled), ("context", context))
        case .callEnded(let cause, let disposition, let by):
            return f(
                ("cause", String(cause.rawValue)), ("disposition", disposition.rawValue),
                ("by", by.rawValue))
        case .legStarted(let party, let incoming, let sipCallID, let address):
            return f(
                ("party", party.description), ("direction", incoming ? "in" : "out"),
                ("sip_call_id", sipCallID), ("address", address))
        case .legAnswered(let codec): return f(("codec", codec))
        case .legEnded(let cause, let by, let status, let s):
            return f(
                ("cause", String(cause.rawValue)), ("by", by.rawValue),
                ("sip_status", status.map(String.init)), ("received", String(s.packetsReceived)),
                ("sent", String(s.packetsSent)), ("lost", String(s.packetsLost)),
                ("refused", String(s.packetsRefused)), ("jitter", String(s.jitter)))
        case .bridged(let peer), .unbridged(let peer): return f(("peer", String(peer)))
        case .applicationStarted(let step):
            return f(
                ("file", step.file), ("line", String(step.line)), ("context", step.context),
                ("extension", step.exten), ("priority", String(step.priority)),
                ("application", step.application), ("arguments", step.arguments))
        case .digit(let key): return f(("key", String(key)))
        case .dialStarted(let targets): return f(("targets", targets))
        case .dialEnded(let status, let cause):
            return f(("status", status.rawValue), ("cause", String(cause.rawValue)))
        case .recordingStarted(let path): return f(("path", path))
        case .recordingStopped(let path, let milliseconds, let error):
            return f(("path", path), ("milliseconds", String(milliseconds)), ("error", error))
        case .registered(let address, let contact, let expires, let userAgent):
            return f(
                ("address", address), ("contact", contact), ("expires", String(expires)),
                ("user_agent", userAgent))
        case .unregistered(let address, let contact, let reason):
            return f(("address", address), ("contact", contact), ("reason", reason))
        case .authenticationFailed(let user, let source, let reason):
            return f(("user", user), ("source", source), ("reason", reason))
        case .note(_, let fields): return fields
        }
    }

    /// Reads the stored form back; nil when the name is unknown or a field is missing or malformed.
    public init?(name: String, fields: [LedgerField]) {
        func text(_ key: String) -> String? { fields.first { $0.name == key }?.value }
        func number<T: FixedWidthInteger>(_ key: String) -> T? { text(key).flatMap { T($0) } }
        func cause() -> HangupCause? { number("cause").flatMap { HangupCause(rawValue: $0) } }
        func by() -> EndedBy? { text("by").flatMap { EndedBy(rawValue: $0) } }

        let value: LedgerEventKind?
        switch name {
        case "server.started": value = text("version").map { .serverStarted(version: $0) }
        case "server.stopped": value = .serverStopped
        case "ledger.lost": value = number("count").map { .eventsLost(count: $0) }
        case "call.started":
            guard let from = text("from"), let caller = text("number"), let shown = text("name"),
                let dialled = text("dialled"), let context = text("context")
            else { return nil }
            value = .callStarted(
                from: Party(from), caller: CallerIdentity(number: caller, name: shown),
                dialled: dialled, context: context)
        case "call.ended":
            guard let cause = cause(), let by = by(),
                let disposition = text("disposition").flatMap({ Disposition(rawValue: $0) })
            else { return nil }
            value = .callEnded(cause: cause, disposition: disposition, by: by)
        case "leg.started":
            guard let party = text("party"), let direction = text("direction"),
                let sipCallID = text("sip_call_id"), let address = text("address")
            else { return nil }
            value = .legStarted(
                party: Party(party), incoming: direction == "in", sipCallID: sipCallID,
                address: address)
        case "leg.ringing": value = .legRinging
        case "leg.answered": value = text("codec").map { .legAnswered(codec: $0) }
        case "leg.held": value = .legHeld
        case "leg.resumed": value = .legResumed
        case "leg.ended":
            guard let cause = cause(), let by = by() else { return nil }
            var statistics = LegStatistics()
            statistics.packetsReceived = number("received") ?? 0
            statistics.packetsSent = number("sent") ?? 0
            statistics.packetsLost = number("lost") ?? 0
            statistics.packetsRefused = number("refused") ?? 0
            statistics.jitter = number("jitter") ?? 0
            value = .legEnded(
                cause: cause, by: by, sipStatus: number("sip_status"), statistics: statistics)
        case "leg.bridged": value = number("peer").map { .bridged(peer: $0) }
        case "leg.unbridged": value = number("peer").map { .unbridged(peer: $0) }
        case "dialplan.application":
            guard let file = text("file"), let line: Int = number("line"),
                let context = text("context"), let ext = text("extension"),
                let priority: Int = number("priority"), let application = text("application"),
                let arguments = text("arguments")
            else { return nil }
            value = .applicationStarted(
                DialplanStep(
                    file: file, line: line, context: context, exten: ext, priority: priority,
                    application: application, arguments: arguments))
        case "leg.digit": value = text("key")?.first.map { .digit($0) }
        case "dial.started": value = text("targets").map { .dialStarted(targets: $0) }
        case "dial.ended":
            guard let status = text("status").flatMap({ DialStatus(rawValue: $0) }),
                let cause = cause()
            else { return nil }
            value = .dialEnded(status: status, cause: cause)
        case "recording.started": value = text("path").map { .recordingStarted(path: $0) }
        case "recording.stopped":
            guard let path = text("path"), let milliseconds: Int64 = number("milliseconds") else {
                return nil
            }
            value = .recordingStopped(
                path: path, milliseconds: milliseconds, error: text("error"))
        case "media.timeout": value = .mediaTimedOut
        case "registration.added":
            guard let address = text("address"), let contact = text("contact"),
                let expires: Int = number("expires"), let userAgent = text("user_agent")
            else { return nil }
            value = .registered(
                address: address, contact: contact, expiresSeconds: expires, userAgent: userAgent)
        case "registration.removed":
            guard let address = text("address"), let contact = text("contact"),
                let reason = text("reason")
            else { return nil }
            value = .unregistered(address: address, contact: contact, reason: reason)
        case "authentication.failed":
            guard let user = text("user"), let source = text("source"),
                let reason = text("reason")
            else { return nil }
            value = .authenticationFailed(user: user, source: source, reason: reason)
        default:
            guard name.hasPrefix("note:") else { return nil }
            value = .note(name: String(name.dropFirst(5)), fields: fields)
        }
        guard let value else { return nil }
        self = value
    }
}
