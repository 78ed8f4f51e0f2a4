// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Synchronization
internal import Threads
internal import Timing

/// A thread that runs blocking work in order, so that call control never waits for a file.
/// Bound: 1024 requests; `run` says false beyond it.
final class RequestQueue: Sendable {
    private struct State {
        var work: [@Sendable () -> Void] = []
        var isRunning = false
        /// When the thread began what it is at.
        var busySince: Instant?
    }

    private static let mostRequests = 1024
    /// A disk that takes longer for one request hangs.
    private static let patience: Duration = .milliseconds(500)

    private let state = Mutex(State())
    private let now: @Sendable () -> Instant

    init(now: @escaping @Sendable () -> Instant) { self.now = now }

    var isBusy: Bool { state.withLock { $0.busySince != nil } }

    /// Whether what is queued now would have to wait for a disk that hangs.
    var isStalled: Bool {
        let now = now()
        return state.withLock { state in
            guard let busySince = state.busySince else { return false }
            return busySince.duration(to: now) > Self.patience
        }
    }

    /// Queues `work`; a thread is started when none runs and ends when the queue is empty.
    func run(_ work: @escaping @Sendable () -> Void) -> Bool {
        enum Outcome { case full, queued, start }
        let outcome: Outcome = state.withLock { state in
            guard state.work.count < Self.mostRequests else { return .full }
            state.work.append(work)
            if state.isRunning { return .queued }
            state.isRunning = true
            return .start
        }
        switch outcome {
        case .full: return false
        case .queued: return true
        case .start: return startThread()
        }
    }

    private func startThread() -> Bool {
        if PlainThread({ [self] in work() }) != nil { return true }
        state.withLock { $0.isRunning = false }
        return false
    }

    private func work() {
        while true {
            let batch = state.withLock { state in
                let batch = state.work
                state.work = []
                if batch.isEmpty { state.isRunning = false }
                return batch
            }
            if batch.isEmpty { return }
            for item in batch {
                let now = now()
                state.withLock { $0.busySince = now }
                item()
                state.withLock { $0.busySince = nil }
            }
        }
    }
}
