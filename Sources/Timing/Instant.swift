// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// A point on the machine's monotonic clock, in nanoseconds since an arbitrary origin (boot).
///
/// Machines take an `Instant` as an argument and never read a clock themselves, so that a test
/// may run a day of a switch in a millisecond. Unlike `ContinuousClock.Instant` it can be made
/// from a number, which a simulated clock needs.
@frozen
public struct Instant: InstantProtocol, Hashable, Sendable, CustomStringConvertible {
    /// Nanoseconds since the origin.
    public var nanoseconds: Int64

    @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Reads CLOCK_MONOTONIC. Only shells (threads, event loops) call this.
    public static func now() -> Instant {
        var t = timespec()
        clock_gettime(CLOCK_MONOTONIC, &t)
        return Instant(nanoseconds: Int64(t.tv_sec) &* 1_000_000_000 &+ Int64(t.tv_nsec))
    }

    public func advanced(by duration: Duration) -> Instant {
        Instant(nanoseconds: nanoseconds + duration.nanoseconds)
    }

    public func duration(to other: Instant) -> Duration {
        .nanoseconds(other.nanoseconds - nanoseconds)
    }

    @inlinable public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

    public var description: String { "\(nanoseconds / 1_000_000)ms" }
}

extension Duration {
    /// Whole nanoseconds, saturating at ±292 years.
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, over) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return over ? (seconds < 0 ? .min : .max) : sum
    }

    /// Whole milliseconds, rounded towards zero.
    public var milliseconds: Int64 { nanoseconds / 1_000_000 }
}

/// A wall-clock time in microseconds since 1970-01-01 00:00:00 UTC: what the ledger and CDRs store.
public struct WallTime: Hashable, Comparable, Sendable, Codable {
    public var microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Reads CLOCK_REALTIME. Only shells call this.
    public static func now() -> WallTime {
        var t = timespec()
        clock_gettime(CLOCK_REALTIME, &t)
        return WallTime(microseconds: Int64(t.tv_sec) &* 1_000_000 &+ Int64(t.tv_nsec) / 1000)
    }

    public static func < (a: WallTime, b: WallTime) -> Bool { a.microseconds < b.microseconds }

    public func advanced(by duration: Duration) -> WallTime {
        WallTime(microseconds: microseconds + duration.nanoseconds / 1000)
    }
}
