// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Synchronization

/// Runs jobs one after another on the thread that calls `drain`: a shard under test does nothing
/// between two steps of simulated time.
public final class SimulatedExecutor: SerialExecutor, TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    public init() {}

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    public func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

    /// Runs until nothing is left to run. Bound: a million jobs, beyond which something loops without
    /// time passing, and the rest is left.
    public func drain() {
        for _ in 0..<1_000_000 {
            let next = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let next else { return }
            next.runSynchronously(
                isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }
    }
}
