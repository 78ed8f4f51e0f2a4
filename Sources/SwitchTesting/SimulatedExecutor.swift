// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Dispatch
internal import Foundation
internal import Synchronization

/// Runs jobs one after another while somebody waits in `drain`: an exchange under test does nothing
/// between two steps of simulated time.
///
/// The jobs run on a plain thread of the executor's own. A test is a task itself, and the runtime does
/// not bear a job being run from inside another one.
public final class SimulatedExecutor: SerialExecutor, TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let begin = DispatchSemaphore(value: 0)
    private let done = DispatchSemaphore(value: 0)
    private let isOver = Mutex(false)

    public init() {}

    /// Starts the thread. It holds the executor until `stop`.
    func start() {
        let thread = Thread { [self] in
            while true {
                begin.wait()
                if isOver.withLock({ $0 }) { return }
                runAll()
                done.signal()
            }
        }
        thread.stackSize = 4 << 20
        thread.start()
    }

    func stop() {
        isOver.withLock { $0 = true }
        begin.signal()
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    public func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

    /// Runs until nothing is left to run, and returns then.
    public func drain() {
        if jobs.withLock({ $0.isEmpty }) { return }
        begin.signal()
        done.wait()
    }

    /// Bound: a million jobs, beyond which something loops without time passing, and the rest is left.
    private func runAll() {
        for _ in 0..<1_000_000 {
            let next = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            guard let next else { return }
            next.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }
    }
}
