// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc
import Synchronization

/// A telephone without sound: SIPp does its signalling, and every RTP packet it sends is made by the test and every one it
/// receives is kept.
final class RawPhone: Sendable {
    struct Packet {
        let payloadType: UInt8
        let sequence: UInt16
        let timestamp: UInt32
        let payload: [UInt8]
        /// When it came, in nanoseconds of the monotonic clock.
        let at: Int64
    }

    enum Law: UInt8 {
        case mu = 0
        case a = 8

        var name: String { self == .a ? "PCMA" : "PCMU" }
        var silence: UInt8 { self == .a ? 0xd5 : 0xff }
        /// The loudest positive sample.
        var loudest: UInt8 { self == .a ? 0xaa : 0x80 }
    }

    static let frame = 160

    let mediaPort: UInt16
    let law: Law
    private let descriptor: Int32
    private struct Traffic {
        var received: [Packet] = []
        /// When each packet left and when it should have, in nanoseconds of the monotonic clock.
        var sent: [Int64] = []
        var due: [Int64] = []
    }
    private let traffic = Mutex(Traffic())
    private let isOver = Atomic<Bool>(false)

    init(law: Law) throws {
        self.law = law
        mediaPort = try Loopback.freePorts()
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var patience = timeval(tv_sec: 0, tv_usec: 100_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard Loopback.withAddress(mediaPort, { bind(descriptor, $0, $1) }) == 0 else {
            throw ScenarioError("port \(mediaPort) is taken")
        }
        Thread.detachNewThread { [self] in
            while receive() {}
        }
    }

    deinit { close(descriptor) }

    /// Ends its threads; what was received stays.
    func end() { isOver.store(true, ordering: .relaxed) }

    var received: [Packet] { traffic.withLock { $0.received } }

    /// When each packet left, in nanoseconds of the monotonic clock.
    var sent: [Int64] { traffic.withLock { $0.sent } }

    /// When each packet was due, by the same clock.
    var due: [Int64] { traffic.withLock { $0.due } }

    /// How long the machine kept a packet waiting at most, in seconds.
    var lateness: Double { traffic.withLock { zip($0.sent, $0.due).map { Double($0 - $1) / 1e9 }.max() ?? 0 } }

    // MARK: Speech

    /// Sends the payloads, one each 20 ms, to a port on loopback, from a thread with a clock of its own; in real time
    /// where the system allows it, or like any other program (`isPunctual` false).
    func send(_ payloads: [[UInt8]], to port: UInt16, isPunctual: Bool = true) {
        Thread.detachNewThread { [self] in
            if isPunctual {
                var priority = sched_param()
                priority.sched_priority = 5
                _ = pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority)
            }
            var due = timespec()
            clock_gettime(CLOCK_MONOTONIC, &due)
            var sequence = UInt16.random(in: 0 ... .max)
            var timestamp = UInt32.random(in: 0 ... .max)
            let source = UInt32.random(in: 0 ... .max)
            for (index, payload) in payloads.enumerated() where !isOver.load(ordering: .relaxed) {
                while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nil) == EINTR {}
                var packet: [UInt8] = [0x80, law.rawValue | (index == 0 ? 0x80 : 0)]
                withUnsafeBytes(of: sequence.bigEndian) { packet += $0 }
                withUnsafeBytes(of: timestamp.bigEndian) { packet += $0 }
                withUnsafeBytes(of: source.bigEndian) { packet += $0 }
                packet += payload
                traffic.withLock {
                    $0.sent.append(RawPhone.clock())
                    $0.due.append(Int64(due.tv_sec) * 1_000_000_000 + Int64(due.tv_nsec))
                }
                _ = Loopback.withAddress(port) { sendto(descriptor, packet, packet.count, 0, $0, $1) }
                sequence &+= 1
                timestamp &+= UInt32(payload.count)
                due.tv_nsec += 20_000_000
                if due.tv_nsec >= 1_000_000_000 {
                    due.tv_nsec -= 1_000_000_000
                    due.tv_sec += 1
                }
            }
        }
    }

    static func clock() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private func receive() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 2048)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard !isOver.load(ordering: .relaxed) else { return false }
        guard count >= 12, bytes[0] == 0x80 else { return true }
        let packet = Packet(
            payloadType: bytes[1] & 0x7f, sequence: UInt16(bytes[2]) << 8 | UInt16(bytes[3]),
            timestamp: bytes[4..<8].reduce(0) { $0 << 8 | UInt32($1) }, payload: Array(bytes[12..<count]),
            at: RawPhone.clock())
        traffic.withLock { $0.received.append(packet) }
        return true
    }

    // MARK: Signalling

    /// Who ends the call, and how long after the answer.
    enum Ending {
        case hangsUp(after: Duration)
        case waits
    }

    /// One of the scenarios in `sipp/` with this phone's media in it.
    func plays(_ seat: String, calling callee: String = "", ending: Ending, at exchange: SwitchUnderTest) async throws
        -> Signalling
    {
        let isCaller = !callee.isEmpty
        let scenario: String
        var length = Duration.zero
        switch ending {
        case .hangsUp(let after):
            scenario = isCaller ? "caller-hangs-up" : "callee-hangs-up"
            length = after
        case .waits: scenario = isCaller ? "caller-waits" : "callee-answers"
        }
        let role = SIPp.Role(seat: seat, port: try Loopback.freePorts())
        if !isCaller { try await exchange.sipp("register", role).succeeds() }
        var text = try String(contentsOf: SIPp.folder.appending(path: "\(scenario).xml"), encoding: .utf8)
        if let start = text.range(of: "<nop>"), let end = text.range(of: "</nop>") {
            text.removeSubrange(start.lowerBound..<end.upperBound)
        }
        let milliseconds = length.components.seconds * 1000 + length.components.attoseconds / 1_000_000_000_000_000
        for (old, new) in [
            ("[media_port]", "\(mediaPort)"), ("RTP/AVP 8 101", "RTP/AVP \(law.rawValue) 101"),
            ("rtpmap:8 PCMA", "rtpmap:\(law.rawValue) \(law.name)"),
            ("<pause milliseconds=\"2000\"/>", "<pause milliseconds=\"\(milliseconds)\"/>"),
        ] {
            text = text.replacingOccurrences(of: old, with: new)
        }
        let stem = "raw-\(seat)-\(UInt32.random(in: 0...99_999))"
        let file = exchange.place.folder.appending(path: "\(stem).xml")
        try text.write(to: file, atomically: true, encoding: .utf8)
        let messages = exchange.place.folder.appending(path: "\(stem).messages")
        let process = try Child(
            "sipp",
            [
                "-sf", file.path(percentEncoded: false), "-i", Loopback.address, "-p", String(role.port ?? 0),
                "-mp", String(try Loopback.freePorts()), "-m", "1", "-nostdin", "-timeout", "30s", "-timeout_error",
                "-trace_msg", "-message_file", messages.path(percentEncoded: false), "-s", seat, "-au", seat,
                "-ap", try exchange.secret(of: seat), "-key", "callee", callee,
                "\(Loopback.address):\(exchange.port)",
            ], in: exchange.place.folder, name: stem)
        // SIPp says nothing when it begins to listen.
        if !isCaller { try await Task.sleep(for: .milliseconds(300)) }
        return Signalling(process: process, messages: messages)
    }

    /// The SIP side of a call, in the hands of SIPp.
    struct Signalling {
        let process: Child
        let messages: URL

        private var texts: [String] {
            let text = (try? String(decoding: Data(contentsOf: messages), as: UTF8.self)) ?? ""
            return text.split(separator: "-----------------------------------------------").map(String.init)
        }

        /// The switch's port for this phone's speech, once it has said so; `after` is a message that must have arrived too.
        func switchMediaPort(after what: String) async throws -> UInt16 {
            try await eventually("'\(what)' and a media port", within: .seconds(8)) {
                if let exit = process.exit, exit != .code(0) {
                    throw ScenarioError("SIPp ended \(exit): \(process.output.suffix(1500))\n\(texts.suffix(3))")
                }
                let arrived = texts.filter { $0.contains("message received") }
                guard arrived.contains(where: { $0.contains(what) }) else { return nil }
                let line = arrived.last { $0.contains("m=audio ") }?.split(whereSeparator: \.isNewline).first {
                    $0.hasPrefix("m=audio ")
                }
                return line.flatMap { UInt16($0.split(separator: " ")[1]) }
            }
        }

        func succeeds() async throws {
            guard try await process.ends(within: .seconds(20)) == .code(0) else {
                throw ScenarioError("\(process.output.suffix(1500))\n\(texts.suffix(4).joined())")
            }
        }
    }
}
