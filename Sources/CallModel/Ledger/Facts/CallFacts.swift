// SPDX-License-Identifier: AGPL-3.0-or-later

/// A call begins, before its first leg does.
public struct CallStarted: LedgerFact, Hashable {
    public static let name = "call.started"
    /// Who calls, or for whom the switch calls.
    public var from: Party
    public var caller: CallerIdentity
    /// The number as it came.
    public var dialled: String
    /// Where the dialplan begins.
    public var context: String
    /// The leg that began the call, whose answer is the call's. nil when the switch itself did (originate, campaign):
    /// then it is the leg that answers, and till one has the first that starts in the call.
    public var origin: LegID?

    public init(from: Party, caller: CallerIdentity, dialled: String, context: String, origin: LegID?) {
        self.from = from
        self.caller = caller
        self.dialled = dialled
        self.context = context
        self.origin = origin
    }

    public var fields: [LedgerField] {
        [
            LedgerField("from", from), LedgerField("number", caller.number), LedgerField("name", caller.name),
            LedgerField("dialled", dialled), LedgerField("context", context),
        ].with("origin", origin?.description)
    }

    public init?(fields: LedgerFields) {
        guard let from = fields.party("from"), let number = fields.text("number"), let name = fields.text("name"),
            let dialled = fields.text("dialled"), let context = fields.text("context")
        else { return nil }
        self.init(
            from: from, caller: CallerIdentity(number: number, name: name), dialled: dialled, context: context,
            origin: fields.leg("origin"))
    }
}

/// A call's last leg is gone. A call that was linked into another has no such event: its link ended it.
public struct CallEnded: LedgerFact, Hashable {
    public static let name = "call.ended"
    public var cause: HangupCause
    public var disposition: Disposition
    public var by: EndedBy

    public init(cause: HangupCause, disposition: Disposition, by: EndedBy) {
        self.cause = cause
        self.disposition = disposition
        self.by = by
    }

    public var fields: [LedgerField] {
        [
            LedgerField("cause", cause), LedgerField("disposition", word: disposition), LedgerField("by", word: by),
        ]
    }

    public init?(fields: LedgerFields) {
        guard let cause = fields.cause(), let disposition = fields.word("disposition", as: Disposition.self),
            let by = fields.word("by", as: EndedBy.self)
        else { return nil }
        self.init(cause: cause, disposition: disposition, by: by)
    }
}

public enum EndedBy: String, Hashable, Sendable, CaseIterable {
    case caller, callee
    /// The switch: dialplan, time-out, an admin.
    case system
    /// The process ended before the leg did.
    case restart
}

/// Two calls have met. The event's call is absorbed: it is over, and what its legs do from here on counts for `into`.
public struct CallLinked: LedgerFact, Hashable {
    public static let name = "call.linked"
    public var into: CallID
    public var reason: LinkReason

    public init(into: CallID, reason: LinkReason) {
        self.into = into
        self.reason = reason
    }

    public var fields: [LedgerField] { [LedgerField("into", into), LedgerField("reason", word: reason)] }

    public init?(fields: LedgerFields) {
        guard let into = fields.call("into"), let reason = fields.word("reason", as: LinkReason.self) else {
            return nil
        }
        self.init(into: into, reason: reason)
    }
}

/// Why two calls met. An open set: a module adds a word of its own.
public struct LinkReason: RawRepresentable, Hashable, Sendable {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let transfer = LinkReason(rawValue: "transfer")
    public static let pickup = LinkReason(rawValue: "pickup")
    public static let conference = LinkReason(rawValue: "conference")
    public static let park = LinkReason(rawValue: "park")
    public static let supervision = LinkReason(rawValue: "supervision")
    public static let originate = LinkReason(rawValue: "originate")
    /// INVITE with Replaces (RFC 3891).
    public static let replaced = LinkReason(rawValue: "replaced")
}
