// SPDX-License-Identifier: AGPL-3.0-or-later
internal import NIOCore

/// The home loop as an executor of actors and a preference of tasks, in one object.
///
/// As the preference of a task it matters: a continuation is resumed by the executor the task prefers, by default the
/// global pool, from where the task would hop to the actor's executor. A job that is run as both needs no second hop.
final class LoopExecutor: SerialExecutor, TaskExecutor {
    private let loop: any EventLoop

    init(loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { [self] in
            job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
    func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

    /// `assumeIsolated` from a channel handler, which is no task, comes here.
    func checkIsolated() { loop.preconditionInEventLoop() }
    func isIsolatingCurrentContext() -> Bool? { loop.inEventLoop }
}
