// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
public import CallModel
internal import Glibc
internal import Synchronization
internal import Timing

/// A shard's door to the media threads: puts commands into their rings and takes events out.
///
/// Used on its shard's executor only, which is why it may be passed between threads without a lock: each ring
/// has this door as its one producer or consumer. A command that finds its ring full waits in a backlog of at
/// most 65,536 that is put at the next use; beyond that commands are dropped and counted.
public final class EngineDoor: MediaDoor, @unchecked Sendable {
    static let backlogLimit = 65536

    /// Where commands for a leg go.
    struct Leg {
        var thread: Int
        /// `close` was called; `.legClosed` is to come.
        var isClosing = false
    }

    struct Instrument {
        enum Kind {
            case clip(AudioClip)
            case tone
            case stream(AudioStream)
            case recorder(RecorderFile)
        }

        var kind: Kind
        var thread: Int
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
        /// Commands in the ring that the thread is not shown yet, within `inOneTurn`.
        var staged = 0
        var isToBeWoken = false
    }

    public let shard: Int
    let threads: [MediaThread]
    let ports: PortPool
    let writer: RecorderWriter
    let region: ToneRegion
    var tables: [Tables]
    /// Members until their end was drained, and rooms until they were closed.
    var legs: [Handle: Leg] = [:]
    var instruments: [Handle: Instrument] = [:]
    var rooms: Set<Handle> = []
    /// How deep in `inOneTurn`.
    var turnDepth = 0
    private var lastHandover: UInt64 = 0
    /// Commands that named something gone, or a member of another room's thread. Read by others.
    let refused = Atomic<UInt64>(0)
    /// Commands lost because media did not take them in time.
    public internal(set) var droppedCommands = 0

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
            let row = shard * threads.count + $0
            return Tables(
                legs: HandleTable(thread: $0, base: row * limits.legs, limit: limits.legs),
                rooms: HandleTable(thread: $0, base: shard * limits.rooms, limit: limits.rooms),
                instruments: HandleTable(thread: $0, base: row * limits.instruments, limit: limits.instruments))
        }
    }

    func refuse() { refused.store(refused.load(ordering: .relaxed) &+ 1, ordering: .relaxed) }

    // MARK: Rooms and legs

    /// The thread follows from `callAffinity` alone, so that a call's rooms may share one and its legs move cheaply.
    public func openRoom(callAffinity: UInt64) throws(MediaError) -> MediaRoom {
        let mixed = (callAffinity &* 0x9E37_79B9_7F4A_7C15) >> 32
        let thread = Int(mixed % UInt64(threads.count))
        guard let handle = tables[thread].rooms.take() else { throw .exhausted("rooms") }
        rooms.insert(handle)
        put(.openRoom(handle), thread, wakes: false)
        return MediaRoom(rawValue: handle.rawValue)
    }

    public func close(_ room: MediaRoom) {
        let handle = Handle(rawValue: room.rawValue)
        guard rooms.remove(handle) != nil else { return refuse() }
        put(.closeRoom(handle), handle.thread, wakes: false)
    }

    public func openLeg(in room: MediaRoom) throws(MediaError) -> (leg: MediaLeg, port: UInt16) {
        let roomHandle = Handle(rawValue: room.rawValue)
        guard rooms.contains(roomHandle) else { throw .noSuchRoom }
        let thread = roomHandle.thread
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
        legs[handle] = Leg(thread: thread)
        put(.openLeg(handle, room: roomHandle, opening), thread, wakes: false)
        return (MediaLeg(rawValue: handle.rawValue), pair.port)
    }

    /// A remote address that is not IPv4 is taken as unknown: nothing is sent until a packet comes.
    public func configure(_ leg: MediaLeg, _ media: LegMedia) {
        guard let (handle, thread) = place(of: leg) else { return refuse() }
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
            timeoutNanoseconds: media.timeout.map { max(0, $0.nanoseconds) } ?? 0, holdsKeys: media.holdsKeys)
        put(.configure(handle, settings), thread)
    }

    public func close(_ leg: MediaLeg) {
        guard let (handle, thread) = place(of: leg) else { return refuse() }
        legs[handle]?.isClosing = true
        put(.closeLeg(handle), thread)
    }

    public func sendKeys(_ keys: [KeyPress], to leg: MediaLeg) {
        guard let (handle, thread) = place(of: leg) else { return refuse() }
        var list = KeyList()
        for press in keys.prefix(DigitSender.capacity) {
            guard let key = DTMFKey(press.key) else { continue }
            let units = UInt32(clamping: max(0, press.duration.nanoseconds) / 125_000)
            list.append(key.event, ticks: DigitSender.ticks(units: units))
        }
        put(.sendKeys(handle, list), thread)
    }

    // MARK: Moving

    public func move(_ leg: MediaLeg, to room: MediaRoom) {
        guard let (handle, thread) = place(of: leg) else { return refuse() }
        guard move(MemberKey(handle: handle, isLeg: true), from: thread, to: room) else { return }
        legs[handle]?.thread = Handle(rawValue: room.rawValue).thread
    }

    public func move(_ instrument: MediaInstrument, to room: MediaRoom) {
        guard let (handle, thread) = place(of: instrument) else { return refuse() }
        guard move(MemberKey(handle: handle, isLeg: false), from: thread, to: room) else { return }
        instruments[handle]?.thread = Handle(rawValue: room.rawValue).thread
    }

    /// False when it stays where it is. Both halves of a hand-over are put, or none: a thread that waited for a member
    /// nobody lets go of would take no command any more.
    private func move(_ key: MemberKey, from: Int, to room: MediaRoom) -> Bool {
        let roomHandle = Handle(rawValue: room.rawValue)
        guard rooms.contains(roomHandle) else {
            refuse()
            return false
        }
        let thread = roomHandle.thread
        if from == thread {
            put(.move(key, room: roomHandle), thread)
            return true
        }
        guard tables[from].backlog.count < Self.backlogLimit, tables[thread].backlog.count < Self.backlogLimit else {
            droppedCommands += 1
            return false
        }
        lastHandover += 1
        let handover = Handover(number: lastHandover, from: Int32(from), to: Int32(thread))
        put(.letGo(key, handover), from)
        put(.takeIn(key, handover, room: roomHandle), thread)
        return true
    }

    /// Where the commands of a leg go; nil when it is closed.
    private func place(of leg: MediaLeg) -> (Handle, thread: Int)? {
        let handle = Handle(rawValue: leg.rawValue)
        guard let place = legs[handle], !place.isClosing else { return nil }
        return (handle, place.thread)
    }

    /// nil when its end was told.
    func place(of instrument: MediaInstrument) -> (Handle, thread: Int)? {
        let handle = Handle(rawValue: instrument.rawValue)
        guard let place = instruments[handle], !place.hasEnded else { return nil }
        return (handle, place.thread)
    }

    // MARK: Gains

    public func setGain(_ room: MediaRoom, listener: MediaMember, speaker: MediaMember, gain: Float?) {
        let handle = Handle(rawValue: room.rawValue)
        guard let listener = member(listener, of: handle), let speaker = member(speaker, of: handle) else {
            return refuse()
        }
        let cell = Command.setGain(room: handle, listener: listener, speaker: speaker, gain: gain.map(Mix.fixed))
        put(cell, handle.thread)
    }

    public func setGain(_ room: MediaRoom, speaker: MediaMember, gain: Float) {
        let handle = Handle(rawValue: room.rawValue)
        guard let speaker = member(speaker, of: handle) else { return refuse() }
        put(.setDefaultGain(room: handle, speaker: speaker, gain: Mix.fixed(gain)), handle.thread)
    }

    /// nil when the member is not on the room's thread: what is not there must not be looked up there.
    private func member(_ member: MediaMember, of room: Handle) -> MemberKey? {
        guard rooms.contains(room) else { return nil }
        switch member {
        case .leg(let leg):
            guard let (handle, thread) = place(of: leg), thread == room.thread else { return nil }
            return MemberKey(handle: handle, isLeg: true)
        case .instrument(let instrument):
            guard let (handle, thread) = place(of: instrument), thread == room.thread else { return nil }
            return MemberKey(handle: handle, isLeg: false)
        }
    }
}
