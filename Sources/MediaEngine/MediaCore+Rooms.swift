// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import CORTP
internal import Glibc

/// Who is where, who hears whom, and what follows from it for each leg's packets.
extension MediaCore {
    // MARK: Membership

    func join(_ slot: Int, room: Int) {
        let leg = legs + slot
        leg.pointee.room = Int32(room)
        leg.pointee.previous = rooms[room].lastLeg
        leg.pointee.next = -1
        if rooms[room].lastLeg >= 0 {
            legs[Int(rooms[room].lastLeg)].next = Int32(slot)
        } else {
            rooms[room].firstLeg = Int32(slot)
        }
        rooms[room].lastLeg = Int32(slot)
        rooms[room].legCount += 1
        replan(room)
    }

    /// Takes a leg out of its room; cells of the matrix that name it go with it.
    func leave(_ slot: Int) {
        let leg = legs + slot
        guard leg.pointee.room >= 0 else { return }
        let room = Int(leg.pointee.room)
        forgetSpeaker(Int32(slot), in: room)
        freeCells(&leg.pointee.cells)
        if leg.pointee.previous >= 0 {
            legs[Int(leg.pointee.previous)].next = leg.pointee.next
        } else {
            rooms[room].firstLeg = leg.pointee.next
        }
        if leg.pointee.next >= 0 {
            legs[Int(leg.pointee.next)].previous = leg.pointee.previous
        } else {
            rooms[room].lastLeg = leg.pointee.previous
        }
        rooms[room].legCount -= 1
        leg.pointee.room = -1
        leg.pointee.previous = -1
        leg.pointee.next = -1
        leg.pointee.peer = -1
        leg.pointee.isAnchored = false
        setMode(slot, .sink)
        replan(room)
    }

    func closeRoom(_ room: Int) {
        while rooms[room].firstInstrument >= 0 { endInstrument(Int(rooms[room].firstInstrument)) }
        while rooms[room].firstLeg >= 0 {
            let leg = Int(rooms[room].firstLeg)
            leave(leg)
            abandonDigits(leg)
        }
        deactivate(room)
        rooms[room].isOpen = false
        report(.roomClosed(rooms[room].handle), to: rooms[room].shard, essential: true)
    }

    // MARK: Gains

    /// What `listener` (slot of a leg, complement for an instrument) hears of `speaker`.
    func gain(listener: Int32, speaker: Int32) -> Int32 {
        var cell = listener >= 0 ? legs[Int(listener)].cells : instruments[Int(~listener)].cells
        while cell >= 0 {
            if cells[Int(cell)].speaker == speaker { return cells[Int(cell)].gain }
            cell = cells[Int(cell)].next
        }
        return listener == speaker ? 0 : Mix.unity
    }

    func setGain(_ room: Int, listener: MemberKey, speaker: MemberKey, gain: Int32) -> Bool {
        guard let row = member(listener, of: room), let column = member(speaker, of: room) else { return false }
        let head = row >= 0 ? listHead(leg: Int(row)) : listHead(instrument: Int(~row))
        let isDefault = gain == (row == column ? 0 : Mix.unity)
        var link = head
        while link.pointee >= 0 {
            let cell = Int(link.pointee)
            if cells[cell].speaker == column {
                if isDefault {
                    let next = cells[cell].next
                    release(cell)
                    link.pointee = next
                } else {
                    cells[cell].gain = gain
                }
                replan(room)
                return true
            }
            link = pointer(to: \.next, of: cells + cell)
        }
        if isDefault { return true }
        guard let cell = takeCell() else { return false }
        cells[cell] = GainCell(speaker: column, gain: gain, next: head.pointee)
        head.pointee = Int32(cell)
        replan(room)
        return true
    }

    private func member(_ key: MemberKey, of room: Int) -> Int32? {
        if key.isLeg {
            guard let slot = find(leg: key.handle), legs[slot].room == Int32(room) else { return nil }
            return Int32(slot)
        }
        guard let slot = find(instrument: key.handle), instruments[slot].room == Int32(room) else { return nil }
        return ~Int32(slot)
    }

    private func pointer<T, V>(to path: KeyPath<T, V>, of base: UnsafeMutablePointer<T>) -> UnsafeMutablePointer<V> {
        let offset = MemoryLayout<T>.offset(of: path) ?? 0
        return (UnsafeMutableRawPointer(base) + offset).assumingMemoryBound(to: V.self)
    }

    private func listHead(leg slot: Int) -> UnsafeMutablePointer<Int32> { pointer(to: \.cells, of: legs + slot) }
    private func listHead(instrument slot: Int) -> UnsafeMutablePointer<Int32> {
        pointer(to: \.cells, of: instruments + slot)
    }

    private func takeCell() -> Int? {
        if state.pointee.freeCells >= 0 {
            let cell = Int(state.pointee.freeCells)
            state.pointee.freeCells = cells[cell].next
            return cell
        }
        guard state.pointee.usedCells < limits.cells else { return nil }
        state.pointee.usedCells += 1
        return state.pointee.usedCells - 1
    }

    private func release(_ cell: Int) {
        cells[cell].next = state.pointee.freeCells
        state.pointee.freeCells = Int32(cell)
    }

    func freeCells(_ head: inout Int32) {
        while head >= 0 {
            let cell = Int(head)
            head = cells[cell].next
            release(cell)
        }
    }

    /// Removes a speaker's column.
    func forgetSpeaker(_ speaker: Int32, in room: Int) {
        var leg = rooms[room].firstLeg
        while leg >= 0 {
            drop(speaker, from: listHead(leg: Int(leg)))
            leg = legs[Int(leg)].next
        }
        var instrument = rooms[room].firstInstrument
        while instrument >= 0 {
            drop(speaker, from: listHead(instrument: Int(instrument)))
            instrument = instruments[Int(instrument)].next
        }
    }

    private func drop(_ speaker: Int32, from head: UnsafeMutablePointer<Int32>) {
        var link = head
        while link.pointee >= 0 {
            let cell = Int(link.pointee)
            if cells[cell].speaker == speaker {
                let next = cells[cell].next
                release(cell)
                link.pointee = next
                return
            }
            link = pointer(to: \.next, of: cells + cell)
        }
    }

    // MARK: Plan

    /// Decides anew how the room's packets go: relayed between exactly two legs that hear each other as spoken
    /// and nothing else, or mixed at the tick. Recorders do not matter: they tap packets. Codecs do
    /// not matter either: between the laws of G.711 a relayed packet is converted octet by octet.
    func replan(_ room: Int) {
        let row = rooms + room
        row.pointee.isRelayed = canRelay(room)
        let first = row.pointee.firstLeg
        let isPair = row.pointee.isRelayed
        var hasDigits = false
        var slot = first
        while slot >= 0 {
            let leg = legs + Int(slot)
            hasDigits = hasDigits || leg.pointee.sender.isActive
            if isPair {
                leg.pointee.peer = slot == first ? row.pointee.lastLeg : first
                setMode(Int(slot), .relay)
            } else {
                leg.pointee.peer = -1
                let isHeard = row.pointee.legCount > 1 || gain(listener: slot, speaker: slot) != 0
                setMode(Int(slot), isHeard && leg.pointee.isConfigured ? .decode : .sink)
            }
            slot = leg.pointee.next
        }
        let hasMembers = row.pointee.legCount > 0 || row.pointee.speakerCount > 0
        if row.pointee.recorderCount > 0 || hasDigits || (!row.pointee.isRelayed && hasMembers) {
            activate(room)
        } else {
            deactivate(room)
        }
    }

    private func canRelay(_ room: Int) -> Bool {
        let row = rooms + room
        guard row.pointee.legCount == 2, row.pointee.speakerCount == 0 else { return false }
        let a = row.pointee.firstLeg
        let b = row.pointee.lastLeg
        guard legs[Int(a)].isConfigured, legs[Int(b)].isConfigured else { return false }
        if legs[Int(a)].cells < 0 && legs[Int(b)].cells < 0 { return true }
        return gain(listener: a, speaker: b) == Mix.unity && gain(listener: b, speaker: a) == Mix.unity
            && gain(listener: a, speaker: a) == 0 && gain(listener: b, speaker: b) == 0
    }

    /// A leg whose packets must be decoded is a sink until its decoder has been made.
    private func setMode(_ slot: Int, _ wanted: LegMode) {
        let leg = legs + slot
        var mode = wanted
        if wanted == .decode && leg.pointee.decoder == nil {
            mode = .sink
            if !leg.pointee.wantsDecoder {
                leg.pointee.wantsDecoder = true
                requestService(.makeDecoder(leg.pointee.handle))
            }
        }
        guard mode != leg.pointee.mode else { return }
        if mode == .decode {
            if let decoder = leg.pointee.decoder { LegDecoder.restart(decoder) }
            martlet_epoll_change(epoll, leg.pointee.rtpSocket, UInt64(slot), 0)
        } else if leg.pointee.mode == .decode {
            martlet_epoll_change(epoll, leg.pointee.rtpSocket, UInt64(slot), 1)
        }
        leg.pointee.mode = mode
    }

    func activate(_ room: Int) {
        guard !rooms[room].isActive else { return }
        rooms[room].isActive = true
        rooms[room].previousActive = -1
        rooms[room].nextActive = state.pointee.activeRooms
        if state.pointee.activeRooms >= 0 { rooms[Int(state.pointee.activeRooms)].previousActive = Int32(room) }
        state.pointee.activeRooms = Int32(room)
    }

    func deactivate(_ room: Int) {
        guard rooms[room].isActive else { return }
        rooms[room].isActive = false
        if rooms[room].previousActive >= 0 {
            rooms[Int(rooms[room].previousActive)].nextActive = rooms[room].nextActive
        } else {
            state.pointee.activeRooms = rooms[room].nextActive
        }
        if rooms[room].nextActive >= 0 {
            rooms[Int(rooms[room].nextActive)].previousActive = rooms[room].previousActive
        }
    }
}
