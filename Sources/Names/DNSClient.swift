// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc
internal import Timing

/// Puts one question at a time to the name servers over UDP, and over TCP what a datagram could not hold (RFC 1035 §4.2).
/// Blocks its thread.
///
/// Each question has a socket and so a source port of its own, a drawn number, and takes an answer from the server asked
/// and to this very question only: a forger has to guess both (RFC 5452).
struct DNSClient {
    var servers: [ResolverConfiguration.Server]
    /// For one server's answer.
    var patience = Duration.seconds(2)
    /// How often all servers are asked.
    var rounds = 2
    private var entropy = Entropy.system

    init(servers: [ResolverConfiguration.Server]) { self.servers = servers }

    /// The records of the answer, those of CNAMEs included; empty when there is no such name or record.
    mutating func ask(_ question: DNSQuestion) -> Result<[DNSRecord], NameFailure> {
        var failure = NameFailure.noAnswer(question.name)
        for _ in 0..<max(rounds, 1) {
            for server in servers {
                let id = UInt16(truncatingIfNeeded: entropy.next())
                guard let bytes = DNSMessage.question(question, id: id) else {
                    return .failure(.noSuchName(question.name))
                }
                let deadline = Instant.now().advanced(by: patience)
                var answer = exchange(bytes, question, id, server, over: SOCK_DGRAM, until: deadline)
                if answer?.isTruncated == true {
                    answer = exchange(
                        bytes, question, id, server, over: SOCK_STREAM, until: .now().advanced(by: patience))
                }
                guard let answer else { continue }
                switch answer.code {
                case 0, 3: return .success(answer.records)
                default: failure = .refused(question.name, code: answer.code)
                }
            }
        }
        return .failure(failure)
    }

    private func exchange(
        _ bytes: [UInt8], _ question: DNSQuestion, _ id: UInt16, _ server: ResolverConfiguration.Server,
        over type: __socket_type, until deadline: Instant
    ) -> DNSMessage.Answer? {
        guard let socket = DNSSocket(server, type, until: deadline) else { return nil }
        defer { socket.close() }
        let isStream = type == SOCK_STREAM
        guard socket.send(isStream ? [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes : bytes) else {
            return nil
        }
        while true {
            guard let reply = isStream ? socket.message() : socket.datagram() else { return nil }
            // A datagram that is no answer to the question may be a forger's: the true one is still to come.
            if let answer = DNSMessage.answer(reply, to: question, id: id) { return answer }
            if isStream { return nil }
        }
    }
}

/// A socket to one name server that gives up at a deadline.
private struct DNSSocket {
    let descriptor: Int32
    let deadline: Instant

    init?(_ server: ResolverConfiguration.Server, _ type: __socket_type, until deadline: Instant) {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(type.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(server.address, String(server.port), &hints, &list) == 0, let first = list else { return nil }
        defer { freeaddrinfo(first) }
        let descriptor = socket(
            first.pointee.ai_family, Int32(type.rawValue) | O_NONBLOCK | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        self.deadline = deadline
        if connect(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0 { return }
        guard errno == EINPROGRESS, wait(POLLOUT) else {
            Glibc.close(descriptor)
            return nil
        }
    }

    func close() { Glibc.close(descriptor) }

    private func wait(_ events: Int32) -> Bool {
        while true {
            let left = Instant.now().duration(to: deadline).milliseconds
            guard left > 0 else { return false }
            var one = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let count = poll(&one, 1, Int32(clamping: left))
            if count > 0 { return true }
            if count == 0 || errno != EINTR { return false }
        }
    }

    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.send(
                    descriptor, raw.baseAddress.map { $0 + sent }, raw.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno == EAGAIN {
                guard wait(POLLOUT) else { return false }
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    /// nil when none comes in time, or ICMP says that nobody is there.
    func datagram() -> [UInt8]? { read(atMost: 4_096) }

    /// A message of a stream: two bytes of length before it (RFC 1035 §4.2.2).
    func message() -> [UInt8]? {
        guard let head = whole(2) else { return nil }
        return whole(Int(head[0]) << 8 | Int(head[1]))
    }

    private func whole(_ count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard let more = read(atMost: count - bytes.count), !more.isEmpty else { return nil }
            bytes += more
        }
        return bytes
    }

    private func read(atMost count: Int) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        while true {
            let got = recv(descriptor, &buffer, buffer.count, 0)
            if got >= 0 { return Array(buffer[..<got]) }
            if errno == EINTR { continue }
            guard errno == EAGAIN, wait(POLLIN) else { return nil }
        }
    }
}
