// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
public import CallModel
internal import Glibc
internal import Timing

/// A shard's door to the media threads: puts commands into their rings and takes events out.
///
/// Used on its shard's executor only, which is why it may be passed between threads without a lock: each ring
/// has this door as its one producer or consumer. A command that finds its ring full waits in a backlog of at
/// most 65,536 that is put at the next use; beyond that commands are dropped and counted.
public final class EngineDoor: MediaDoor, @unchecked Sendable {
    static let backlogLimit = 65536

    struct Instrument {
        enum Kind {
            case player(AudioClip?)
            case recorder(RecorderFile)
        }

        var kind: Kind
        /// Media is done with it.
        var hasEnded = false
        /// `.recorded` was told.
        var isTold = false
    }

    struct Tables {
        var legs: HandleTable
        var rooms: HandleTable
        var instruments: HandleTable
        var backlog: [Command] = []
    }

    public let shard: Int
    let threads: [MediaThread]
    let ports: PortPool
    let writer: RecorderWriter
    private let region: ToneRegion
    var tables: [Tables]
    var instruments: [Handle: Instrument] = [:]
    /// Commands lost because media did not take them in time.
    public private(set) var droppedCommands = 0

    init(
        shard: Int, threads: [MediaThread], limits: MediaLimits, ports: PortPool, writer: RecorderWriter,
        region: ToneRegion
    ) {
        self.shard = shard
        self.threads = threads
        self.ports = ports
        self.writer = writer
        self.region = region
        tables = threads.indices.map {
            Tables(
                legs: HandleTable(thread: $0, shard: shard, limit: limits.legs),
                rooms: HandleTable(thread: $0, shard: shard, limit: limits.rooms),
                instruments: HandleTable(thread: $0, shard: shard, limit: limits.instruments))
        }
    }

    // MARK: Rooms and legs

    /// The thread follows from `callAffinity` alone, so rooms opened with one number are on one thread and legs may
    /// move between them.
    public func openRoom(callAffinity: UInt64) throws(MediaError) -> MediaRoom {
        let mixed = (callAffinity &* 0x9E37_79B9_7F4A_7C15) >> 32
        let thread = Int(mixed % UInt64(threads.count))
        guard let handle = tables[thread].rooms.take() else { throw .exhausted("rooms") }
        put(.openRoom(handle), thread, wakes: false)
        return MediaRoom(rawValue: handle.rawValue)
    }

    public func close(_ room: MediaRoom) { put(.closeRoom(Handle(rawValue: room.rawValue))) }

    public func openLeg(in room: MediaRoom) throws(MediaError) -> (leg: MediaLeg, port: UInt16) {
        let roomHandle = Handle(rawValue: room.rawValue)
        let thread = roomHandle.thread
        guard tables.indices.contains(thread) else { throw .exhausted("no such room") }
        guard let handle = tables[thread].legs.take() else { throw .exhausted("legs") }
        let pair: PortPool.Pair
        do {
            pair = try ports.open()
        } catch {
            tables[thread].legs.giveBack(handle)
            throw error
        }
        var entropy = Entropy.system
        let start = entropy.next()
        let opening = LegOpening(
            rtpSocket: pair.rtp, rtcpSocket: pair.rtcp, ssrc: UInt32(truncatingIfNeeded: start),
            // The first half of the numbers, as RFC 3711 §3.3.1 advises.
            sequence: UInt16(truncatingIfNeeded: start >> 32) & 0x7FFF,
            timestamp: UInt32(truncatingIfNeeded: entropy.next()))
        put(.openLeg(handle, room: roomHandle, opening), thread, wakes: false)
        return (MediaLeg(rawValue: handle.rawValue), pair.port)
    }

    /// A remote address that is not IPv4 is taken as unknown: nothing is sent until a packet comes.
    public func configure(_ leg: MediaLeg, _ media: LegMedia) {
        var binary = in_addr()
        let isAddress = inet_pton(AF_INET, media.remoteAddress, &binary) == 1
        let remote =
            isAddress ? MediaAddress(address: binary.s_addr, port: media.remotePort.bigEndian) : MediaAddress.none
        let settings = LegSettings(
            isALaw: media.codec == .pcma, sendType: media.sendPayloadType & 0x7F,
            receiveType: media.receivePayloadType & 0x7F,
            sendEventType: media.sendEventPayloadType.map { $0 & 0x7F } ?? LegSettings.noPayloadType,
            receiveEventType: media.receiveEventPayloadType.map { $0 & 0x7F } ?? LegSettings.noPayloadType,
            remote: remote, sends: media.sends, receives: media.receives,
            timeoutNanoseconds: media.timeout.map { max(0, $0.nanoseconds) } ?? 0)
        put(.configure(Handle(rawValue: leg.rawValue), settings))
    }

    public func move(_ leg: MediaLeg, to room: MediaRoom) {
        put(.move(Handle(rawValue: leg.rawValue), room: Handle(rawValue: room.rawValue)))
    }

    public func close(_ leg: MediaLeg) { put(.closeLeg(Handle(rawValue: leg.rawValue))) }

    public func setGain(_ room: MediaRoom, listener: MediaMember, speaker: MediaMember, gain: Float) {
        put(
            .setGain(
                room: Handle(rawValue: room.rawValue), listener: key(listener), speaker: key(speaker),
                gain: Mix.fixed(gain)))
    }

    private func key(_ member: MediaMember) -> MemberKey {
        switch member {
        case .leg(let leg): MemberKey(handle: Handle(rawValue: leg.rawValue), isLeg: true)
        case .instrument(let instrument): MemberKey(handle: Handle(rawValue: instrument.rawValue), isLeg: false)
        }
    }

    // MARK: Instruments

    public func play(_ clip: AudioClip, in room: MediaRoom, loop: Bool) throws(MediaError) -> MediaInstrument {
        let samples = clip.samples
        return try add(.player(clip), in: room) { handle, room in
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
        return try add(.player(nil), in: room) { handle, room in .playTone(handle, room: room, steps) }
    }

    public func record(_ settings: RecorderSettings, in room: MediaRoom) throws(MediaError) -> MediaInstrument {
        let file = RecorderFile(settings, shard: shard)
        let instrument = try add(.recorder(file), in: room) { handle, room in
            file.handle = handle
            return .record(handle, room: room, file.buffer)
        }
        writer.add(file)
        return instrument
    }

    public func stop(_ instrument: MediaInstrument) { put(.stop(Handle(rawValue: instrument.rawValue))) }

    private func add(
        _ kind: Instrument.Kind, in room: MediaRoom, _ command: (Handle, Handle) -> Command
    ) throws(MediaError) -> MediaInstrument {
        let roomHandle = Handle(rawValue: room.rawValue)
        let thread = roomHandle.thread
        guard tables.indices.contains(thread), let handle = tables[thread].instruments.take() else {
            throw .exhausted("players and recorders")
        }
        instruments[handle] = Instrument(kind: kind)
        put(command(handle, roomHandle), thread)
        return MediaInstrument(rawValue: handle.rawValue)
    }

    public func sendDigits(_ digits: String, to leg: MediaLeg) {
        var keys = KeyList()
        for character in digits.prefix(DigitSender.capacity) {
            if let key = DTMFKey(character) { keys.append(key.event) }
        }
        put(.sendDigits(Handle(rawValue: leg.rawValue), keys))
    }

    // MARK: Rings

    func put(_ command: Command) {
        switch command {
        case .closeRoom(let handle): put(command, handle.thread, wakes: false)
        case .configure(let handle, _), .move(let handle, _), .closeLeg(let handle),
            .setGain(let handle, _, _, _), .stop(let handle), .sendDigits(let handle, _):
            put(command, handle.thread)
        default: break
        }
    }

    /// A command that changes nothing audible does not wake the thread: it is found at the next packet, tick or
    /// waking command, and a call set-up then costs one wake where it cost three.
    private func put(_ command: Command, _ thread: Int, wakes: Bool = true) {
        guard tables.indices.contains(thread) else { return }
        flushBacklog(thread)
        if !tables[thread].backlog.isEmpty || !ring(thread).push(command) {
            if tables[thread].backlog.count < Self.backlogLimit {
                tables[thread].backlog.append(command)
            } else {
                droppedCommands += 1
            }
        }
        if wakes { threads[thread].commandsWait() }
    }

    func flushBacklog(_ thread: Int) {
        guard !tables[thread].backlog.isEmpty else { return }
        var sent = 0
        while sent < tables[thread].backlog.count, ring(thread).push(tables[thread].backlog[sent]) { sent += 1 }
        tables[thread].backlog.removeFirst(sent)
        if sent > 0 { threads[thread].commandsWait() }
    }

    private func ring(_ thread: Int) -> Ring<Command> { threads[thread].core.pointee.ports[shard].commands }
}
