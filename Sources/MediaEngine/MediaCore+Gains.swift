// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio

/// Who hears whom: a default for each speaker, and cells for listeners it does not hold for. Members are named by slot, the
/// complement of it for instruments.
extension MediaCore {
    /// What `listener` hears of `speaker`.
    func gain(listener: Int32, speaker: Int32) -> Int32 {
        var cell = cells(of: listener)
        while cell >= 0 {
            if cells[Int(cell)].speaker == speaker { return cells[Int(cell)].gain }
            cell = cells[Int(cell)].next
        }
        return usualGain(listener: listener, speaker: speaker)
    }

    /// What `listener` hears of `speaker` without a cell.
    @inline(__always)
    func usualGain(listener: Int32, speaker: Int32) -> Int32 {
        if listener == speaker { return 0 }
        return speaker >= 0 ? legs[Int(speaker)].defaultGain : instruments[Int(~speaker)].defaultGain
    }

    func setDefaultGain(_ room: Int, speaker: MemberKey, gain: Int32) -> Bool {
        guard let speaker = member(speaker, of: room) else { return false }
        setDefaultGain(of: speaker, gain)
        planLater(room)
        return true
    }

    private func setDefaultGain(of speaker: Int32, _ gain: Int32) {
        if speaker >= 0 { legs[Int(speaker)].defaultGain = gain } else { instruments[Int(~speaker)].defaultGain = gain }
    }

    /// Sets a cell, or takes it away: nil. False when there is no memory for one.
    func setGain(_ room: Int, listener: MemberKey, speaker: MemberKey, gain: Int32?) -> Bool {
        guard let row = member(listener, of: room), let column = member(speaker, of: room) else { return false }
        guard let gain else {
            dropCell(of: column, from: row)
            planLater(room)
            return true
        }
        var cell = cells(of: row)
        while cell >= 0 && cells[Int(cell)].speaker != column { cell = cells[Int(cell)].next }
        if cell >= 0 {
            cells[Int(cell)].gain = gain
        } else {
            guard let fresh = takeCell() else { return false }
            cells[fresh] = GainCell(speaker: column, gain: gain, next: cells(of: row))
            setCells(of: row, Int32(fresh))
        }
        planLater(room)
        return true
    }

    /// Marks the legs of a room that some leg hears, in one pass over its members and cells. One that has only listeners
    /// with a cell of 0 counts as heard: it costs decoding, and nobody hears it.
    func markHeard(_ room: Int) {
        let first = rooms[room].firstLeg
        let hasOthers = rooms[room].legCount > 1
        var leg = first
        while leg >= 0 {
            legs[Int(leg)].isHeard = hasOthers && legs[Int(leg)].defaultGain > 0
            leg = legs[Int(leg)].next
        }
        leg = first
        while leg >= 0 {
            var cell = legs[Int(leg)].cells
            while cell >= 0 {
                let speaker = cells[Int(cell)].speaker
                if speaker >= 0 && cells[Int(cell)].gain > 0 { legs[Int(speaker)].isHeard = true }
                cell = cells[Int(cell)].next
            }
            leg = legs[Int(leg)].next
        }
    }

    /// Frees a member's row, removes its column, and what it is heard with is the default again.
    func forgetMember(_ member: Int32, in room: Int) {
        var cell = cells(of: member)
        while cell >= 0 {
            let next = cells[Int(cell)].next
            release(cell)
            cell = next
        }
        setCells(of: member, -1)
        setDefaultGain(of: member, Mix.unity)
        var leg = rooms[room].firstLeg
        while leg >= 0 {
            dropCell(of: member, from: leg)
            leg = legs[Int(leg)].next
        }
        var instrument = rooms[room].firstInstrument
        while instrument >= 0 {
            dropCell(of: member, from: ~instrument)
            instrument = instruments[Int(instrument)].next
        }
    }

    private func member(_ key: MemberKey, of room: Int) -> Int32? {
        if key.isLeg {
            guard let slot = find(leg: key.handle), legs[slot].room == Int32(room) else { return nil }
            return Int32(slot)
        }
        guard let slot = find(instrument: key.handle), instruments[slot].room == Int32(room) else { return nil }
        return ~Int32(slot)
    }

    // MARK: Lists of cells

    private func cells(of listener: Int32) -> Int32 {
        listener >= 0 ? legs[Int(listener)].cells : instruments[Int(~listener)].cells
    }

    private func setCells(of listener: Int32, _ first: Int32) {
        if listener >= 0 { legs[Int(listener)].cells = first } else { instruments[Int(~listener)].cells = first }
    }

    private func dropCell(of speaker: Int32, from listener: Int32) {
        var before: Int32 = -1
        var cell = cells(of: listener)
        while cell >= 0 && cells[Int(cell)].speaker != speaker {
            before = cell
            cell = cells[Int(cell)].next
        }
        guard cell >= 0 else { return }
        let next = cells[Int(cell)].next
        if before >= 0 { cells[Int(before)].next = next } else { setCells(of: listener, next) }
        release(cell)
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

    private func release(_ cell: Int32) {
        cells[Int(cell)].next = state.pointee.freeCells
        state.pointee.freeCells = cell
    }
}
