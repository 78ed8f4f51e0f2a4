// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc
internal import Synchronization

/// The thread that sends and receives all speech: every millisecond the streams whose turn it is, each every 20 ms,
/// their phases spread evenly.
///
/// `@unchecked Sendable`: the records and sockets belong to the thread from `start` to `finish`, and to the caller
/// before and after; between them only `inbox` is shared.
final class MediaPump: @unchecked Sendable {
    enum Command: Sendable {
        case send(stream: Int, to: Endpoint, payloadType: UInt8)
        case silence(stream: Int)
        case openWindow
        /// Packets sent before count; they may still arrive.
        case closeWindow
        /// Result of the window so far goes to the slot, records begin anew.
        case takeResult
        case end
    }

    /// A window's outcome over all streams.
    struct Result {
        var delays = DelayHistogram()
        var streams = 0
        var sent = 0
        var received = 0
        var duplicates = 0
        var reordered = 0
        var strays = 0
        /// Arrivals that carry no mark of ours, e.g. prompts and silence.
        var unmarked = 0
        var sendFailures = 0
        /// Ticks begun more than a millisecond late: this program was not given the processor.
        var lateTicks = 0

        var lost: Int { sent - received }
    }

    private let sockets: [MediaSocket]
    private var streams: [StreamRecord]
    private var current = Result()
    private var countsDelays = false
    private let inbox = Mutex<[Command]>([])
    private let results = Mutex<[Result]>([])
    private var thread = pthread_t()

    /// - Parameters:
    ///   - streams: 1…4,000.
    ///   - socketCount: how many sockets they share.
    init(streams: Int, socketCount: Int, local: UInt32) throws {
        self.streams = Array(repeating: StreamRecord(), count: min(max(streams, 1), 4_000))
        sockets = try (0..<min(max(socketCount, 1), 64)).map { _ in
            try MediaSocket(Endpoint(address: local, port: 0))
        }
    }

    /// Where the far side of a stream's call end is to send its speech.
    func port(ofStream stream: Int) -> UInt16 { sockets[stream % sockets.count].port }

    func post(_ command: Command) { inbox.withLock { $0.append(command) } }

    func start() throws {
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { raw in
                if let raw { Unmanaged<MediaPump>.fromOpaque(raw).takeRetainedValue().run() }
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw LoadError("no thread: \(String(cString: strerror(code)))")
        }
    }

    func finish() {
        post(.end)
        pthread_join(thread, nil)
    }

    /// Waits for the outcome of the window that was open.
    func takeResult() -> Result {
        post(.takeResult)
        while true {
            if let result = results.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return result }
            usleep(2_000)
        }
    }

    // MARK: The thread

    private func run() {
        let began = Clock.monotonic()
        var tick = 0
        while obey() {
            let due = began + Int64(tick) * 1_000_000
            let late = Clock.monotonic() - due
            if late < 0 { Clock.sleep(until: due) } else if late > 1_000_000 { current.lateTicks += 1 }
            sendPhase(tick % 20)
            for (index, socket) in sockets.enumerated() { receive(socket, index) }
            tick += 1
        }
    }

    private func sendPhase(_ phase: Int) {
        var stream = phase
        while stream < streams.count {
            if streams[stream].isActive { sendNext(stream) }
            stream += 20
        }
        for socket in sockets { socket.flush() }
    }

    private func sendNext(_ stream: Int) {
        let record = streams[stream]
        streams[stream].nextNumber &+= 1
        sockets[stream % sockets.count].send(to: socketName(record.remoteAddress, record.remotePort)) { packet in
            StampedPacket.write(
                packet, payloadType: record.payloadType, stream: UInt32(stream), number: record.nextNumber,
                timestamp: record.nextNumber &* UInt32(StampedPacket.samples))
        }
    }

    private func receive(_ socket: MediaSocket, _ index: Int) {
        socket.drain { bytes, port, arrival in
            guard let mark = StampedPacket.read(bytes), Int(mark.stream) < streams.count else {
                current.unmarked += 1
                return
            }
            let path = UInt32(index) << 16 | UInt32(port)
            if streams[Int(mark.stream)].arrived(mark.number, by: path) {
                current.delays.add(nanoseconds: arrival - mark.sent)
            }
        }
    }

    /// false at the end.
    private func obey() -> Bool {
        var commands: [Command] = []
        inbox.withLock { swap(&commands, &$0) }
        for command in commands {
            switch command {
            case .send(let stream, let remote, let payloadType):
                streams[stream].remoteAddress = remote.address
                streams[stream].remotePort = remote.port
                streams[stream].payloadType = payloadType
                streams[stream].isActive = true
            case .silence(let stream): streams[stream].isActive = false
            case .openWindow:
                current = Result()
                for index in streams.indices {
                    streams[index].clear()
                    if streams[index].isActive { streams[index].windowBegin = streams[index].nextNumber }
                }
            case .closeWindow:
                for index in streams.indices where streams[index].windowBegin != nil {
                    streams[index].windowEnd = streams[index].nextNumber
                }
            case .takeResult: conclude()
            case .end: return false
            }
        }
        return true
    }

    private func conclude() {
        for index in streams.indices where streams[index].windowBegin != nil {
            current.streams += 1
            current.sent += streams[index].sent
            current.received += streams[index].received
            current.duplicates += streams[index].duplicates
            current.reordered += streams[index].reordered
            current.strays += streams[index].strays
        }
        for index in streams.indices { streams[index].clear() }
        current.sendFailures = sockets.reduce(0) { $0 + $1.sendFailures }
        results.withLock { [current] in $0.append(current) }
        current = Result()
    }
}
