// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Synchronization
public import Timing

/// Simulated time and what is to happen in it. Thread-safe only because Swift asks for it: everything
/// happens on the test's thread.
public final class SimulatedClock: Sendable {
    private struct State {
        var now = Instant(nanoseconds: 1_000_000_000)
        var heap = TimerHeap<UInt64>()
        var bodies: [UInt64: @Sendable () -> Void] = [:]
        var last: UInt64 = 0
    }

    private let state = Mutex(State())
    /// 2026-11-21 00:00:00 UTC at the first instant.
    private static let wallOrigin: Int64 = 1_795_219_200_000_000

    public init() {}

    public var now: Instant { state.withLock { $0.now } }
    public var wallNow: WallTime { WallTime(microseconds: Self.wallOrigin + now.nanoseconds / 1000) }

    /// Runs `body` after `delay`; returns a number to cancel it by.
    @discardableResult
    public func after(_ delay: Duration, _ body: @escaping @Sendable () -> Void) -> UInt64 {
        at(now.advanced(by: delay), body)
    }

    @discardableResult
    public func at(_ time: Instant, _ body: @escaping @Sendable () -> Void) -> UInt64 {
        state.withLock { state in
            state.last += 1
            state.heap.set(state.last, at: max(time, state.now))
            state.bodies[state.last] = body
            return state.last
        }
    }

    public func cancel(_ number: UInt64) {
        state.withLock { state in
            state.heap.cancel(number)
            state.bodies[number] = nil
        }
    }

    /// Lets time pass and does what falls due, for a test that has a clock and no switch.
    public func run(for duration: Duration) {
        let end = now.advanced(by: duration)
        while let body = step(notAfter: end) { body() }
        finish(at: end)
    }

    /// Moves to the next event not after `end` and takes it; nil when there is none.
    func step(notAfter end: Instant) -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard let due = state.heap.nextDeadline, due <= end, let number = state.heap.popDue(due) else { return nil }
            state.now = max(state.now, due)
            return state.bodies.removeValue(forKey: number)
        }
    }

    func finish(at end: Instant) { state.withLock { $0.now = max($0.now, end) } }
}
