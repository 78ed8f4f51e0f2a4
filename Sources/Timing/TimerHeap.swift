// SPDX-License-Identifier: AGPL-3.0-or-later

/// Deadlines by key, soonest first: set and cancel in O(log n), the next deadline in O(1).
///
/// A key has at most one deadline; setting it again moves it. Entries due at the same instant
/// come out in the order they were set, so a run under a simulated clock is repeatable.
///
/// Inlinable, because every message of every call sets and cancels timers and the generic code would
/// otherwise run unspecialised in the floors above.
public struct TimerHeap<Key: Hashable & Sendable>: Sendable {
    @usableFromInline
    struct Entry: Sendable {
        @usableFromInline var due: Instant
        @usableFromInline var order: UInt64
        @usableFromInline var key: Key

        @inlinable
        init(due: Instant, order: UInt64, key: Key) {
            self.due = due
            self.order = order
            self.key = key
        }
    }

    @usableFromInline var entries: [Entry] = []
    @usableFromInline var positions: [Key: Int] = [:]
    @usableFromInline var nextOrder: UInt64 = 0

    @inlinable public init() {}

    @inlinable public var count: Int { entries.count }
    @inlinable public var isEmpty: Bool { entries.isEmpty }

    /// When the soonest timer is due, nil when none is set.
    @inlinable public var nextDeadline: Instant? { entries.first?.due }

    @inlinable public func deadline(of key: Key) -> Instant? { positions[key].map { entries[$0].due } }

    /// Sets or moves the timer of `key`.
    @inlinable public mutating func set(_ key: Key, at due: Instant) {
        cancel(key)
        entries.append(Entry(due: due, order: nextOrder, key: key))
        nextOrder += 1
        positions[key] = entries.count - 1
        siftUp(entries.count - 1)
    }

    @inlinable public mutating func cancel(_ key: Key) {
        guard let index = positions.removeValue(forKey: key) else { return }
        let last = entries.removeLast()
        guard index < entries.count else { return }
        entries[index] = last
        positions[last.key] = index
        siftUp(index)
        siftDown(positions[last.key] ?? index)
    }

    /// Takes the soonest timer if it is due at `now`.
    @inlinable public mutating func popDue(_ now: Instant) -> Key? {
        guard let first = entries.first, first.due <= now else { return nil }
        cancel(first.key)
        return first.key
    }

    @inlinable func precedes(_ a: Entry, _ b: Entry) -> Bool {
        a.due != b.due ? a.due < b.due : a.order < b.order
    }

    @inlinable mutating func swapEntries(_ a: Int, _ b: Int) {
        entries.swapAt(a, b)
        positions[entries[a].key] = a
        positions[entries[b].key] = b
    }

    @inlinable mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(entries[child], entries[parent]) else { return }
            swapEntries(child, parent)
            child = parent
        }
    }

    @inlinable mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if precedes(entries[child], entries[least]) { least = child }
            }
            if least == parent { return }
            swapEntries(parent, least)
            parent = least
        }
    }
}
