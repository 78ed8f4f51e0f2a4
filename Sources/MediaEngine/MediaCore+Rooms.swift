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
        planLater(room)
    }

    /// Takes a leg out of its room, nobody to be heard by.
    func leave(_ slot: Int) {
        unlink(slot)
        setMode(slot, .sink)
    }

    /// Takes a leg out of its room; gains that name it go with it. How its packets go on is left to the room it comes to,
    /// so that a jitter buffer keeps what it holds from one mix to the next.
    func unlink(_ slot: Int) {
        let leg = legs + slot
        guard leg.pointee.room >= 0 else { return }
        let room = Int(leg.pointee.room)
        forgetMember(Int32(slot), in: room)
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
        planLater(room)
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

    // MARK: Plan

    /// Who came, left or is heard otherwise than before: how the room's packets go is decided once all of the turn's
    /// commands are done. Two who leave together are not taken for one who stays behind.
    func planLater(_ room: Int) {
        guard !rooms[room].isStale else { return }
        rooms[room].isStale = true
        rooms[room].nextStale = state.pointee.staleRooms
        state.pointee.staleRooms = Int32(room)
    }

    /// At the end of a turn's commands, and of a tick.
    func replanStale() {
        while state.pointee.staleRooms >= 0 {
            let room = Int(state.pointee.staleRooms)
            state.pointee.staleRooms = rooms[room].nextStale
            rooms[room].isStale = false
            if rooms[room].isOpen { replan(room) }
        }
    }

    /// Decides anew how the room's packets go: relayed between exactly two legs that hear each other as spoken
    /// and nothing else, or mixed at the tick. Recorders do not matter: they tap packets. Codecs do
    /// not matter either: between the laws of G.711 a relayed packet is converted octet by octet.
    func replan(_ room: Int) {
        let row = rooms + room
        row.pointee.isRelayed = canRelay(room)
        let first = row.pointee.firstLeg
        let isPair = row.pointee.isRelayed
        if !isPair { markHeard(room) }
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
                setMode(Int(slot), leg.pointee.isHeard && leg.pointee.isConfigured ? .decode : .sink)
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
        return gain(listener: a, speaker: b) == Mix.unity && gain(listener: b, speaker: a) == Mix.unity
            && gain(listener: a, speaker: a) == 0 && gain(listener: b, speaker: b) == 0
    }

    /// A leg whose packets must be decoded is a sink until its decoder has been made.
    func setMode(_ slot: Int, _ wanted: LegMode) {
        let leg = legs + slot
        var mode = wanted
        leg.pointee.lacksDecoder = wanted == .decode && leg.pointee.decoder == nil
        if leg.pointee.lacksDecoder {
            mode = .sink
            askForDecoder(slot)
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

    /// Asked again while it lacks one (`lookAfterLegs`), should the ring have been full.
    func askForDecoder(_ slot: Int) {
        guard !legs[slot].wantsDecoder else { return }
        legs[slot].wantsDecoder = requestService(.makeDecoder(legs[slot].handle))
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
