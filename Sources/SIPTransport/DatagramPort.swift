// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import SIPMessage
internal import SIPStack
internal import Timing

/// One UDP socket of one loop. NIO reads it; writing is done on the descriptor.
///
/// NIO closes a datagram channel whose `sendto` fails with anything but EMSGSIZE and EHOSTUNREACH. A phone that
/// registers an unreachable or broadcast contact would so close the switch's own port. Sent here, the failure
/// stays with that one message, and the message needs neither a ByteBuffer nor a turn of the pipeline.
final class DatagramPort: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    /// Messages taken from the socket in one system call.
    private static let messagesPerRead = 16

    private let loop: WireLoop
    private let listener: Int
    private let family: Int32
    /// Bound to every address: each datagram's own is told, and its answer leaves from there.
    private let isWildcard: Bool
    /// -1 once the channel has closed it.
    private var descriptor: Int32
    private var channel: (any Channel)?
    /// The moment the present burst began to be read.
    private var burstBegan: Instant?

    private init(loop: WireLoop, listener: Int, socket: BoundSocket) {
        self.loop = loop
        self.listener = listener
        descriptor = socket.descriptor
        family = socket.listen.address.contains(":") ? AF_INET6 : AF_INET
        isWildcard = socket.listen.isWildcard
    }

    /// Begins reading. Takes over the descriptor. Called on its wire loop.
    static func attach(_ socket: BoundSocket, listener: Int, to loop: WireLoop) -> EventLoopFuture<Void> {
        // A slot is capacity ÷ count. One byte above the limit would do to know what was cut off.
        let slot = loop.configuration.maximumDatagramBytes + 64
        let count = messagesPerRead
        let descriptor = socket.descriptor
        var bootstrap = DatagramBootstrap(group: loop.eventLoop)
            .channelOption(.datagramVectorReadMessageCount, value: count)
            // One call a readiness: a second would mostly find nothing, and what is left makes the socket ready again.
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: slot * count))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let port = DatagramPort(loop: loop, listener: listener, socket: socket)
                    port.channel = channel
                    while loop.datagramPorts.count <= listener { loop.datagramPorts.append(nil) }
                    loop.datagramPorts[listener] = port
                    try channel.pipeline.syncOperations.addHandler(port)
                }
            }
        if socket.listen.isWildcard { bootstrap = bootstrap.channelOption(.receivePacketInfo, value: true) }
        return bootstrap.withBoundSocket(descriptor).map { _ in }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        let now = burstBegan ?? Instant.now()
        burstBegan = now
        guard envelope.data.readableBytes <= loop.configuration.maximumDatagramBytes else {
            loop.board.droppedTooLong.count()
            return
        }
        envelope.data.withUnsafeReadableBytes { bytes in
            // On datagrams it wants no answer (RFC 5626 §3.5.1 has it on streams only).
            if bytes.count <= 4, SIPMessage.isKeepAlive(bytes) {
                loop.board.keepAlives.count()
                return
            }
            guard loop.gate.admits(SourceKey(envelope.remoteAddress), at: now) else {
                loop.board.droppedByFloodControl.count()
                return
            }
            let flow = Flow(
                transport: .udp, address: envelope.remoteAddress.flowAddress,
                port: UInt16(clamping: envelope.remoteAddress.port ?? 0), listener: listener, connection: 0,
                localAddress: isWildcard ? envelope.metadata?.packetInfo?.destinationAddress.flowAddress : nil)
            loop.route(bytes, from: flow, at: now)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        burstBegan = nil
        loop.flushHops()
    }

    func channelInactive(context: ChannelHandlerContext) { descriptor = -1 }

    /// What one datagram's failure means stays with that datagram.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}

    /// Sends at once or not at all.
    func send(_ bytes: [UInt8], to flow: Flow) -> SendOutcome {
        guard descriptor >= 0, let name = SocketName(address: flow.address, port: flow.port), name.family == family
        else { return .unreachable }
        let source = isWildcard ? flow.localAddress.flatMap { SocketName(address: $0, port: 0) } : nil
        return bytes.withUnsafeBytes { raw in
            if let source, source.family == family {
                let outcome = SendOutcome(
                    errno: attempt { PacketSource.send(raw, through: descriptor, to: name, from: source) })
                // An address that has left this machine is not insisted on; Linux says EINVAL or ENETUNREACH of it.
                if outcome != .unreachable { return outcome }
            }
            let code = attempt {
                name.withSockaddr { sendto(descriptor, raw.baseAddress, raw.count, Int32(MSG_DONTWAIT), $0, $1) }
            }
            return SendOutcome(errno: code)
        }
    }

    /// The system's answer, 0 for success; what a signal interrupted is done again.
    private func attempt(_ call: () -> Int) -> Int32 {
        while true {
            if call() >= 0 { return 0 }
            if errno != EINTR { return errno }
        }
    }

    func close() -> EventLoopFuture<Void> {
        descriptor = -1
        guard let channel else { return loop.eventLoop.makeSucceededVoidFuture() }
        return channel.close()
    }
}
