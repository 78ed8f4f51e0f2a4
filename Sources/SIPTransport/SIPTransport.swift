// SPDX-License-Identifier: AGPL-3.0-or-later
internal import NIOCore
internal import NIOPosix
public import SIPStack
internal import Synchronization
public import Timing

/// SIP over UDP and TCP (RFC 3261 §18): one event loop per shard, messages in and out as bytes.
///
/// A message goes to the shard of its Call-ID (see `shard(ofCallID:shardCount:)`); a shard's receiver, its timers and
/// its sending all happen on that shard's loop.
public final class SIPTransport: Sendable {
    public let configuration: Configuration
    private let group: MultiThreadedEventLoopGroup
    let shards: [Shard]
    private let executors: [ShardExecutor]
    private let board = CounterBoard()
    private let census: ConnectionCensus
    private let state = Mutex(State())

    private struct State {
        var started = false
        var stopped = false
        var servers: [any Channel] = []
    }

    /// Starts the event loops; no socket yet.
    ///
    /// - Parameter report: for the log; called on the loops.
    public init(
        configuration: Configuration = Configuration(),
        report: @escaping @Sendable (SIPTransportProblem) -> Void = { _ in }
    ) {
        let configuration = configuration.bounded
        self.configuration = configuration
        group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.shardCount)
        let census = ConnectionCensus(configuration)
        self.census = census
        let board = self.board
        shards = group.makeIterator().enumerated().map { index, loop in
            Shard(
                index: index, loop: loop, configuration: configuration, board: board, census: census, report: report)
        }
        executors = shards.map { ShardExecutor(loop: $0.loop) }
    }

    public var shardCount: Int { shards.count }

    /// The loop of a shard as an executor: an actor or task on it runs where the shard's messages arrive.
    /// - Parameter shard: `0..<shardCount`; another index is a programming error and traps.
    public func executor(ofShard shard: Int) -> any SerialExecutor { executors[shard] }

    /// The same loop as a preference of tasks, so that their continuations resume on it and not by way of the
    /// global pool.
    public func preference(ofShard shard: Int) -> any TaskExecutor { executors[shard] }

    func loop(ofShard shard: Int) -> any EventLoop { shards[shard].loop }

    /// Runs `body` on the shard's loop, soon. From any thread.
    public func execute(onShard shard: Int, _ body: @escaping @Sendable () -> Void) {
        shards[shard].loop.execute(body)
    }

    /// Runs `body` on the shard's loop at `deadline`, or at once when it has passed. From any thread.
    @discardableResult
    public func schedule(
        onShard shard: Int, at deadline: Instant, _ body: @escaping @Sendable () -> Void
    ) -> ScheduledCall {
        // NIO's clock and Instant's are both CLOCK_MONOTONIC.
        let due = NIODeadline.uptimeNanoseconds(UInt64(max(deadline.nanoseconds, 0)))
        return ScheduledCall(shards[shard].loop.scheduleTask(deadline: due, body))
    }

    /// Binds every address, then begins to receive. Once.
    ///
    /// - Parameter receiver: makes the receiver of a shard; called once for each, on its loop, before any message.
    /// - Returns: what was bound, in the order given, with the actual ports.
    /// - Throws: when any address cannot be had; then nothing is bound.
    public func start(
        listen: [ListenAddress], receiver: @escaping @Sendable (Int) -> any SIPReceiver
    ) async throws(SIPTransportError) -> [BoundListener] {
        guard !listen.isEmpty else { throw .misuse("no address to listen on") }
        let isFirst = state.withLock { state in
            defer { state.started = true }
            return !state.started && !state.stopped
        }
        guard isFirst else { throw .misuse("this transport was started before") }
        let sockets = try bindAll(listen)
        let bound = sockets.enumerated().map { BoundListener(index: $0, listen: $1[0].listen) }
        do {
            for shard in shards {
                try await shard.loop.submit { [shards] in
                    shard.shards = shards
                    shard.listeners = bound.map(\.listen)
                    shard.receiver = receiver(shard.index)
                    shard.startSweeping()
                }.get()
            }
            for (index, sockets) in sockets.enumerated() { try await attach(sockets, listener: index) }
        } catch {
            throw .misuse("cannot begin to receive: \(error)")
        }
        return bound
    }

    private func bindAll(_ listen: [ListenAddress]) throws(SIPTransportError) -> [[BoundSocket]] {
        var sockets: [[BoundSocket]] = []
        do {
            for address in listen {
                let count = address.transport == .udp ? shards.count : 1
                sockets.append(try BoundSocket.bindShared(address, count: count, configuration: configuration))
            }
        } catch {
            for socket in sockets.joined() { socket.close() }
            throw error
        }
        return sockets
    }

    private func attach(_ sockets: [BoundSocket], listener: Int) async throws {
        if sockets[0].listen.transport == .udp {
            for (shard, socket) in zip(shards, sockets) {
                try await shard.loop.flatSubmit { DatagramPort.attach(socket, listener: listener, to: shard) }.get()
            }
            return
        }
        let shards = self.shards
        let server = try await ServerBootstrap(group: group)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: StreamConnection.waterMark(shards[0]))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let shard = shards.first(where: { $0.loop === channel.eventLoop }),
                        let connection = StreamConnection.accepted(channel, listener: listener, on: shard)
                    else { throw ConnectionRefused() }
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .withBoundSocket(sockets[0].descriptor)
            .get()
        state.withLock { $0.servers.append(server) }
    }

    /// Sends one message. Called on the loop of `shard`, which is checked.
    ///
    /// On TCP with `flow.connection` 0 a connection to the address is opened, or the one this shard has open used.
    /// What cannot be sent comes back as `flowClosed` or `undelivered`, later.
    public func send(_ bytes: [UInt8], on flow: Flow, fromShard shard: Int) {
        shards[shard].send(bytes, on: flow)
    }

    public var counters: SIPTransportCounters { board.snapshot(connectionsOpen: census.total) }

    /// Closes every socket and ends the loops. Receivers hear nothing any more; nothing may be sent or scheduled
    /// afterwards, and actors on `executor(ofShard:)` must have ended: their executor is gone.
    public func stop() async {
        let servers: [any Channel]? = state.withLock { state in
            if state.stopped { return nil }
            state.stopped = true
            defer { state.servers = [] }
            return state.servers
        }
        guard let servers else { return }
        for server in servers { try? await server.close() }
        for shard in shards { try? await shard.loop.flatSubmit { shard.close() }.get() }
        try? await group.shutdownGracefully()
    }

    /// A connection above the limits: closed before it says anything.
    private struct ConnectionRefused: Error {}
}

/// A call of `SIPTransport.schedule`.
public final class ScheduledCall: Sendable {
    private let scheduled: Scheduled<Void>

    init(_ scheduled: Scheduled<Void>) { self.scheduled = scheduled }

    /// Has no effect once the body has begun. From any thread.
    public func cancel() { scheduled.cancel() }
}
