// SPDX-License-Identifier: AGPL-3.0-or-later

/// The base timers of RFC 3261 (table 4, appendix A); the lettered timers derive from them.
public struct StackTimers: Hashable, Sendable {
    /// Round-trip estimate; first retransmission.
    public var t1: Duration = .milliseconds(500)
    /// The longest interval between retransmissions of a non-INVITE request or an INVITE response.
    public var t2: Duration = .seconds(4)
    /// How long a message may stay in the network.
    public var t4: Duration = .seconds(5)
    /// Time from the last provisional response to giving an INVITE of ours up (RFC 3261 §16.6, step 11).
    public var timerC: Duration = .seconds(180)
    /// How often a provisional response above 100 is repeated for a call that keeps ringing (§13.3.1.1).
    public var provisionalRefresh: Duration = .seconds(60)

    public init() {}

    /// Timers B, D, F, H, J, L and M: 64 × T1, 32 s by default.
    public var transactionTimeout: Duration { t1 * 64 }

    /// Every timer multiplied, for tests with real sockets.
    public func scaled(by factor: Double) -> StackTimers {
        var scaled = self
        scaled.t1 = t1 * factor
        scaled.t2 = t2 * factor
        scaled.t4 = t4 * factor
        scaled.timerC = timerC * factor
        scaled.provisionalRefresh = provisionalRefresh * factor
        return scaled
    }
}
