// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Synchronization
import Threads

/// A name server on 127.0.0.1, UDP and TCP on one port, that answers as a test tells it to.
final class FakeNameServer: Sendable {
    /// Gives the bytes that follow number and flags of the answer; nil for silence.
    typealias Answering = @Sendable (_ question: [UInt8], _ isStream: Bool) -> [[UInt8]]

    let port: UInt16
    private let datagrams: Int32
    private let streams: Int32
    private let isOver = Atomic<Bool>(false)
    private let count = Atomic<Int>(0)
    private let answering: Answering

    var questions: Int { count.load(ordering: .relaxed) }

    init(_ answering: @escaping Answering) {
        self.answering = answering
        // The same port is wanted twice: tried until both are had.
        var found: (UInt16, Int32, Int32)?
        while found == nil {
            let udp = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
            let tcp = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
            let port = FakeNameServer.bind(udp, 0) ?? 0
            if FakeNameServer.bind(tcp, port) != nil, listen(tcp, 4) == 0 {
                found = (port, udp, tcp)
            } else {
                close(udp)
                close(tcp)
            }
        }
        (port, datagrams, streams) = found ?? (0, -1, -1)
        _ = PlainThread { [self] in serve() }
    }

    func stop() { isOver.store(true, ordering: .relaxed) }

    private static func bind(_ descriptor: Int32, _ port: UInt16) -> UInt16? {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard Glibc.bind(descriptor, generic, size) == 0, getsockname(descriptor, generic, &size) == 0 else {
                    return nil
                }
                return UInt16(bigEndian: pointer.pointee.sin_port)
            }
        }
    }

    private func serve() {
        while !isOver.load(ordering: .relaxed) {
            var both = [
                pollfd(fd: datagrams, events: Int16(POLLIN), revents: 0),
                pollfd(fd: streams, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&both, 2, 50) > 0 else { continue }
            if both[0].revents != 0 { answerDatagram() }
            if both[1].revents != 0 { answerStream() }
        }
        close(datagrams)
        close(streams)
    }

    private func answerDatagram() {
        var buffer = [UInt8](repeating: 0, count: 2_048)
        var peer = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutablePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                let got = recvfrom(datagrams, &buffer, buffer.count, 0, name, &size)
                guard got > 0 else { return }
                count.wrappingAdd(1, ordering: .relaxed)
                for answer in answering(Array(buffer[..<got]), false) {
                    _ = sendto(datagrams, answer, answer.count, 0, name, size)
                }
            }
        }
    }

    private func answerStream() {
        let client = accept(streams, nil, nil)
        guard client >= 0 else { return }
        defer { close(client) }
        var buffer = [UInt8](repeating: 0, count: 2_048)
        let got = recv(client, &buffer, buffer.count, 0)
        guard got > 2 else { return }
        count.wrappingAdd(1, ordering: .relaxed)
        for answer in answering(Array(buffer[2..<got]), true) {
            let framed = [UInt8(answer.count >> 8), UInt8(answer.count & 0xFF)] + answer
            // In two pieces, as a stream may come.
            _ = send(client, framed, 1, Int32(MSG_NOSIGNAL))
            _ = send(client, Array(framed[1...]), framed.count - 1, Int32(MSG_NOSIGNAL))
        }
    }

    /// An answer to a question: its number and its question again, with records of the question's own name.
    static func answer(_ question: [UInt8], code: UInt8 = 0, truncated: Bool = false, _ records: [[UInt8]]) -> [UInt8] {
        question[0..<2] + [0x81 | (truncated ? 2 : 0), 0x80 | code, 0, 1, 0, UInt8(records.count), 0, 0, 0, 0]
            + question[12...] + records.flatMap { $0 }
    }

    static func address(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> [UInt8] {
        [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, a, b, c, d]
    }

    static func isForAddresses(_ question: [UInt8]) -> Bool { question[question.count - 3] == 1 }
}
