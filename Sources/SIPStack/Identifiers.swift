// SPDX-License-Identifier: AGPL-3.0-or-later

/// One INVITE session, that is one call leg. Never reused within a `UserAgent`.
public struct SessionID: Hashable, Sendable, CustomStringConvertible {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public var description: String { "session-\(rawValue)" }
}

/// A non-INVITE server transaction outside dialogs that waits for our answer.
public struct ServerRequestID: Hashable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A request of ours outside dialogs: REGISTER, OPTIONS. Keeps its number over a digest challenge.
public struct ClientRequestID: Hashable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A REFER that came in within a session, and the subscription it makes. Never reused within a `UserAgent`.
public struct ReferID: Hashable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A subscription of a peer to something of ours, outside of calls. Never reused within a `UserAgent`.
public struct SubscriptionID: Hashable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A transaction of the layer, by number: cheaper to hash in the timer heap than its key.
struct TransactionID: Hashable, Sendable {
    let rawValue: UInt64
}
