// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import CORTP
public import CallModel
internal import Glibc
internal import Synchronization

/// Sockets, streams, rooms and recordings of a switch, on a few plain threads.
///
/// One engine serves all shards; each uses its own `door`. `start` begins the threads, `stop` ends them and
/// closes recordings.
public final class MediaEngine: Sendable {
    let threads: [MediaThread]
    private let doors: [EngineDoor]
    /// What media threads see of each other; written before they start.
    private nonisolated(unsafe) let neighbours: UnsafeMutablePointer<Neighbour>
    let writer: RecorderWriter
    private let configuration: MediaConfiguration
    private let shardEvents: [Int32]
    private let service = Mutex<ServiceThread?>(nil)
    private let hasStarted = Atomic<Bool>(false)

    /// Throws `.address` when the address is not an IPv4 one.
    public init(configuration: MediaConfiguration) throws(MediaError) {
        martlet_ortp_setup()
        self.configuration = configuration
        let shards = max(1, min(configuration.shards, 64))
        let cores = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let count = max(1, min(configuration.threads ?? cores / 2, 64))
        var limits = MediaLimits()
        limits.threads = count
        limits.legs = max(1, min(configuration.legsPerShard, 65536))
        limits.rooms = limits.legs
        limits.instruments = limits.legs
        limits.cells = max(1024, limits.legs * 8)
        let ports = try PortPool(address: configuration.address, ports: configuration.ports)
        let fixed = limits
        threads = (0..<count).map {
            MediaThread(
                index: $0, limits: fixed, shardCount: shards, pauseMicroseconds: configuration.gatherMicroseconds,
                realtime: configuration.wantsRealtime)
        }
        shardEvents = (0..<shards).map { _ in martlet_bell_create() }
        for thread in threads {
            for shard in 0..<shards { thread.core.pointee.ports[shard].event = shardEvents[shard] }
        }
        // Each may have one that is stopped and still on its way to the disk.
        let writer = RecorderWriter(shardEvents: shardEvents, mostFiles: fixed.instruments * shards * 2)
        self.writer = writer
        let all = threads
        neighbours = .allocate(capacity: count)
        for (index, thread) in threads.enumerated() {
            let core = thread.core.pointee
            (neighbours + index).initialize(
                to: Neighbour(
                    legs: core.legs, instruments: core.instruments, legMarks: core.legMarks,
                    instrumentMarks: core.instrumentMarks, wake: thread.wake))
            core.state.pointee.neighbours = UnsafePointer(neighbours)
        }
        doors = (0..<shards).map {
            EngineDoor(
                shard: $0, threads: all, limits: fixed, ports: ports, writer: writer, region: configuration.region)
        }
    }

    deinit {
        stop()
        // What legs gave back and nobody drained.
        for door in doors { door.drain { _ in } }
        for thread in threads { thread.core.pointee.abandonLegs() }
        for thread in threads { thread.deallocate() }
        neighbours.deallocate()
        for event in shardEvents { close(event) }
    }

    /// Begins the threads. `notify` is called on a thread of the engine's own, with the number of a shard for whose
    /// door events wait; it should do no more than hop to the shard and drain there. Later calls do nothing.
    public func start(notify: @escaping @Sendable (_ shard: Int) -> Void) {
        guard !hasStarted.exchange(true, ordering: .acquiringAndReleasing) else { return }
        let service = ServiceThread(
            threads: threads, shardEvents: shardEvents, configuration: configuration, notify: notify)
        service.start()
        self.service.withLock { $0 = service }
        writer.start()
        for thread in threads { thread.start() }
    }

    /// Ends the threads; recordings are closed as far as they got. Waits for all that; doors do nothing
    /// after it.
    public func stop() {
        for thread in threads { thread.stop() }
        writer.stop()
        service.withLock { $0.take() }?.stop()
    }

    /// The door of a shard, the same at each call. Shards beyond the configured get the last one's.
    public func door(forShard shard: Int) -> EngineDoor { doors[max(0, min(shard, doors.count - 1))] }

    /// What all media threads counted since the start.
    public var counters: MediaCounters {
        var sum = MediaCounters()
        for thread in threads { sum.add(thread.core.pointee.state.pointee.counters) }
        for door in doors { sum.refusedCommands += door.refused.load(ordering: .relaxed) }
        return sum
    }

    /// Errors libortp complained of since the last call, and the newest of them.
    public func takeLibraryErrors() -> (count: UInt64, newest: String) {
        var line = [CChar](repeating: 0, count: 256)
        let count = martlet_log_take(&line, Int32(line.count))
        let text = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return (count, String(decoding: text, as: UTF8.self))
    }
}
