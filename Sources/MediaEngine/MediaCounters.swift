// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Synchronization

/// What media threads count, all threads together, since the start.
public struct MediaCounters: Hashable, Sendable {
    /// Datagrams taken, relayed on, and refused (wrong source, payload type or form).
    public var received: UInt64 = 0
    public var relayed: UInt64 = 0
    public var refused: UInt64 = 0
    /// Frames mixed or generated and sent.
    public var generated: UInt64 = 0
    /// Datagrams the system did not take.
    public var sendFailures: UInt64 = 0
    public var ticks: UInt64 = 0
    /// Ticks that began more than 5 ms late, and ticks left out altogether.
    public var lateTicks: UInt64 = 0
    public var missedTicks: UInt64 = 0
    /// Longest tick in microseconds.
    public var longestTickMicroseconds: UInt64 = 0
    /// Reports to call control dropped because it does not drain them.
    public var droppedReports: UInt64 = 0
    /// Commands that named something gone or of another room, or found a table full.
    public var refusedCommands: UInt64 = 0
    /// Times a media thread woke.
    public var wakes: UInt64 = 0

    struct Shared: ~Copyable, Sendable {
        let received = Atomic<UInt64>(0)
        let relayed = Atomic<UInt64>(0)
        let refused = Atomic<UInt64>(0)
        let generated = Atomic<UInt64>(0)
        let sendFailures = Atomic<UInt64>(0)
        let ticks = Atomic<UInt64>(0)
        let lateTicks = Atomic<UInt64>(0)
        let missedTicks = Atomic<UInt64>(0)
        let longestTick = Atomic<UInt64>(0)
        let droppedReports = Atomic<UInt64>(0)
        let refusedCommands = Atomic<UInt64>(0)
        let wakes = Atomic<UInt64>(0)
    }

    mutating func add(_ shared: borrowing Shared) {
        received += shared.received.load(ordering: .relaxed)
        relayed += shared.relayed.load(ordering: .relaxed)
        refused += shared.refused.load(ordering: .relaxed)
        generated += shared.generated.load(ordering: .relaxed)
        sendFailures += shared.sendFailures.load(ordering: .relaxed)
        ticks += shared.ticks.load(ordering: .relaxed)
        lateTicks += shared.lateTicks.load(ordering: .relaxed)
        missedTicks += shared.missedTicks.load(ordering: .relaxed)
        longestTickMicroseconds = max(longestTickMicroseconds, shared.longestTick.load(ordering: .relaxed))
        droppedReports += shared.droppedReports.load(ordering: .relaxed)
        refusedCommands += shared.refusedCommands.load(ordering: .relaxed)
        wakes += shared.wakes.load(ordering: .relaxed)
    }
}

extension Atomic where Value == UInt64 {
    /// One more, by the only thread that writes here: no locked instruction.
    @inline(__always)
    func bump(_ by: UInt64 = 1) { store(load(ordering: .relaxed) &+ by, ordering: .relaxed) }
}
