// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import CORTP
internal import Glibc
internal import Synchronization

/// Everything one media thread owns, as a bag of pointers: legs, rooms, instruments, gain cells, scratch memory
/// and the rings to the shards.
///
/// It is a machine in that it reads no clock: the thread (or a test) sets `now` and calls `process`, `receive`
/// and `tick`. Its methods do not mutate the bag, only what it points to, so a method may be entered again
/// from oRTP's callback. After `init` nothing here allocates.
struct MediaCore: @unchecked Sendable {
    /// Most frames alive within one room at one tick; further speakers of a room are not heard.
    static let arenaFrames = 1024
    static let frameSamples = 160
    /// Longest datagram that is looked at; G.711 packets of 60 ms have 492 octets.
    static let datagramLimit = 1500

    let thread: Int
    let limits: MediaLimits
    /// Rows of the tables, all shards together; legs and instruments of every thread have one on each.
    let legCapacity: Int
    let roomCapacity: Int
    let instrumentCapacity: Int
    let legs: UnsafeMutablePointer<LegSlot>
    let rooms: UnsafeMutablePointer<RoomSlot>
    let instruments: UnsafeMutablePointer<InstrumentSlot>
    /// The last hand-over that this thread has let go of, by slot.
    let legMarks: UnsafeMutablePointer<HandoverMark>
    let instrumentMarks: UnsafeMutablePointer<HandoverMark>
    let pendingMarks: UnsafeMutablePointer<PendingMark>
    let cells: UnsafeMutablePointer<GainCell>
    /// Slots of open legs, dense.
    let openLegs: UnsafeMutablePointer<Int32>
    let state: UnsafeMutablePointer<CoreState>
    let ports: UnsafeMutablePointer<ShardPort>
    let serviceRequests: Ring<ServiceRequest>
    let serviceReplies: Ring<ServiceReply>
    let epoll: Int32
    /// An incoming datagram lies at `datagram + RTPHeader.size`, so that a header fits before any payload.
    let datagram: UnsafeMutablePointer<UInt8>
    let payload: UnsafeMutablePointer<UInt8>
    let arena: UnsafeMutablePointer<Int16>
    let total: UnsafeMutablePointer<Int32>
    let sum: UnsafeMutablePointer<Int32>
    let frame: UnsafeMutablePointer<Int16>
    /// A decoded packet on its way to recorders.
    let tapped: UnsafeMutablePointer<Int16>
    /// The tones of the sixteen keys, longer than any is down.
    let keyTones: UnsafeMutablePointer<Tone>
    let aLaw = G711.a
    let muLaw = G711.mu
    let aToMu = G711Transcoder.aToMu
    let muToA = G711Transcoder.muToA

    init(thread: Int, limits: MediaLimits, shardCount: Int) {
        self.thread = thread
        self.limits = limits
        legCapacity = limits.legs * limits.threads * shardCount
        roomCapacity = limits.rooms * shardCount
        instrumentCapacity = limits.instruments * limits.threads * shardCount
        legs = Self.map(legCapacity)
        rooms = Self.map(roomCapacity)
        instruments = Self.map(instrumentCapacity)
        legMarks = Self.map(legCapacity)
        instrumentMarks = Self.map(instrumentCapacity)
        pendingMarks = Self.map(limits.commands)
        cells = Self.map(limits.cells)
        openLegs = Self.map(legCapacity)
        state = .allocate(capacity: 1)
        state.initialize(to: CoreState(seed: UInt64(thread)))
        ports = .allocate(capacity: shardCount)
        for shard in 0..<shardCount { (ports + shard).initialize(to: ShardPort(limits: limits)) }
        state.pointee.shardCount = shardCount
        serviceRequests = Ring(capacity: limits.legs * shardCount * 2)
        serviceReplies = Ring(capacity: limits.legs * shardCount * 2)
        state.pointee.serviceEvent = martlet_bell_create()
        epoll = martlet_epoll_create()
        datagram = .allocate(capacity: Self.datagramLimit + 64)
        payload = .allocate(capacity: Self.datagramLimit + 64)
        arena = Self.map(Self.arenaFrames * Self.frameSamples)
        total = .allocate(capacity: Self.frameSamples)
        sum = .allocate(capacity: Self.frameSamples)
        frame = .allocate(capacity: Self.frameSamples)
        tapped = .allocate(capacity: Self.datagramLimit + 64)
        keyTones = .allocate(capacity: 16)
        for event in 0..<UInt8(16) {
            let key = DTMFKey(event: event)
            let tone = key.map { Tone.key($0, milliseconds: 5200) } ?? Tone([], repeats: false)
            (keyTones + Int(event)).initialize(to: tone)
        }
        // The table behind all tones is made at first use: here, not on the thread.
        var warm = ToneGenerator(.beep)
        warm.fill(frame, count: 1)
    }

    /// Takes the sockets of legs that are still open, on their way here, or not yet opened. Before any core is
    /// deallocated, after all threads have ended.
    func abandonLegs() {
        for index in 0..<state.pointee.openCount { abandon(legs[Int(openLegs[index])]) }
        state.pointee.openCount = 0
        for shard in 0..<state.pointee.shardCount {
            while let command = ports[shard].commands.pop() {
                switch command {
                case .openLeg(_, _, let opening):
                    close(opening.rtpSocket)
                    close(opening.rtcpSocket)
                case .takeIn(let key, let handover, _):
                    if let leg = arriving(leg: key, handover) { abandon(leg) }
                default: break
                }
            }
        }
    }

    private func abandon(_ leg: LegSlot) {
        close(leg.rtpSocket)
        close(leg.rtcpSocket)
        if let decoder = leg.decoder { LegDecoder.free(decoder) }
    }

    /// Gives everything back. Only after `abandonLegs`.
    func deallocate() {
        let shards = state.pointee.shardCount
        close(epoll)
        close(state.pointee.serviceEvent)
        Self.unmap(legs, legCapacity)
        Self.unmap(rooms, roomCapacity)
        Self.unmap(instruments, instrumentCapacity)
        Self.unmap(legMarks, legCapacity)
        Self.unmap(instrumentMarks, instrumentCapacity)
        Self.unmap(pendingMarks, limits.commands)
        Self.unmap(cells, limits.cells)
        Self.unmap(openLegs, legCapacity)
        Self.unmap(arena, Self.arenaFrames * Self.frameSamples)
        for shard in 0..<shards { ports[shard].deallocate() }
        ports.deallocate()
        serviceRequests.deallocate()
        serviceReplies.deallocate()
        for bytes in [datagram, payload] { bytes.deallocate() }
        total.deallocate()
        sum.deallocate()
        frame.deallocate()
        tapped.deallocate()
        keyTones.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// Zeroed memory that takes room only as far as it is used.
    private static func map<T: ~Copyable>(_ count: Int) -> UnsafeMutablePointer<T> {
        let bytes = max(1, count) * MemoryLayout<T>.stride
        let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let memory, memory != MAP_FAILED else { fatalError("media: no memory for \(bytes) bytes of tables") }
        return memory.assumingMemoryBound(to: T.self)
    }

    private static func unmap<T: ~Copyable>(_ memory: UnsafeMutablePointer<T>, _ count: Int) {
        munmap(memory, max(1, count) * MemoryLayout<T>.stride)
    }

    @inline(__always)
    var now: Int64 { state.pointee.now }
}

/// How much a media thread holds; the numbers are for each shard except where said otherwise.
struct MediaLimits: Sendable {
    /// Media threads of the engine.
    var threads = 1
    var legs = 2048
    var rooms = 2048
    var instruments = 2048
    /// Cells of gain matrices that differ from their default, in all.
    var cells = 16384
    var commands = 1024
    /// Reports that may be dropped (digits, started, timed out) are, when fewer than this many places are
    /// left: the rest is for those that tell the end of something, of which there are never more, even if everything
    /// has moved to one thread.
    var reservedReports: Int { (legs * 2 + instruments) * threads + rooms }
}

/// The rings between a media thread and a shard.
struct ShardPort: @unchecked Sendable {
    let commands: Ring<Command>
    let reports: Ring<OrderedReport>
    /// Tells the shard that reports wait.
    var event: Int32
    /// Reports were put since `event` was last written.
    var isDirty = false
    /// The next command is to take in a member that its old thread has not let go of yet.
    var isWaiting = false
    /// Set by the door while commands that found the ring full wait behind it.
    let hasBacklog: UnsafeMutablePointer<Flag>

    struct Flag: ~Copyable { let value = Atomic<Bool>(false) }

    init(limits: MediaLimits) {
        commands = Ring(capacity: limits.commands)
        reports = Ring(capacity: limits.reservedReports + 1024)
        event = -1
        hasBacklog = .allocate(capacity: 1)
        hasBacklog.initialize(to: Flag())
    }

    func deallocate() {
        commands.deallocate()
        reports.deallocate()
        hasBacklog.deinitialize(count: 1)
        hasBacklog.deallocate()
    }
}

/// The numbers of a media thread that change.
struct CoreState: ~Copyable {
    var now: Int64 = 0
    var tick: UInt64 = 0
    var shardCount = 0
    var openCount = 0
    var activeRooms: Int32 = -1
    var staleRooms: Int32 = -1
    /// Free gain cells: a list, and behind it those never used.
    var freeCells: Int32 = -1
    var usedCells = 0
    var serviceEvent: Int32 = -1
    var serviceDirty = false
    var datagramsThisTick = 0
    /// Members let go of in this turn.
    var pendingCount = 0
    /// Where this core lies, for decoders that call back into it.
    var core: UnsafePointer<MediaCore>?
    /// All threads of the engine, by number.
    var neighbours: UnsafePointer<Neighbour>?
    /// Goes with every report (`OrderedReport`).
    var order: UInt64 = 0
    /// For the spread of RTCP intervals only.
    var random: UInt64
    /// Where RTP time and NTP time meet: wall clock less monotonic clock, in nanoseconds.
    var wallOffset: Int64 = 0
    let counters = MediaCounters.Shared()

    init(seed: UInt64) { random = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func nextRandom() -> UInt64 {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return random
    }
}
