// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Synchronization

/// Totals since the start, for `martlet status`.
public final class SwitchCounters: Sendable {
    public enum Name: String, Sendable, CaseIterable {
        case callsStarted, callsRefused, malformed, authenticationFailed, lockedOut, connectionsClosed
        case mediaUnavailable, registrations, transfersRefused, slowTurns, scriptsAbandoned
        case subscriptions, subscriptionsRefused, lampsTold
    }

    private let counts = Mutex<[Name: UInt64]>([:])

    public init() {}

    func add(_ name: Name) { counts.withLock { $0[name, default: 0] &+= 1 } }

    public func value(_ name: Name) -> UInt64 { counts.withLock { $0[name] ?? 0 } }
}
