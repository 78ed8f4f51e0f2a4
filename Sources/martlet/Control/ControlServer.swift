// SPDX-License-Identifier: AGPL-3.0-or-later
import Dispatch
import Foundation
import Glibc
import Synchronization

/// Listens on the control socket (0600) on a thread of its own and answers one request at a time.
///
/// Whoever connects has two seconds in all to ask, and as long to take the answer, so that a client that dawdles
/// holds the next one up no longer than that.
final class ControlServer: Sendable {
    typealias Handler = @Sendable (ControlRequest) async -> ControlReply

    private static let patience = Duration.seconds(2)

    /// Closed by the thread that accepts on it, so that its number is not another's while it is in use.
    private let descriptor: Int32
    private let path: String
    private let handler: Handler
    private let isEnding = Mutex(false)

    init(dataFolder: String, handler: @escaping Handler) throws(ControlError) {
        try ControlSocket.checkPath(inData: dataFolder)
        path = ControlSocket.path(inData: dataFolder)
        self.handler = handler
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        // Left by a process that was killed: the data folder is ours, so nobody listens there.
        unlink(path)
        // The file is made with the socket's own mode (unix(7)). Not by umask, which is the whole process's: a folder that
        // another thread made at that moment could not be entered.
        fchmod(descriptor, 0o600)
        let bound = ControlSocket.withAddress(path) { [descriptor] in bind(descriptor, $0, $1) }
        guard bound == 0, listen(descriptor, 16) == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw ControlError("cannot listen on \(path): \(reason)")
        }
    }

    /// Once.
    func start() {
        let thread = Thread { [self] in serve() }
        thread.name = "control"
        thread.start()
    }

    func stop() {
        isEnding.withLock { $0 = true }
        shutdown(descriptor, Int32(SHUT_RDWR))
        unlink(path)
    }

    private func serve() {
        defer { close(descriptor) }
        while !isEnding.withLock({ $0 }) {
            let client = accept(descriptor, nil, nil)
            if client < 0 {
                switch errno {
                case EINTR, ECONNABORTED: continue
                case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                    // The house is full for the moment; the client waits in the backlog.
                    usleep(100_000)
                    continue
                default: return
                }
            }
            answer(client)
            close(client)
        }
    }

    private func answer(_ client: Int32) {
        guard
            let line = ControlSocket.readLine(
                client, limit: ControlSocket.longestRequest, within: Self.patience)
        else { return }
        let reply: ControlReply
        if let request = try? JSONDecoder().decode(ControlRequest.self, from: Data(line)) {
            reply = wait { await self.handler(request) }
        } else {
            reply = ControlReply(error: "the request is not understood")
        }
        guard let bytes = try? JSONEncoder().encode(reply) else { return }
        ControlSocket.writeAll(client, Array(bytes) + [0x0A], within: Self.patience)
    }

    /// This thread is the control channel's own, so it may wait.
    private func wait(_ body: @escaping @Sendable () async -> ControlReply) -> ControlReply {
        let box = ReplyBox()
        let done = DispatchSemaphore(value: 0)
        // Before whatever else waits for the task pool: an admin asks because something is slow.
        Task.detached(priority: .high) {
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
