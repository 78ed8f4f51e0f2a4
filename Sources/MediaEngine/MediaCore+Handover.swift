// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CORTP
internal import Synchronization

// How a leg or an instrument goes from one media thread to another, with its sockets open.
//
// The door puts `letGo` to the old thread and `takeIn` to the new one. The old thread takes the member out of its room
// and its epoll, leaves the row as it is, sets the mark and rings the new thread's bell. The new thread does not go past
// `takeIn` in that shard's commands before it sees the mark; then it copies the row into the same slot of its own table.
// What is said to the member after the move lies behind `takeIn`, so it finds it there, in order, with no other queue
// than the command ring; a member waits at most until the old thread's next turn, to which it is woken.
//
// Members that leave in one turn arrive in one turn, as two parties that move together must: marks are set when the
// turn's commands are done, the last one first, so that who sees the first sees all.
//
// Two threads cannot wait for each other: of all `takeIn` of a shard the one with the lowest number has its `letGo` in
// front of every `takeIn` with a higher number.

/// The last hand-over a thread has let go of in a slot: its number and, in the lowest bit, whether the member was there.
struct HandoverMark: ~Copyable {
    let value = Atomic<UInt64>(0)
}

/// A mark to be set at the end of the turn.
struct PendingMark: BitwiseCopyable {
    var isLeg: Bool
    var slot: Int32
    var to: Int32
    var value: UInt64
}

/// What one media thread may see of another.
struct Neighbour {
    let legs: UnsafeMutablePointer<LegSlot>
    let instruments: UnsafeMutablePointer<InstrumentSlot>
    let legMarks: UnsafeMutablePointer<HandoverMark>
    let instrumentMarks: UnsafeMutablePointer<HandoverMark>
    let wake: Int32
}

extension MediaCore {
    /// Gives a member away, or tells that there is none any more, as with a player that has come to its end.
    func letGo(_ key: MemberKey, _ handover: Handover) {
        let slot = key.handle.slot
        var isHere = false
        if key.isLeg {
            guard slot < legCapacity else { return }
            if find(leg: key.handle) != nil {
                release(leg: slot)
                isHere = true
            }
        } else {
            guard slot < instrumentCapacity else { return }
            if find(instrument: key.handle) != nil {
                release(instrument: slot)
                isHere = true
            }
        }
        // A turn has no more commands than there are places.
        pendingMarks[state.pointee.pendingCount] = PendingMark(
            isLeg: key.isLeg, slot: Int32(slot), to: handover.to, value: handover.number << 1 | (isHere ? 1 : 0))
        state.pointee.pendingCount += 1
    }

    /// The end of a turn's commands: the new threads may take in what was let go of.
    func setMarks() {
        let count = state.pointee.pendingCount
        guard count > 0, let neighbours = state.pointee.neighbours else { return }
        state.pointee.pendingCount = 0
        var index = count
        while index > 0 {
            index -= 1
            let pending = pendingMarks[index]
            let mark = (pending.isLeg ? legMarks : instrumentMarks) + Int(pending.slot)
            mark.pointee.value.store(pending.value, ordering: .releasing)
        }
        for index in 0..<count where index == 0 || pendingMarks[index].to != pendingMarks[index - 1].to {
            martlet_bell_ring(neighbours[Int(pendingMarks[index].to)].wake)
        }
    }

    /// The old thread has got as far as the hand-over.
    func hasLetGo(_ key: MemberKey, _ handover: Handover) -> Bool {
        mark(key, handover) >> 1 >= handover.number
    }

    private func mark(_ key: MemberKey, _ handover: Handover) -> UInt64 {
        guard let neighbours = state.pointee.neighbours,
            key.handle.slot < (key.isLeg ? legCapacity : instrumentCapacity)
        else { return .max }
        let neighbour = neighbours + Int(handover.from)
        let marks = key.isLeg ? neighbour.pointee.legMarks : neighbour.pointee.instrumentMarks
        return marks[key.handle.slot].value.load(ordering: .acquiring)
    }

    /// Takes a member in; false when it had gone before. Only after `hasLetGo`. A higher number than the hand-over's
    /// says that the slot has been used for another member since, which is not on its way here.
    func takeIn(_ key: MemberKey, _ handover: Handover, room roomHandle: Handle) -> Bool {
        guard mark(key, handover) == handover.number << 1 | 1, let neighbours = state.pointee.neighbours else {
            return false
        }
        let slot = key.handle.slot
        let room = find(room: roomHandle)
        if key.isLeg {
            take(leg: neighbours[Int(handover.from)].legs[slot], slot, room: room)
        } else {
            take(instrument: neighbours[Int(handover.from)].instruments[slot], slot, room: room)
        }
        return true
    }

    /// A leg its old thread has let go of and this one has not taken in.
    func arriving(leg key: MemberKey, _ handover: Handover) -> LegSlot? {
        guard key.isLeg, mark(key, handover) == handover.number << 1 | 1, let neighbours = state.pointee.neighbours
        else { return nil }
        return neighbours[Int(handover.from)].legs[key.handle.slot]
    }

    // MARK: Legs

    /// What is decoded stays so on the other thread, so the jitter buffer keeps what it holds.
    private func release(leg slot: Int) {
        let leg = legs + slot
        unlink(slot)
        leg.pointee.order = state.pointee.order
        forgetOpen(slot)
    }

    private func take(leg row: LegSlot, _ slot: Int, room: Int?) {
        let leg = legs + slot
        leg.initialize(to: row)
        state.pointee.order = max(state.pointee.order, row.order + 1)
        // What the old thread has asked for goes back from there.
        leg.pointee.wantsDecoder = false
        if let core = state.pointee.core { leg.pointee.decoder?.pointee.core = core }
        rememberOpen(slot)
        if leg.pointee.mode == .decode { martlet_epoll_change(epoll, leg.pointee.rtpSocket, UInt64(slot), 0) }
        if let room { join(slot, room: room) } else { setMode(slot, .sink) }
    }

    // MARK: Instruments

    private func release(instrument slot: Int) {
        withdraw(slot)
        instruments[slot].order = state.pointee.order
        // From here on the slot names nothing on this thread; the row is read by the next.
        instruments[slot].isHere = false
    }

    private func take(instrument row: InstrumentSlot, _ slot: Int, room: Int?) {
        (instruments + slot).initialize(to: row)
        instruments[slot].isHere = true
        state.pointee.order = max(state.pointee.order, row.order + 1)
        if let room { enter(slot, room: room) } else { endInstrument(slot) }
    }
}
