// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CORTP
internal import CallModel
internal import Glibc
internal import Synchronization
internal import Threads

/// The thread that brings all recordings to disk: five times a second each buffer is emptied into its file.
/// A slow disk holds up recordings, whose buffers last four seconds, and nothing else: what did not fit is silence in a
/// recording that stands.
final class RecorderWriter: Sendable {
    enum Outcome: Sendable {
        /// The file was made under this name.
        case made(Handle, path: String)
        /// The file was closed, or failed.
        case done(Handle, RecordingOutcome)
    }

    private struct State {
        var added: [RecorderFile] = []
        var outcomes: [[Outcome]] = []
        var thread: PlainThread?
    }

    private static let periodMilliseconds: Int32 = 200
    private let state: Mutex<State>
    private let wake: Int32
    private let isStopping = Atomic<Bool>(false)
    /// Files that were added and are not closed yet. A disk that hangs leaves them here, so there is a bound.
    private let fileCount = Atomic<Int>(0)
    private let mostFiles: Int
    /// The writer thread's own.
    private nonisolated(unsafe) var files: [RecorderFile] = []
    /// Tells a shard that an outcome waits.
    private let shardEvents: [Int32]

    init(shardEvents: [Int32], mostFiles: Int) {
        self.mostFiles = mostFiles
        self.shardEvents = shardEvents
        wake = martlet_bell_create()
        var initial = State()
        initial.outcomes = Array(repeating: [], count: shardEvents.count)
        state = Mutex(initial)
    }

    deinit { close(wake) }

    var hasRoom: Bool { fileCount.load(ordering: .relaxed) < mostFiles }

    func add(_ file: RecorderFile) {
        fileCount.add(1, ordering: .relaxed)
        state.withLock { $0.added.append(file) }
        nudge()
    }

    /// Something is worth looking at now.
    func nudge() { martlet_bell_ring(wake) }

    func takeOutcomes(shard: Int) -> [Outcome] {
        state.withLock { state in
            guard state.outcomes.indices.contains(shard), !state.outcomes[shard].isEmpty else { return [] }
            defer { state.outcomes[shard] = [] }
            return state.outcomes[shard]
        }
    }

    func start() {
        let thread = PlainThread { [self] in run() }
        state.withLock { $0.thread = thread }
    }

    /// Ends the thread after all files are closed as far as they got. Media threads have ended before.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        nudge()
        state.withLock { $0.thread }?.join()
    }

    private func run() {
        _ = martlet_thread_begin("recordings", 0)
        while true {
            let isLast = isStopping.load(ordering: .acquiring)
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            pass(now: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec), isLast: isLast)
            if isLast { return }
            var poll = pollfd(fd: wake, events: Int16(POLLIN), revents: 0)
            Glibc.poll(&poll, 1, files.isEmpty ? -1 : Self.periodMilliseconds)
            martlet_bell_clear(wake)
        }
    }

    /// Brings every recording up to date; the last pass closes them all.
    func pass(now: Int64, isLast: Bool = false) {
        let added = state.withLock { state in
            defer { state.added = [] }
            return state.added
        }
        for file in added {
            file.open()
            if let path = file.path { tell(.made(file.handle, path: path), to: file.shard) }
            if file.failure != nil { tellDone(file) }
            files.append(file)
        }
        let before = files.count
        files.removeAll { file in advance(file, now: now, isLast: isLast) }
        fileCount.subtract(before - files.count, ordering: .relaxed)
    }

    /// True when the file is done with.
    private func advance(_ file: RecorderFile, now: Int64, isLast: Bool) -> Bool {
        let hadFailed = file.failure != nil
        if file.isClosed || isLast {
            file.finish()
            if !hadFailed { tellDone(file) }
            return true
        }
        file.advance(now: now)
        if !hadFailed && file.failure != nil { tellDone(file) }
        return false
    }

    private func tellDone(_ file: RecorderFile) { tell(.done(file.handle, file.outcome), to: file.shard) }

    private func tell(_ outcome: Outcome, to shard: Int) {
        state.withLock { $0.outcomes[shard].append(outcome) }
        martlet_bell_ring(shardEvents[shard])
    }
}
