// SPDX-License-Identifier: AGPL-3.0-or-later
internal import NIOCore
internal import NIOPosix
internal import SIPStack
internal import Timing

/// One TCP connection, on the loop of one wire loop; its messages may belong to others.
final class StreamConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Messages kept while a connection is being opened.
    private static let queueLimit = 256

    private enum State {
        /// Being opened; what is to be sent waits.
        case opening
        case open(ChannelHandlerContext)
        case closed
    }

    private let loop: WireLoop
    private let source: SourceKey
    /// What its messages carry.
    private let flow: Flow
    /// Set on connections opened from here: the flow of who asked.
    private let asked: Flow?
    private var state = State.opening
    private var queue: [[UInt8]] = []
    private var framer: StreamFramer
    private var lastTraffic = Instant.now()
    private var messageBegan: Instant?
    private var needsFlush = false

    private init(loop: WireLoop, source: SourceKey, flow: Flow, asked: Flow?) {
        self.loop = loop
        self.source = source
        self.flow = flow
        self.asked = asked
        framer = StreamFramer(limit: loop.configuration.maximumStreamMessageBytes)
    }

    // MARK: Numbers

    /// A connection's number names its wire loop in the low eight bits; never 0.
    static func number(_ count: UInt64, loop: Int) -> UInt64 { count << 8 | UInt64(truncatingIfNeeded: loop & 0xFF) }
    static func loop(ofNumber number: UInt64) -> Int { Int(number & 0xFF) }

    // MARK: Coming to be

    /// For a connection somebody else opened; on its wire loop. nil when it is one too many.
    static func accepted(_ channel: any Channel, listener: Int, on loop: WireLoop) -> StreamConnection? {
        guard let remote = channel.remoteAddress, loop.census.enter(SourceKey(remote)) else {
            loop.board.connectionsRefused.count()
            return nil
        }
        loop.board.connectionsAccepted.count()
        let flow = Flow(
            transport: .tcp, address: remote.flowAddress, port: UInt16(clamping: remote.port ?? 0), listener: listener,
            connection: loop.nextConnectionNumber(),
            localAddress: loop.listeners[listener].isWildcard ? channel.localAddress?.flowAddress : nil)
        return StreamConnection(loop: loop, source: SourceKey(remote), flow: flow, asked: nil)
    }

    /// Begins to open a connection; what is written meanwhile waits. nil when that cannot even be tried.
    static func open(to remote: WireLoop.Remote, asking: Flow, on loop: WireLoop) -> StreamConnection? {
        guard loop.listeners.indices.contains(remote.listener),
            let target = SocketName(address: remote.address, port: remote.port)?.nio
        else { return nil }
        let source = SourceKey(target)
        guard loop.census.enter(source) else {
            loop.board.connectionsRefused.count()
            return nil
        }
        var flow = asking
        flow.connection = loop.nextConnectionNumber()
        let connection = StreamConnection(loop: loop, source: source, flow: flow, asked: asking)
        let unsafe = NIOLoopBound(connection, eventLoop: loop.eventLoop)
        var bootstrap = ClientBootstrap(group: loop.eventLoop)
            .connectTimeout(.nanoseconds(max(loop.configuration.connectTimeout.nanoseconds, 1_000_000)))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: waterMark(loop))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(unsafe.value)
                }
            }
        let listen = loop.listeners[remote.listener]
        let own = listen.isWildcard ? remote.localAddress : listen.address
        if let local = own.flatMap({ SocketName(address: $0, port: 0)?.nio }) {
            bootstrap = bootstrap.bind(to: local)
        }
        bootstrap.connect(to: target).whenFailure { _ in unsafe.value.gone() }
        return connection
    }

    static func waterMark(_ loop: WireLoop) -> ChannelOptions.Types.WriteBufferWaterMark {
        let high = loop.configuration.unsentBytesPerConnection
        return .init(low: high / 2, high: high)
    }

    // MARK: Channel

    func channelActive(context: ChannelHandlerContext) {
        activate(context)
        context.fireChannelActive()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { activate(context) }
    }

    private func activate(_ context: ChannelHandlerContext) {
        guard case .opening = state else { return }
        state = .open(context)
        loop.connections[flow.connection] = self
        if asked != nil { loop.board.connectionsOpened.count() }
        var waiting: [[UInt8]] = []
        swap(&waiting, &queue)
        for bytes in waiting { _ = write(bytes) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let now = Instant.now()
        lastTraffic = now
        let failure = unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            framer.consume(bytes) { piece in
                switch piece {
                case .ping:
                    loop.board.keepAlives.count()
                    _ = write([0x0D, 0x0A])
                case .message(let message):
                    messageBegan = nil
                    guard loop.gate.admits(source, at: now) else {
                        loop.board.droppedByFloodControl.count()
                        return
                    }
                    loop.route(message, from: flow, at: now)
                }
            }
        }
        if failure != nil {
            loop.board.connectionsClosedForFraming.count()
            context.close(promise: nil)
        } else if !framer.isInsideMessage {
            messageBegan = nil
        } else if messageBegan == nil {
            messageBegan = now
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { loop.flushHops() }

    func channelInactive(context: ChannelHandlerContext) { gone() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    var isOpening: Bool { if case .opening = state { true } else { false } }

    // MARK: Writing

    /// false when the connection cannot take it.
    func write(_ bytes: [UInt8]) -> Bool {
        switch state {
        case .opening:
            guard queue.count < StreamConnection.queueLimit else { return false }
            queue.append(bytes)
            return true
        case .open(let context):
            guard context.channel.isWritable else {
                loop.board.connectionsClosedSlow.count()
                context.close(promise: nil)
                return false
            }
            lastTraffic = Instant.now()
            context.write(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            if !needsFlush {
                needsFlush = true
                loop.flushLater(self)
            }
            return true
        case .closed:
            return false
        }
    }

    func flush() {
        needsFlush = false
        if case .open(let context) = state { context.flush() }
    }

    // MARK: Ending

    func closeIfOverdue(_ now: Instant) {
        guard case .open(let context) = state else { return }
        if let messageBegan, messageBegan.duration(to: now) > loop.configuration.partialMessageTimeout {
            loop.board.connectionsClosedForFraming.count()
            context.close(promise: nil)
        } else if lastTraffic.duration(to: now) > loop.configuration.idleTimeout {
            loop.board.connectionsClosedIdle.count()
            context.close(promise: nil)
        }
    }

    func close() -> EventLoopFuture<Void> {
        guard case .open(let context) = state else { return loop.eventLoop.makeSucceededVoidFuture() }
        return context.channel.close()
    }

    /// The connection ended, or could not be opened. Once.
    private func gone() {
        let wasOpen: Bool
        switch state {
        case .closed: return
        case .open: wasOpen = true
        case .opening: wasOpen = false
        }
        state = .closed
        queue = []
        loop.census.leave(source)
        loop.connections[flow.connection] = nil
        if let asked {
            let remote = WireLoop.Remote(
                listener: asked.listener, address: asked.address, port: asked.port, localAddress: asked.localAddress)
            if loop.outgoing[remote] === self { loop.outgoing[remote] = nil }
            if !wasOpen { loop.board.sendFailures.count() }
            // Also when it was open: requests that nothing was heard of are known by this flow.
            loop.tellLater(closed: asked)
        }
        if wasOpen { loop.tellLater(closed: flow) }
    }
}
