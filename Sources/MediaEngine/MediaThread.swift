// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CORTP
internal import Glibc
internal import Synchronization
internal import Threads

/// The shell round a `MediaCore`: a plain thread with an epoll and a timer on absolute 20 ms deadlines. It reads
/// the clock and decides when to sleep; all else is the core's.
final class MediaThread: Sendable {
    /// Memory of the core, given back after the thread has ended.
    nonisolated(unsafe) let core: UnsafeMutablePointer<MediaCore>
    /// Wakes the thread when commands wait.
    let wake: Int32
    private let timer: Int32
    private let isStopping = Atomic<Bool>(false)
    /// The thread sleeps in epoll, or is about to: whoever puts a command must wake it.
    private let isWaiting = Atomic<Bool>(false)
    private let pauseNanoseconds: Int64
    private let wantsRealtime: Bool
    private let identity = Mutex<PlainThread?>(nil)

    private static let wakeMark = UInt64.max
    private static let timerMark = UInt64.max - 1
    static let eventLimit = 256

    init(index: Int, limits: MediaLimits, shardCount: Int, pauseMicroseconds: Int, realtime: Bool) {
        core = .allocate(capacity: 1)
        core.initialize(to: MediaCore(thread: index, limits: limits, shardCount: shardCount))
        core.pointee.state.pointee.core = UnsafePointer(core)
        wake = martlet_bell_create()
        timer = martlet_timer_create()
        pauseNanoseconds = Int64(max(0, min(pauseMicroseconds, 2000))) * 1000
        wantsRealtime = realtime
        martlet_epoll_add(core.pointee.epoll, wake, Self.wakeMark)
        martlet_epoll_add(core.pointee.epoll, timer, Self.timerMark)
    }

    func start() {
        let thread = PlainThread { [self] in run() }
        identity.withLock { $0 = thread }
    }

    /// Ends the thread and waits for it. The core's memory stays until `deallocate`.
    func stop() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        martlet_bell_ring(wake)
        identity.withLock { $0 }?.join()
    }

    /// Only after `stop`.
    func deallocate() {
        core.pointee.deallocate()
        core.deinitialize(count: 1)
        core.deallocate()
        close(wake)
        close(timer)
    }

    /// Called after a command was put: costs a system call only when the thread sleeps.
    func commandsWait() {
        // The command must be seen by a thread that goes to sleep after this look at it.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if isWaiting.load(ordering: .sequentiallyConsistent) { martlet_bell_ring(wake) }
    }

    // MARK: The thread

    private func run() {
        // Without the right to it the thread stays an ordinary one.
        _ = martlet_thread_begin("media", wantsRealtime ? 20 : 0)
        let core = core.pointee
        let events = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.eventLimit)
        defer {
            events.deallocate()
            martlet_pool_drain()
        }
        setWallOffset(core)
        var deadline = Self.clock() + MediaCore.tickNanoseconds
        var isArmed = false
        var isBusy = false
        while !isStopping.load(ordering: .relaxed) {
            core.state.pointee.now = Self.clock()
            core.process()
            let needsTick = core.state.pointee.openCount > 0 || core.state.pointee.activeRooms >= 0
            if needsTick && !isArmed {
                deadline = core.now + MediaCore.tickNanoseconds
                arm(deadline)
                isArmed = true
            } else if !needsTick && isArmed {
                arm(0)
                isArmed = false
            }
            core.signal()
            let count = wait(core, events)
            core.state.pointee.counters.wakes.bump()
            core.state.pointee.now = Self.clock()
            dispatch(core, events, count)
            if isArmed && core.now >= deadline {
                isBusy = pauseNanoseconds > 0 && core.state.pointee.datagramsThisTick > 60
                deadline = runTicks(core, deadline)
                arm(deadline)
            } else if isBusy {
                pause(core.now, until: deadline)
            }
        }
    }

    /// Sleeps until something comes. Before that the rings are looked at once more, so that a command put
    /// meanwhile is not overlooked. Commands behind a member on its way are not looked at: its old thread rings.
    private func wait(_ core: MediaCore, _ events: UnsafeMutablePointer<UInt64>) -> Int {
        isWaiting.store(true, ordering: .sequentiallyConsistent)
        var isEmpty = core.serviceReplies.count == 0
        for shard in 0..<core.state.pointee.shardCount
        where core.ports[shard].commands.count > 0 && !core.ports[shard].isWaiting { isEmpty = false }
        let count = poll(core, events, timeoutMilliseconds: isEmpty ? -1 : 0)
        isWaiting.store(false, ordering: .sequentiallyConsistent)
        return count
    }

    /// Waits for descriptors to become ready, at most `eventLimit` of them. Tests that drive the core
    /// themselves call it with a timeout of 0.
    func poll(_ core: MediaCore, _ events: UnsafeMutablePointer<UInt64>, timeoutMilliseconds: Int32) -> Int {
        Int(martlet_epoll_wait(core.epoll, events, Int32(Self.eventLimit), timeoutMilliseconds))
    }

    @inline(__always)
    func dispatch(_ core: MediaCore, _ events: UnsafeMutablePointer<UInt64>, _ count: Int) {
        for index in 0..<count {
            let mark = events[index]
            if mark == Self.wakeMark {
                martlet_bell_clear(wake)
            } else if mark == Self.timerMark {
                var expirations: UInt64 = 0
                read(timer, &expirations, 8)
            } else if mark & MediaCore.rtcpMark != 0 {
                core.receiveReport(Int(mark & 0xFFFF_FFFF))
            } else {
                core.receive(Int(mark))
            }
        }
    }

    /// One tick, and those missed left out: audio that is late is not made up for by sending it in a burst.
    private func runTicks(_ core: MediaCore, _ deadline: Int64) -> Int64 {
        let late = core.now - deadline
        if late > 5_000_000 { core.state.pointee.counters.lateTicks.bump() }
        core.state.pointee.datagramsThisTick = 0
        core.tick()
        let spent = UInt64(max(0, Self.clock() - core.now) / 1000)
        if spent > core.state.pointee.counters.longestTick.load(ordering: .relaxed) {
            core.state.pointee.counters.longestTick.store(spent, ordering: .relaxed)
        }
        if core.state.pointee.tick % 512 == 0 { setWallOffset(core) }
        let missed = late / MediaCore.tickNanoseconds
        if missed > 0 { core.state.pointee.counters.missedTicks.bump(UInt64(missed)) }
        return deadline + (missed + 1) * MediaCore.tickNanoseconds
    }

    /// When packets come fast, lets a few gather: a wake costs more than a packet. Adds at most the
    /// configured pause to a packet's way, and never delays a tick by more than it.
    private func pause(_ now: Int64, until deadline: Int64) {
        let nanoseconds = min(pauseNanoseconds, deadline - now)
        guard nanoseconds > 10_000 else { return }
        var time = timespec(tv_sec: 0, tv_nsec: Int(nanoseconds))
        nanosleep(&time, nil)
    }

    private func arm(_ deadline: Int64) { martlet_timer_arm(timer, deadline) }

    private func setWallOffset(_ core: MediaCore) {
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        core.state.pointee.wallOffset = Int64(wall.tv_sec) &* 1_000_000_000 &+ Int64(wall.tv_nsec) &- Self.clock()
    }

    @inline(__always)
    private static func clock() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
