// SPDX-License-Identifier: AGPL-3.0-or-later

/// A phone registered or refreshed (RFC 3261 §10).
public struct Registered: LedgerFact, Hashable {
    public static let name = "registration.added"
    /// The address of record: the seat.
    public var address: String
    public var contact: String
    public var expiresSeconds: Int
    public var userAgent: String

    public init(address: String, contact: String, expiresSeconds: Int, userAgent: String) {
        self.address = address
        self.contact = contact
        self.expiresSeconds = expiresSeconds
        self.userAgent = userAgent
    }

    public var fields: [LedgerField] {
        [
            LedgerField("address", address), LedgerField("contact", contact), LedgerField("expires", expiresSeconds),
            LedgerField("user_agent", userAgent),
        ]
    }

    public init?(fields: LedgerFields) {
        guard let address = fields.text("address"), let contact = fields.text("contact"),
            let expiresSeconds = fields.number("expires", as: Int.self), let userAgent = fields.text("user_agent")
        else { return nil }
        self.init(address: address, contact: contact, expiresSeconds: expiresSeconds, userAgent: userAgent)
    }
}

/// A registration is gone.
public struct Unregistered: LedgerFact, Hashable {
    public static let name = "registration.removed"
    public var address: String
    public var contact: String
    /// `unregistered`, `expired`, `replaced`, `connection closed` …
    public var reason: String

    public init(address: String, contact: String, reason: String) {
        self.address = address
        self.contact = contact
        self.reason = reason
    }

    public var fields: [LedgerField] {
        [LedgerField("address", address), LedgerField("contact", contact), LedgerField("reason", reason)]
    }

    public init?(fields: LedgerFields) {
        guard let address = fields.text("address"), let contact = fields.text("contact"),
            let reason = fields.text("reason")
        else { return nil }
        self.init(address: address, contact: contact, reason: reason)
    }
}

/// A login was refused.
public struct AuthenticationFailed: LedgerFact, Hashable {
    public static let name = "authentication.failed"
    public var user: String
    /// The address it came from.
    public var source: String
    public var reason: String

    public init(user: String, source: String, reason: String) {
        self.user = user
        self.source = source
        self.reason = reason
    }

    public var fields: [LedgerField] {
        [LedgerField("user", user), LedgerField("source", source), LedgerField("reason", reason)]
    }

    public init?(fields: LedgerFields) {
        guard let user = fields.text("user"), let source = fields.text("source"), let reason = fields.text("reason")
        else { return nil }
        self.init(user: user, source: source, reason: reason)
    }
}
