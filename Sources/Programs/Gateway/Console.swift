// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Lines out and lines in. Events are one write each, so that they never mix.
final class Console: Sendable {
    func print(_ line: String) {
        var bytes = Array(line.utf8)
        bytes.append(0x0A)
        var at = 0
        while at < bytes.count {
            let count = bytes[at...].withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return }
            at += count
        }
    }

    /// What is typed, a line each; at most 1,024 wait, further ones are typed into a full buffer and lost.
    /// Ends with the input, or with SIGINT or SIGTERM, which come as nil.
    func lines(endsWithInput: Bool) -> AsyncStream<String?> {
        AsyncStream(bufferingPolicy: .bufferingOldest(1_024)) { continuation in
            Console.thread {
                while let line = readLine() { continuation.yield(line) }
                if endsWithInput { continuation.finish() }
            }
            for number in [SIGINT, SIGTERM] {
                // Ignored by every thread, and told to a source instead, which holds itself by its handler.
                signal(number, SIG_IGN)
                nonisolated(unsafe) let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler {
                    withExtendedLifetime(source) {
                        continuation.yield(nil)
                        continuation.finish()
                    }
                }
                source.resume()
            }
        }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private static func thread(_ run: @escaping @Sendable () -> Void) {
        let body = Unmanaged.passRetained(Body(run))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { raw in
                if let raw { Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run() }
                return nil
            }, body.toOpaque())
        if code == 0 { pthread_detach(thread) } else { body.release() }
    }
}
