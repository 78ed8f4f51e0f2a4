// SPDX-License-Identifier: AGPL-3.0-or-later

/// Gives out the slots of one shard for members born on one media thread. A slot is given again only after media
/// has told that it is free, and then under another generation, so a stale handle names nothing.
///
/// Legs and instruments keep their slot on whatever thread they are: every thread has rows for all of them, which take
/// memory only where they are used.
struct HandleTable {
    private let thread: Int
    private let base: Int
    private let limit: Int
    private var fresh = 0
    private var free: [Int] = []
    private var generations: [UInt32] = []

    init(thread: Int, base: Int, limit: Int) {
        self.thread = thread
        self.limit = limit
        self.base = base
    }

    /// nil when all are taken.
    mutating func take() -> Handle? {
        let index: Int
        if let last = free.popLast() {
            index = last
        } else if fresh < limit {
            index = fresh
            fresh += 1
            generations.append(0)
        } else {
            return nil
        }
        generations[index] = generations[index] % 0xFF_FFFF + 1
        return Handle(generation: generations[index], thread: thread, slot: base + index)
    }

    mutating func giveBack(_ handle: Handle) {
        let index = handle.slot - base
        guard generations.indices.contains(index) else { return }
        free.append(index)
    }

    var count: Int { fresh - free.count }
}
