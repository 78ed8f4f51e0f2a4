// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CORTP
internal import Glibc
internal import Synchronization
internal import Threads

/// The thread between media and shards: tells a shard that events wait, and makes the decoders media threads
/// ask for, as those must not allocate.
final class ServiceThread: Sendable {
    private let threads: [MediaThread]
    private let shardEvents: [Int32]
    private let nominalMilliseconds: Int
    private let limitMilliseconds: Int
    private let epoll: Int32
    private let wake: Int32
    private let isStopping = Atomic<Bool>(false)
    private let identity = Mutex<PlainThread?>(nil)
    private let notify: @Sendable (Int) -> Void

    private static let threadMark: UInt64 = 1 << 32
    private static let stopMark = UInt64.max

    init(
        threads: [MediaThread], shardEvents: [Int32], configuration: MediaConfiguration,
        notify: @escaping @Sendable (Int) -> Void
    ) {
        self.threads = threads
        self.shardEvents = shardEvents
        nominalMilliseconds = max(20, min(configuration.jitterMilliseconds, 500))
        limitMilliseconds = max(nominalMilliseconds, min(configuration.jitterLimitMilliseconds, 1000))
        self.notify = notify
        epoll = martlet_epoll_create()
        wake = martlet_bell_create()
        watch(wake, Self.stopMark)
        for (shard, event) in shardEvents.enumerated() { watch(event, UInt64(shard)) }
        for (index, thread) in threads.enumerated() {
            watch(thread.core.pointee.state.pointee.serviceEvent, UInt64(index) | Self.threadMark)
        }
    }

    deinit {
        close(epoll)
        close(wake)
    }

    private func watch(_ descriptor: Int32, _ mark: UInt64) {
        martlet_epoll_add(epoll, descriptor, mark)
    }

    func start() {
        let thread = PlainThread { [self] in run() }
        identity.withLock { $0 = thread }
    }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        martlet_bell_ring(wake)
        identity.withLock { $0 }?.join()
    }

    private func run() {
        _ = martlet_thread_begin("media-door", 0)
        var events = [UInt64](repeating: 0, count: 64)
        while !isStopping.load(ordering: .acquiring) {
            let count = martlet_epoll_wait(epoll, &events, 64, -1)
            for index in 0..<Int(count) {
                let mark = events[index]
                if mark == Self.stopMark { continue }
                if mark & Self.threadMark != 0 {
                    let thread = threads[Int(mark & 0xFFFF)]
                    martlet_bell_clear(thread.core.pointee.state.pointee.serviceEvent)
                    serve(thread)
                } else {
                    martlet_bell_clear(shardEvents[Int(mark)])
                    notify(Int(mark))
                }
            }
        }
        martlet_pool_drain()
    }

    /// Answers everything a media thread asks for.
    func serve(_ thread: MediaThread) {
        let core = thread.core.pointee
        var answered = false
        while let request = core.serviceRequests.pop() {
            switch request {
            case .freeDecoder(let decoder): LegDecoder.free(decoder)
            case .makeDecoder(let handle):
                let decoder = LegDecoder.make(
                    core: thread.core, slot: handle.slot, nominalMilliseconds: nominalMilliseconds,
                    limitMilliseconds: limitMilliseconds)
                if core.serviceReplies.push(.decoder(handle, decoder)) {
                    answered = true
                } else if let decoder {
                    LegDecoder.free(decoder)
                }
            }
        }
        if answered { thread.commandsWait() }
    }
}
