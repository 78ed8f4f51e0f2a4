// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc
internal import Synchronization

/// A POSIX thread that runs one closure: for what may block (files, databases) and for media, which must not share
/// the concurrency runtime's pool.
public final class PlainThread: Sendable {
    private let handle: Mutex<pthread_t?>

    /// Starts the thread; nil when the system has none to give.
    ///
    /// - Parameter body: runs on the thread and is released when it returns.
    public init?(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Body(body)).toOpaque()
        var thread = pthread_t()
        let failed = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, box)
        guard failed == 0 else {
            Unmanaged<Body>.fromOpaque(box).release()
            return nil
        }
        handle = Mutex(thread)
    }

    /// Waits for the body's end. Later calls return at once. Never from the thread itself.
    public func join() {
        let thread = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        if let thread { pthread_join(thread, nil) }
    }

    /// What nobody joined cleans up after itself.
    deinit {
        if let thread = handle.withLock({ $0 }) { pthread_detach(thread) }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
