// SPDX-License-Identifier: AGPL-3.0-or-later

/// Somebody is rung for the event's leg.
public struct DialStarted: LedgerFact, Hashable {
    public static let name = "dial.started"
    /// As written: `Seat/8001&Trunk/gateway/138`.
    public var targets: String

    public init(targets: String) {
        self.targets = targets
    }

    public var fields: [LedgerField] {
        [LedgerField("targets", targets)]
    }

    public init?(fields: LedgerFields) {
        guard let targets = fields.text("targets") else { return nil }
        self.init(targets: targets)
    }
}

/// The ringing is over, answered or not.
public struct DialEnded: LedgerFact, Hashable {
    public static let name = "dial.ended"
    public var status: DialStatus
    public var cause: HangupCause

    public init(status: DialStatus, cause: HangupCause) {
        self.status = status
        self.cause = cause
    }

    public var fields: [LedgerField] {
        [LedgerField("status", word: status), LedgerField("cause", cause)]
    }

    public init?(fields: LedgerFields) {
        guard let status = fields.word("status", as: DialStatus.self), let cause = fields.cause() else { return nil }
        self.init(status: status, cause: cause)
    }
}
