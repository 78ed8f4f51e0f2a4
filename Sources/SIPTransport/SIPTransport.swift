// SPDX-License-Identifier: AGPL-3.0-or-later
internal import NIOCore
internal import NIOPosix
public import SIPStack
internal import Synchronization
public import Timing

/// SIP over UDP and TCP (RFC 3261 §18): wire loops that read and frame, messages in and out as bytes.
///
/// There is one receiver, on the first loop, which is the exchange's executor: its timers and its sending happen there. With
/// one wire loop, the default, nothing ever hops; each further one takes a share of the sockets and hands over what a read
/// burst brought in one hop.
public final class SIPTransport: Sendable {
    public let configuration: Configuration
    private let group: MultiThreadedEventLoopGroup
    let loops: [WireLoop]
    private let homeExecutor: LoopExecutor
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
        group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.wireLoops)
        let census = ConnectionCensus(configuration)
        self.census = census
        let board = self.board
        let loops = group.makeIterator().enumerated().map { index, loop in
            WireLoop(
                index: index, eventLoop: loop, configuration: configuration, board: board, census: census,
                report: report)
        }
        self.loops = loops
        homeExecutor = LoopExecutor(loop: loops[0].eventLoop)
    }

    var home: WireLoop { loops[0] }

    /// The home loop as an executor: an actor or task on it runs where messages arrive.
    public var executor: any SerialExecutor { homeExecutor }

    /// The same loop as a preference of tasks, so that their continuations resume on it and not by way of the
    /// global pool.
    public var preference: any TaskExecutor { homeExecutor }

    var homeLoop: any EventLoop { home.eventLoop }

    /// Runs `body` on the home loop, soon. From any thread.
    public func execute(_ body: @escaping @Sendable () -> Void) { home.eventLoop.execute(body) }

    /// Runs `body` on the home loop at `deadline`, or at once when it has passed. From any thread.
    @discardableResult
    public func schedule(at deadline: Instant, _ body: @escaping @Sendable () -> Void) -> ScheduledCall {
        // NIO's clock and Instant's are both CLOCK_MONOTONIC.
        let due = NIODeadline.uptimeNanoseconds(UInt64(max(deadline.nanoseconds, 0)))
        return ScheduledCall(home.eventLoop.scheduleTask(deadline: due, body))
    }

    /// Binds every address, then begins to receive. Once.
    ///
    /// - Parameter receiver: makes the receiver; called once, on the home loop, before any message.
    /// - Returns: what was bound, in the order given, with the actual ports.
    /// - Throws: when any address cannot be had; then nothing is bound.
    public func start(
        listen: [ListenAddress], receiver: @escaping @Sendable () -> any SIPReceiver
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
            for loop in loops {
                try await loop.eventLoop.submit { [loops] in
                    loop.loops = loops
                    loop.listeners = bound.map(\.listen)
                    if loop.index == 0 { loop.receiver = receiver() }
                    loop.startSweeping()
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
                let count = address.transport == .udp ? loops.count : 1
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
            for (loop, socket) in zip(loops, sockets) {
                try await loop.eventLoop.flatSubmit { DatagramPort.attach(socket, listener: listener, to: loop) }.get()
            }
            return
        }
        let loops = self.loops
        let server = try await ServerBootstrap(group: group)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: StreamConnection.waterMark(loops[0]))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = loops.first(where: { $0.eventLoop === channel.eventLoop }),
                        let connection = StreamConnection.accepted(channel, listener: listener, on: loop)
                    else { throw ConnectionRefused() }
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .withBoundSocket(sockets[0].descriptor)
            .get()
        state.withLock { $0.servers.append(server) }
    }

    /// Sends one message. Called on the home loop, which is checked.
    ///
    /// On TCP with `flow.connection` 0 a connection to the address is opened, or the one that is open used.
    /// What cannot be sent comes back as `flowClosed` or `undelivered`, later.
    public func send(_ bytes: [UInt8], on flow: Flow) { home.send(bytes, on: flow) }

    public var counters: SIPTransportCounters { board.snapshot(connectionsOpen: census.total) }

    /// Closes every socket and ends the loops. Receivers hear nothing any more; nothing may be sent or scheduled
    /// afterwards, and actors on `executor` must have ended: their executor is gone.
    public func stop() async {
        let servers: [any Channel]? = state.withLock { state in
            if state.stopped { return nil }
            state.stopped = true
            defer { state.servers = [] }
            return state.servers
        }
        guard let servers else { return }
        for server in servers { try? await server.close() }
        for loop in loops { try? await loop.eventLoop.flatSubmit { loop.close() }.get() }
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
