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
        let entry = Entry(due: due, order: nextOrder, key: key)
        nextOrder += 1
        entries.append(entry)
        rise(entry, from: entries.count - 1)
    }

    @inlinable public mutating func cancel(_ key: Key) {
        guard let index = positions.removeValue(forKey: key) else { return }
        fill(index)
    }

    /// Takes the soonest timer if it is due at `now`.
    @inlinable public mutating func popDue(_ now: Instant) -> Key? {
        guard let first = entries.first, first.due <= now else { return nil }
        positions[first.key] = nil
        fill(0)
        return first.key
    }

    /// Children of an entry. With four of them half as many entries change places, and with them their positions, as
    /// with two.
    @inlinable static var arity: Int { 4 }

    @inlinable func precedes(_ a: Entry, _ b: Entry) -> Bool {
        a.due != b.due ? a.due < b.due : a.order < b.order
    }

    /// Closes the hole at `index` with the last entry.
    @inlinable mutating func fill(_ index: Int) {
        let last = entries.removeLast()
        guard index < entries.count else { return }
        if index > 0, precedes(last, entries[(index - 1) / Self.arity]) {
            rise(last, from: index)
        } else {
            sink(last, from: index)
        }
    }

    @inlinable mutating func place(_ entry: Entry, at index: Int) {
        entries[index] = entry
        positions[entry.key] = index
    }

    /// Puts an entry where it belongs between the hole at `start` and the top.
    @inlinable mutating func rise(_ entry: Entry, from start: Int) {
        var hole = start
        while hole > 0 {
            let parent = (hole - 1) / Self.arity
            guard precedes(entry, entries[parent]) else { break }
            place(entries[parent], at: hole)
            hole = parent
        }
        place(entry, at: hole)
    }

    /// Puts an entry where it belongs between the hole at `start` and the leaves.
    @inlinable mutating func sink(_ entry: Entry, from start: Int) {
        var hole = start
        while true {
            let first = Self.arity * hole + 1
            guard first < entries.count else { break }
            var least = first
            for child in (first + 1)..<max(first + 1, min(first + Self.arity, entries.count))
            where precedes(entries[child], entries[least]) {
                least = child
            }
            guard precedes(entries[least], entry) else { break }
            place(entries[least], at: hole)
            hole = least
        }
        place(entry, at: hole)
    }
}
