// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Glibc
import Synchronization

@testable import MediaEngine

/// An engine without threads: the test is the media thread, or several of them in turn, and owns the clock. Sockets are
/// real, on loopback, where a datagram has arrived when the sending call returns.
final class Studio {
    let engine: MediaEngine
    let door: EngineDoor
    let threads: [MediaThread]
    /// The first, or only one.
    var thread: MediaThread { threads[0] }
    let service: ServiceThread
    /// While false, decoders that were asked for are not made.
    var serves = true
    var core: MediaCore { thread.core.pointee }
    var now: Int64 = 1_000_000_000_000
    /// Threads tick at moments of their own.
    private var nextTick: [Int64]
    var events: [MediaEvent] = []
    private let marks = UnsafeMutablePointer<UInt64>.allocate(capacity: 256)

    init(jitterMilliseconds: Int = 40, threads count: Int = 1) throws {
        let configuration = MediaConfiguration(
            threads: count, address: "127.0.0.1", ports: Studio.ports(), jitterMilliseconds: jitterMilliseconds,
            legsPerShard: 256)
        engine = try MediaEngine(configuration: configuration)
        door = engine.door(forShard: 0)
        threads = engine.threads
        service = ServiceThread(threads: engine.threads, shardEvents: [], configuration: configuration) { _ in }
        let start = now
        nextTick = (0..<count).map { start + 20_000_000 - Int64($0) * 7_000_000 }
    }

    deinit { marks.deallocate() }

    /// Tests run side by side: each takes its own range, so that a phone whose leg is closed does not speak to another's.
    private static func ports() -> ClosedRange<UInt16> {
        let turn = UInt16(lastRange.add(1, ordering: .relaxed).newValue % 25)
        return 20_000 + turn * 1_000...20_999 + turn * 1_000
    }

    private static let lastRange = Atomic<Int>(0)

    /// Commands take effect and everything that waits in sockets is handled.
    func settle() {
        for _ in 0..<200 {
            var count = 0
            for index in threads.indices { count += turn(index) }
            if count == 0 { break }
        }
        for thread in threads { thread.core.pointee.signal() }
        door.drain { events.append($0) }
    }

    /// One turn of a thread: its commands, then what is ready; how much that was.
    @discardableResult
    func turn(_ index: Int) -> Int {
        let thread = threads[index]
        let core = thread.core.pointee
        core.state.pointee.now = now
        core.process()
        if serves {
            service.serve(thread)
            core.process()
        }
        let count = thread.poll(core, marks, timeoutMilliseconds: 0)
        thread.dispatch(core, marks, count)
        return count
    }

    /// A room on a thread of the test's choice.
    func room(on thread: Int) throws -> MediaRoom {
        for affinity: UInt64 in 0..<10_000 {
            let room = try door.openRoom(callAffinity: affinity)
            if Handle(rawValue: room.rawValue).thread == thread { return room }
            door.close(room)
        }
        throw MediaError.exhausted("numbers")
    }

    /// Lets time pass, a tick every 20 ms.
    func run(milliseconds: Int) {
        for _ in 0..<milliseconds {
            now += 1_000_000
            settle()
            for index in threads.indices where now >= nextTick[index] {
                threads[index].core.pointee.tick()
                nextTick[index] += 20_000_000
                settle()
            }
        }
    }

    /// A leg of a room that talks with `phone`.
    func leg(
        _ phone: Phone, in room: MediaRoom, codec: MediaCodec = .pcma, events: UInt8? = 101, sends: Bool = true,
        receives: Bool = true, timeout: Duration? = nil
    ) throws -> MediaLeg {
        let (leg, port) = try door.openLeg(in: room)
        phone.target = port
        phone.codec = codec
        phone.eventType = events
        door.configure(
            leg,
            media(phone, codec: codec, events: events, sends: sends, receives: receives, timeout: timeout))
        settle()
        return leg
    }

    func media(
        _ phone: Phone, codec: MediaCodec = .pcma, events: UInt8? = 101, sends: Bool = true, receives: Bool = true,
        timeout: Duration? = nil
    ) -> LegMedia {
        let type: UInt8 = codec == .pcma ? 8 : 0
        return LegMedia(
            codec: codec, sendPayloadType: type, receivePayloadType: type, sendEventPayloadType: events,
            receiveEventPayloadType: events, remoteAddress: "127.0.0.1", remotePort: phone.port, sends: sends,
            receives: receives, timeout: timeout)
    }
}

struct Packet: Equatable {
    var type: UInt8 = 8
    var marker = false
    var sequence: UInt16
    var timestamp: UInt32
    var ssrc: UInt32
    var payload: [UInt8]
}

/// The far side: a UDP socket that speaks RTP as told.
final class Phone {
    let socket: Int32
    let port: UInt16
    var target: UInt16 = 0
    var codec = MediaCodec.pcma
    var eventType: UInt8?
    var sequence: UInt16
    var timestamp: UInt32
    var ssrc: UInt32

    init(ssrc: UInt32 = 0x1111_1111, sequence: UInt16 = 100, timestamp: UInt32 = 5000) {
        self.ssrc = ssrc
        self.sequence = sequence
        self.timestamp = timestamp
        let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        self.socket = socket
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = Glibc.bind(socket, $0, length)
                _ = getsockname(socket, $0, &length)
            }
        }
        port = UInt16(bigEndian: name.sin_port)
    }

    deinit { close(socket) }

    func sendRaw(_ bytes: [UInt8]) {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = inet_addr("127.0.0.1")
        name.sin_port = target.bigEndian
        withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(socket, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Sends the next packet of the stream.
    func speak(_ payload: [UInt8], type: UInt8? = nil, marker: Bool = false) {
        send(
            Packet(
                type: type ?? (codec == .pcma ? 8 : 0), marker: marker, sequence: sequence, timestamp: timestamp,
                ssrc: ssrc, payload: payload))
        sequence &+= 1
        timestamp &+= UInt32(payload.count)
    }

    /// Sends an RTCP packet to the leg's odd port, from an address of this host: an empty receiver report by default.
    func report(_ bytes: [UInt8] = [0x80, 201, 0, 1, 0, 0, 0, 1], from host: String = "127.0.0.1") {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(socket) }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = inet_addr(host)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = Glibc.bind(socket, $0, length) }
        }
        name.sin_addr.s_addr = inet_addr("127.0.0.1")
        name.sin_port = (target + 1).bigEndian
        withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(socket, bytes, bytes.count, 0, $0, length)
            }
        }
    }

    func send(_ packet: Packet) { sendRaw(Self.bytes(packet)) }

    static func bytes(_ packet: Packet) -> [UInt8] {
        var bytes: [UInt8] = [0x80, packet.type | (packet.marker ? 0x80 : 0)]
        bytes += [UInt8(packet.sequence >> 8), UInt8(packet.sequence & 255)]
        for word in [packet.timestamp, packet.ssrc] {
            for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        return bytes + packet.payload
    }

    /// What has come, in order.
    func heard() -> [Packet] {
        var packets: [Packet] = []
        var buffer = [UInt8](repeating: 0, count: 2000)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count >= 12 else { return packets }
            func word(_ at: Int) -> UInt32 { (0..<4).reduce(0) { $0 << 8 | UInt32(buffer[at + $1]) } }
            packets.append(
                Packet(
                    type: buffer[1] & 0x7F, marker: buffer[1] & 0x80 != 0,
                    sequence: UInt16(buffer[2]) << 8 | UInt16(buffer[3]), timestamp: word(4), ssrc: word(8),
                    payload: Array(buffer[12..<count])))
        }
    }
}

extension Studio {
    var digits: String {
        String(events.compactMap { if case .digit(_, let press, _) = $0 { press.key } else { nil } })
    }
}
