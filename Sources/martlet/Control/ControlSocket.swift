// SPDX-License-Identifier: AGPL-3.0-or-later
import Dispatch
import Foundation
import Glibc

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

    static func setTimeout(_ descriptor: Int32, seconds: Int) {
        var timeout = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
    }

    /// Reads up to a newline or the end.
    static func readLine(_ descriptor: Int32, limit: Int) -> [UInt8]? {
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while line.count < limit {
            let got = read(descriptor, &chunk, chunk.count)
            if got < 0 { return nil }
            if got == 0 { break }
            line.append(contentsOf: chunk.prefix(got))
            if line.last == 0x0A { break }
        }
        return line.count < limit ? line : nil
    }

    static func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let got = bytes.withUnsafeBytes { raw in
                send(descriptor, raw.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if got <= 0 { return }
            sent += got
        }
    }

    /// Asks a running switch.
    static func ask(_ request: ControlRequest, data folder: String) throws -> ControlReply {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw ControlError("no socket: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        setTimeout(descriptor, seconds: 10)
        let path = path(inData: folder)
        guard let result = withAddress(path, { connect(descriptor, $0, $1) }) else {
            throw ControlError("the path \(path) is too long for a socket; choose a shorter data folder")
        }
        guard result == 0 else {
            let reason = String(cString: strerror(errno))
            throw ControlError("no switch answers at \(path) (\(reason)); is 'martlet serve --data \(folder)' running?")
        }
        writeAll(descriptor, try Array(JSONEncoder().encode(request)) + [0x0A])
        guard let line = readLine(descriptor, limit: longestReply), !line.isEmpty else {
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

/// Listens on the control socket (0600) on a thread of its own and answers one request at a time.
final class ControlServer: Sendable {
    typealias Handler = @Sendable (ControlRequest) async -> ControlReply

    private let descriptor: Int32
    private let path: String
    private let handler: Handler

    init(dataFolder: String, handler: @escaping Handler) throws {
        path = ControlSocket.path(inData: dataFolder)
        self.handler = handler
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        unlink(path)
        let mask = umask(0o177)
        let bound = ControlSocket.withAddress(path) { [descriptor] in bind(descriptor, $0, $1) }
        umask(mask)
        guard bound == 0, listen(descriptor, 16) == 0 else {
            let reason = bound == nil ? "the path is too long" : String(cString: strerror(errno))
            throw ControlError("cannot listen on \(path): \(reason)")
        }
    }

    func start() {
        let thread = Thread { [self] in serve() }
        thread.name = "control"
        thread.start()
    }

    func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
        unlink(path)
    }

    private func serve() {
        while true {
            let client = accept(descriptor, nil, nil)
            if client < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                return
            }
            answer(client)
            close(client)
        }
    }

    private func answer(_ client: Int32) {
        ControlSocket.setTimeout(client, seconds: 2)
        guard let line = ControlSocket.readLine(client, limit: ControlSocket.longestRequest) else { return }
        let reply: ControlReply
        if let request = try? JSONDecoder().decode(ControlRequest.self, from: Data(line)) {
            reply = wait { await self.handler(request) }
        } else {
            reply = ControlReply(error: "the request is not understood")
        }
        guard let bytes = try? JSONEncoder().encode(reply) else { return }
        ControlSocket.writeAll(client, Array(bytes) + [0x0A])
    }

    /// This thread is the control channel's own, so it may wait.
    private func wait(_ body: @escaping @Sendable () async -> ControlReply) -> ControlReply {
        let box = ReplyBox()
        let done = DispatchSemaphore(value: 0)
        Task.detached {
            box.reply = await body()
            done.signal()
        }
        done.wait()
        return box.reply
    }
}

/// Written before the semaphore's signal and read after its wait.
private final class ReplyBox: @unchecked Sendable {
    var reply = ControlReply(error: "no reply")
}
