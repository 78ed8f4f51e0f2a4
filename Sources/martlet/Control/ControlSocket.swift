// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc
import Timing

/// Plain Unix-domain sockets for the control channel, one request and one reply a connection.
enum ControlSocket {
    static func path(inData folder: String) -> String { folder + "/control.sock" }

    /// Longest request and reply, in bytes.
    static let longestRequest = 4096
    static let longestReply = 64 << 20

    /// Runs `body` with the address of a socket path; nil when the path is too long (107 bytes).
    static func withAddress<T>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// Throws when the socket of a data folder would have a path that no socket can have.
    static func checkPath(inData folder: String) throws(ControlError) {
        let path = path(inData: folder)
        guard withAddress(path, { _, _ in true }) == nil else { return }
        throw ControlError("the path \(path) is too long for a socket; choose a shorter data folder")
    }

    /// Waits until the descriptor is ready; false at the deadline.
    private static func wait(_ descriptor: Int32, for events: Int32, until deadline: Instant) -> Bool {
        while true {
            let left = Instant.now().duration(to: deadline).milliseconds
            guard left > 0 else { return false }
            var entry = pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0)
            let count = poll(&entry, 1, Int32(clamping: left))
            if count > 0 { return true }
            if count < 0, errno != EINTR { return false }
        }
    }

    /// Reads up to a newline or the end; nil when that takes longer than `time` in all, or `limit` bytes.
    static func readLine(_ descriptor: Int32, limit: Int, within time: Duration) -> [UInt8]? {
        let deadline = Instant.now().advanced(by: time)
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while line.count < limit {
            guard wait(descriptor, for: Int32(POLLIN), until: deadline) else { return nil }
            let got = read(descriptor, &chunk, chunk.count)
            if got < 0, errno == EINTR { continue }
            if got < 0 { return nil }
            if got == 0 { break }
            line.append(contentsOf: chunk.prefix(got))
            if line.last == 0x0A { break }
        }
        return line.count < limit ? line : nil
    }

    /// Writes what goes within `time` in all.
    static func writeAll(_ descriptor: Int32, _ bytes: [UInt8], within time: Duration) {
        let deadline = Instant.now().advanced(by: time)
        var sent = 0
        while sent < bytes.count, wait(descriptor, for: Int32(POLLOUT), until: deadline) {
            let got = bytes.withUnsafeBytes { raw in
                send(
                    descriptor, raw.baseAddress.map { $0 + sent }, bytes.count - sent,
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if got < 0, errno == EINTR || errno == EAGAIN { continue }
            if got <= 0 { return }
            sent += got
        }
    }

    /// Asks a running switch.
    static func ask(_ request: ControlRequest, data folder: String) throws -> ControlReply {
        try checkPath(inData: folder)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ControlError("no socket: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        // A full backlog holds connect up.
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        let path = path(inData: folder)
        guard withAddress(path, { connect(descriptor, $0, $1) }) == 0 else {
            let reason = String(cString: strerror(errno))
            throw ControlError("no switch answers at \(path) (\(reason)); is 'martlet serve --data \(folder)' running?")
        }
        writeAll(descriptor, try Array(JSONEncoder().encode(request)) + [0x0A], within: .seconds(10))
        guard let line = readLine(descriptor, limit: longestReply, within: .seconds(10)), !line.isEmpty else {
            throw ControlError("the switch did not answer within 10 s")
        }
        let reply = try JSONDecoder().decode(ControlReply.self, from: Data(line))
        if let error = reply.error { throw ControlError(error) }
        return reply
    }
}

struct ControlError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
