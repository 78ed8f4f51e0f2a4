// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
public import CallModel

extension EngineDoor {
    public func play(_ clip: AudioClip, in room: MediaRoom, loop: Bool) throws(MediaError) -> MediaInstrument {
        let samples = clip.samples
        return try add(.clip(clip), in: room) { handle, room in
            guard let base = samples.baseAddress else { return .playTone(handle, room: room, Tone([], repeats: false)) }
            return .play(handle, room: room, ClipSamples(base: base, count: samples.count, loops: loop))
        }
    }

    public func play(_ tone: MediaTone, in room: MediaRoom) throws(MediaError) -> MediaInstrument {
        let steps =
            switch tone {
            case .dial: Tone.progress(.dial, region: region)
            case .ringback: Tone.progress(.ringback, region: region)
            case .busy: Tone.progress(.busy, region: region)
            case .congestion: Tone.progress(.congestion, region: region)
            case .milliwatt: Tone.milliwatt
            case .beep: Tone.beep
            }
        return try add(.tone, in: room) { handle, room in .playTone(handle, room: room, steps) }
    }

    /// A stream that could not be played is cancelled, so that its reader does not wait for a player.
    public func play(_ stream: AudioStream, in room: MediaRoom) throws(MediaError) -> MediaInstrument {
        guard let side = stream.startPlaying() else { throw .streamTaken }
        do {
            return try add(.stream(stream), in: room) { handle, room in .playStream(handle, room: room, side) }
        } catch {
            stream.cancel()
            throw error
        }
    }

    public func record(
        _ settings: RecorderSettings, in room: MediaRoom, left: MediaLeg?
    ) throws(MediaError) -> MediaInstrument {
        guard writer.hasRoom else { throw .exhausted("recorders: the disk does not take what was recorded") }
        let file = RecorderFile(settings, shard: shard)
        if let left { file.buffer.position.pointee.leftLeg = Handle(rawValue: left.rawValue) }
        let instrument = try add(.recorder(file), in: room) { handle, room in
            file.handle = handle
            return .record(handle, room: room, file.buffer)
        }
        writer.add(file)
        return instrument
    }

    public func pause(_ recorder: MediaInstrument, _ on: Bool) {
        guard let (handle, thread) = place(of: recorder), case .recorder = instruments[handle]?.kind else {
            return refuse()
        }
        put(.pause(handle, on), thread)
    }

    public func stop(_ instrument: MediaInstrument) {
        guard let (handle, thread) = place(of: instrument) else { return refuse() }
        put(.stop(handle), thread)
    }

    private func add(
        _ kind: Instrument.Kind, in room: MediaRoom, _ command: (Handle, Handle) -> Command
    ) throws(MediaError) -> MediaInstrument {
        let roomHandle = Handle(rawValue: room.rawValue)
        guard rooms.contains(roomHandle) else { throw .noSuchRoom }
        let thread = roomHandle.thread
        guard let handle = tables[thread].instruments.take() else { throw .exhausted("players and recorders") }
        instruments[handle] = Instrument(kind: kind, thread: thread)
        put(command(handle, roomHandle), thread)
        return MediaInstrument(rawValue: handle.rawValue)
    }
}
