// SPDX-License-Identifier: AGPL-3.0-or-later

/// `by` transfers the event's leg, the transferee.
public struct TransferStarted: LedgerFact, Hashable {
    public static let name = "transfer.started"
    public var kind: TransferKind
    /// The destination as asked for.
    public var to: String
    /// The transferor.
    public var by: LegID

    public init(kind: TransferKind, to: String, by: LegID) {
        self.kind = kind
        self.to = to
        self.by = by
    }

    public var fields: [LedgerField] {
        [LedgerField("kind", word: kind), LedgerField("to", to), LedgerField("by", by)]
    }

    public init?(fields: LedgerFields) {
        guard let kind = fields.word("kind", as: TransferKind.self), let to = fields.text("to"),
            let by = fields.leg("by")
        else { return nil }
        self.init(kind: kind, to: to, by: by)
    }
}

/// How it went.
public struct TransferEnded: LedgerFact, Hashable {
    public static let name = "transfer.ended"
    /// TRANSFERSTATUS as Asterisk has it: `SUCCESS`, `FAILURE`, `INVALID`, `UNSUPPORTED`.
    public var status: String
    /// Why it failed, when that is known.
    public var cause: HangupCause?

    public init(status: String, cause: HangupCause?) {
        self.status = status
        self.cause = cause
    }

    public var fields: [LedgerField] {
        [LedgerField("status", status)].with("cause", (cause?.rawValue).map(String.init))
    }

    public init?(fields: LedgerFields) {
        guard let status = fields.text("status") else { return nil }
        self.init(status: status, cause: fields.cause())
    }
}

public enum TransferKind: String, Hashable, Sendable, CaseIterable {
    /// Without a word to the target (RFC 5589 §6).
    case blind
    /// After a talk with the target (RFC 5589 §7).
    case attended
}
