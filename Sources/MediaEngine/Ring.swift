// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Synchronization

/// A bounded ring between exactly one thread that puts and one that takes, neither of which ever waits.
///
/// Elements are plain bytes: nothing in them is retained or released by the ring. The ring is a handful
/// of pointers that may be copied freely; whoever made it gives its memory back with `deallocate`,
/// after both threads have let go of it.
struct Ring<Element: BitwiseCopyable>: @unchecked Sendable {
    private let storage: UnsafeMutablePointer<Element>
    private let mask: UInt64
    /// Taken so far; written by the taker only. In allocations of their own, so that the two threads do
    /// not write to one cache line.
    private let taken: UnsafeMutablePointer<Counter>
    private let put: UnsafeMutablePointer<Counter>

    private struct Counter: ~Copyable {
        let value = Atomic<UInt64>(0)
        let padding: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0)
    }

    /// Room for at least `capacity` elements.
    init(capacity: Int) {
        var size = 2
        while size < capacity { size *= 2 }
        storage = .allocate(capacity: size)
        mask = UInt64(size - 1)
        taken = .allocate(capacity: 1)
        taken.initialize(to: Counter())
        put = .allocate(capacity: 1)
        put.initialize(to: Counter())
    }

    func deallocate() {
        storage.deallocate()
        taken.deinitialize(count: 1)
        taken.deallocate()
        put.deinitialize(count: 1)
        put.deallocate()
    }

    var capacity: Int { Int(mask) + 1 }

    /// How many wait: exact for the two threads of the ring as far as their own side goes.
    @inline(__always)
    var count: Int {
        Int(put.pointee.value.load(ordering: .acquiring) &- taken.pointee.value.load(ordering: .acquiring))
    }

    /// False when the ring is full.
    @inline(__always)
    func push(_ element: Element) -> Bool {
        guard stage(element, behind: 0) else { return false }
        publish(1)
        return true
    }

    /// Puts an element the taker does not see before `publish`; `staged` elements were put so already. False when the
    /// ring is full.
    @inline(__always)
    func stage(_ element: Element, behind staged: Int) -> Bool {
        let at = put.pointee.value.load(ordering: .relaxed) &+ UInt64(staged)
        guard at &- taken.pointee.value.load(ordering: .acquiring) <= mask else { return false }
        (storage + Int(at & mask)).initialize(to: element)
        return true
    }

    /// Shows the taker all of the `staged` elements at once.
    @inline(__always)
    func publish(_ staged: Int) {
        put.pointee.value.store(put.pointee.value.load(ordering: .relaxed) &+ UInt64(staged), ordering: .releasing)
    }

    /// The element that is next, left where it is.
    @inline(__always)
    var first: Element? {
        let at = taken.pointee.value.load(ordering: .relaxed)
        guard at != put.pointee.value.load(ordering: .acquiring) else { return nil }
        return storage[Int(at & mask)]
    }

    /// Takes away what `first` has shown.
    @inline(__always)
    func dropFirst() {
        taken.pointee.value.store(taken.pointee.value.load(ordering: .relaxed) &+ 1, ordering: .releasing)
    }

    @inline(__always)
    func pop() -> Element? {
        guard let element = first else { return nil }
        dropFirst()
        return element
    }
}
