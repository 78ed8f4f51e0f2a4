// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import CallModel

/// Players, tones and recorders coming and going.
extension MediaCore {
    func addInstrument(_ command: Command, shard: Int32) -> Bool {
        var row = InstrumentSlot(tone: ToneGenerator(keyTones[0]))
        let roomHandle: Handle
        switch command {
        case .play(let handle, let room, let clip):
            row.handle = handle
            row.kind = .player
            row.clip = clip
            roomHandle = room
        case .playTone(let handle, let room, let tone):
            row.handle = handle
            row.kind = .tone
            row.tone = ToneGenerator(tone)
            roomHandle = room
        case .playStream(let handle, let room, let stream):
            row.handle = handle
            row.kind = .stream
            row.stream = stream
            roomHandle = room
        case .record(let handle, let room, let buffer):
            row.handle = handle
            row.kind = .recorder
            row.buffer = buffer
            buffer.position.pointee.startNanoseconds = now
            roomHandle = room
        default: return false
        }
        row.shard = shard
        row.isHere = true
        guard row.handle.slot < instrumentCapacity else { return false }
        let slot = row.handle.slot
        (instruments + slot).initialize(to: row)
        guard let room = find(room: roomHandle) else {
            // The room went before the command came: over at once, so that nobody waits.
            endInstrument(slot)
            return true
        }
        enter(slot, room: room)
        return true
    }

    func enter(_ slot: Int, room: Int) {
        let row = instruments + slot
        row.pointee.room = Int32(room)
        row.pointee.frame = -1
        row.pointee.previous = -1
        row.pointee.next = rooms[room].firstInstrument
        if rooms[room].firstInstrument >= 0 { instruments[Int(rooms[room].firstInstrument)].previous = Int32(slot) }
        rooms[room].firstInstrument = Int32(slot)
        if row.pointee.kind == .recorder {
            rooms[room].recorderCount += 1
            if let buffer = row.pointee.buffer, buffer.position.pointee.leftLeg.rawValue == 0,
                rooms[room].firstLeg >= 0
            {
                buffer.position.pointee.leftLeg = legs[Int(rooms[room].firstLeg)].handle
            }
        } else {
            rooms[room].speakerCount += 1
        }
        planLater(room)
    }

    /// Takes an instrument out of its room; gains that name it go with it.
    func withdraw(_ slot: Int) {
        let row = instruments + slot
        guard row.pointee.room >= 0 else { return }
        let room = Int(row.pointee.room)
        forgetMember(~Int32(slot), in: room)
        if row.pointee.previous >= 0 {
            instruments[Int(row.pointee.previous)].next = row.pointee.next
        } else {
            rooms[room].firstInstrument = row.pointee.next
        }
        if row.pointee.next >= 0 { instruments[Int(row.pointee.next)].previous = row.pointee.previous }
        if row.pointee.kind == .recorder {
            rooms[room].recorderCount -= 1
        } else {
            rooms[room].speakerCount -= 1
        }
        row.pointee.room = -1
        planLater(room)
    }

    /// Takes an instrument out of its room and tells that it is gone.
    func endInstrument(_ slot: Int) {
        let row = instruments + slot
        if let buffer = row.pointee.buffer {
            buffer.flush(upTo: buffer.samples(at: now), aLaw: aLaw, muLaw: muLaw)
            buffer.close()
        }
        withdraw(slot)
        row.pointee.kind = .none
        row.pointee.isHere = false
        report(.ended(row.pointee.handle, samples: row.pointee.played), to: row.pointee.shard, essential: true)
    }

    /// The next 20 ms of a player, tone or stream; false when it had come to its end before.
    func play(_ slot: Int, into frame: UnsafeMutablePointer<Int16>) -> Bool {
        let row = instruments + slot
        if row.pointee.kind == .tone {
            let count = row.pointee.tone.fill(frame, count: Self.frameSamples)
            row.pointee.played &+= UInt64(count)
            return count > 0
        }
        if let stream = row.pointee.stream {
            guard let count = stream.read(into: frame, count: Self.frameSamples) else { return false }
            row.pointee.played &+= UInt64(count)
            return true
        }
        guard let clip = row.pointee.clip, clip.count > 0 else { return false }
        var filled = 0
        while filled < Self.frameSamples {
            if row.pointee.position >= clip.count {
                guard clip.loops else { break }
                row.pointee.position = 0
            }
            let count = min(Self.frameSamples - filled, clip.count - row.pointee.position)
            (frame + filled).update(from: clip.base + row.pointee.position, count: count)
            row.pointee.position += count
            filled += count
        }
        row.pointee.played &+= UInt64(filled)
        if filled < Self.frameSamples {
            (frame + filled).update(repeating: 0, count: Self.frameSamples - filled)
        }
        return filled > 0
    }
}
