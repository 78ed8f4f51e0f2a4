// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc
internal import NIOCore
internal import SIPMessage
internal import SIPStack
internal import Synchronization
internal import Timing

/// One event loop with its sockets. The first one is `home`, where the receiver lives; what the others read hops there.
///
/// `@unchecked Sendable`: every stored variable is read and written on `eventLoop` only, which each entry checks;
/// other threads hold the reference to reach the loop.
final class WireLoop: @unchecked Sendable {
    let index: Int
    let eventLoop: any EventLoop
    let configuration: SIPTransport.Configuration
    let board: CounterBoard
    let census: ConnectionCensus
    private let report: @Sendable (SIPTransportProblem) -> Void
    /// Messages on their way here from the other loops.
    let incoming = Atomic<Int>(0)

    /// Of `home` alone.
    var receiver: (any SIPReceiver)?
    /// All loops by index, this one included; set once before anything is received, emptied at the end.
    var loops: [WireLoop] = []
    /// By listener index; nil for streams.
    var datagramPorts: [DatagramPort?] = []
    /// By listener index: what outgoing connections bind to, nil for the system's choice.
    var listeners: [ListenAddress] = []
    var connections: [UInt64: StreamConnection] = [:]
    /// Connections opened from here, by where they lead.
    var outgoing: [Remote: StreamConnection] = [:]
    var gate: FloodGate
    private var localAddresses = LocalAddresses()
    /// Datagrams lost since the last report of it.
    private var lostUntold = 0
    private var lossTold: Instant?
    private var lastConnection: UInt64 = 0
    private var outbox: [Hopping] = []
    private var unflushed: [StreamConnection] = []
    private var sweep: RepeatedTask?

    struct Hopping: Sendable {
        var bytes: [UInt8]
        var flow: Flow
        var received: Instant
    }

    /// What one connection can serve.
    struct Remote: Hashable {
        var listener: Int
        var address: String
        var port: UInt16
        var localAddress: String?
    }

    init(
        index: Int, eventLoop: any EventLoop, configuration: SIPTransport.Configuration, board: CounterBoard,
        census: ConnectionCensus, report: @escaping @Sendable (SIPTransportProblem) -> Void
    ) {
        self.index = index
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.board = board
        self.census = census
        self.report = report
        gate = FloodGate(
            ratePerSecond: configuration.messagesPerSecondPerSource, burst: configuration.messageBurstPerSource,
            capacity: configuration.sourcesRemembered, unlimited: census.unlimited)
    }

    // MARK: Receiving

    private var isHome: Bool { index == 0 }
    private var home: WireLoop? { loops.first }

    /// One message of a source flood control let pass.
    func route(_ bytes: UnsafeRawBufferPointer, from flow: Flow, at now: Instant) {
        if isHome {
            board.messagesReceived.count()
            receiver?.received(bytes, from: flow, at: now)
        } else {
            outbox.append(Hopping(bytes: Array(bytes), flow: flow, received: now))
        }
    }

    /// At the end of a read burst: one hop home, however many messages it carries.
    func flushHops() {
        guard !outbox.isEmpty, let home else { return }
        var batch: [Hopping] = []
        swap(&batch, &outbox)
        let room = configuration.messagesOnTheirWay - home.incoming.load(ordering: .relaxed)
        if batch.count > room {
            board.droppedOnTheWay.count(batch.count - max(room, 0))
            batch.removeLast(batch.count - max(room, 0))
        }
        if batch.isEmpty { return }
        board.messagesHopped.count(batch.count)
        home.incoming.count(batch.count)
        home.eventLoop.execute { [batch] in home.take(batch) }
    }

    private func take(_ batch: [Hopping]) {
        incoming.count(-batch.count)
        for message in batch {
            board.messagesReceived.count()
            message.bytes.withUnsafeBytes { receiver?.received($0, from: message.flow, at: message.received) }
        }
    }

    // MARK: Sending

    func send(_ bytes: [UInt8], on flow: Flow) {
        eventLoop.preconditionInEventLoop()
        if flow.transport == .udp {
            let port = datagramPorts.indices.contains(flow.listener) ? datagramPorts[flow.listener] : nil
            settle(port?.send(bytes, to: flow) ?? .unreachable, bytes, flow)
        } else if flow.connection == 0 {
            sendOnOutgoing(bytes, flow)
        } else {
            let owner = StreamConnection.loop(ofNumber: flow.connection)
            guard owner < loops.count else {
                board.sendFailures.count()
                tellLater(closed: flow)
                return
            }
            if owner == index {
                sendOnOpen(bytes, flow)
            } else {
                let target = loops[owner]
                target.eventLoop.execute { target.sendOnOpen(bytes, flow) }
            }
        }
    }

    /// A datagram without room is lost in silence: telling the way as closed would end every ringing call to that address.
    func settle(_ outcome: SendOutcome, _ bytes: [UInt8], _ flow: Flow) {
        switch outcome {
        case .sent: board.messagesSent.count()
        case .lost(let code):
            board.datagramsLost.count()
            tellLoss(code)
        case .refused:
            board.sendFailures.count()
            tellLater(undelivered: bytes, on: flow)
        case .unreachable:
            board.sendFailures.count()
            tellLater(closed: flow)
        }
    }

    private func tellLoss(_ code: Int32) {
        let now = Instant.now()
        lostUntold += 1
        if let lossTold, lossTold.duration(to: now) < .seconds(60) { return }
        report(.datagramsLost(count: lostUntold, words: String(cString: strerror(code))))
        lostUntold = 0
        lossTold = now
    }

    private func sendOnOpen(_ bytes: [UInt8], _ flow: Flow) {
        if let connection = connections[flow.connection], connection.write(bytes) {
            board.messagesSent.count()
        } else {
            board.sendFailures.count()
            tellLater(closed: flow)
        }
    }

    private func sendOnOutgoing(_ bytes: [UInt8], _ flow: Flow) {
        let remote = Remote(
            listener: flow.listener, address: flow.address, port: flow.port, localAddress: flow.localAddress)
        let connection: StreamConnection
        if let open = outgoing[remote] {
            connection = open
        } else if let opening = StreamConnection.open(to: remote, asking: flow, on: self) {
            connection = opening
            outgoing[remote] = opening
        } else {
            board.sendFailures.count()
            tellLater(closed: flow)
            return
        }
        if connection.write(bytes) {
            board.messagesSent.count()
        } else {
            board.sendFailures.count()
            // While it is being opened one message too many is that message's trouble alone.
            if connection.isOpening { tellLater(undelivered: bytes, on: flow) } else { tellLater(closed: flow) }
        }
    }

    /// Tells the receiver from its loop's queue: it may be in the middle of what made it send.
    func tellLater(closed flow: Flow) {
        home?.eventLoop.execute { [home] in home?.receiver?.flowClosed(flow) }
    }

    func tellLater(undelivered bytes: [UInt8], on flow: Flow) {
        home?.eventLoop.execute { [home] in home?.receiver?.undelivered(bytes, on: flow) }
    }

    func localAddress(towards address: String) -> String? {
        eventLoop.preconditionInEventLoop()
        return localAddresses.towards(address, at: .now())
    }

    // MARK: Connections

    func nextConnectionNumber() -> UInt64 {
        lastConnection += 1
        return StreamConnection.number(lastConnection, loop: index)
    }

    /// Writes of one turn of the loop leave together.
    func flushLater(_ connection: StreamConnection) {
        unflushed.append(connection)
        if unflushed.count == 1 { eventLoop.execute { self.flushStreams() } }
    }

    private func flushStreams() {
        var batch: [StreamConnection] = []
        swap(&batch, &unflushed)
        for connection in batch { connection.flush() }
    }

    func startSweeping() {
        let shortest = min(configuration.idleTimeout, configuration.partialMessageTimeout).nanoseconds / 4
        let pause = TimeAmount.nanoseconds(min(max(shortest, 20_000_000), 30_000_000_000))
        sweep = eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { [weak self] _ in
            guard let self else { return }
            let now = Instant.now()
            for connection in connections.values { connection.closeIfOverdue(now) }
        }
    }

    /// Closes everything of this loop; the loop goes on.
    func close() -> EventLoopFuture<Void> {
        sweep?.cancel()
        sweep = nil
        receiver = nil
        var closing: [EventLoopFuture<Void>] = []
        for port in datagramPorts { if let port { closing.append(port.close()) } }
        for connection in connections.values { closing.append(connection.close()) }
        for connection in outgoing.values { closing.append(connection.close()) }
        datagramPorts = []
        loops = []
        return EventLoopFuture.andAllComplete(closing, on: eventLoop)
    }
}
