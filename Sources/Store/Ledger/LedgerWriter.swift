// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Glibc
internal import Threads
internal import Timing

/// The ledger's thread: takes what waits, writes it in one transaction, tells the readers.
///
/// `@unchecked Sendable`: `fold` and `backlog` belong to the thread alone from `start` on; the rest is constant
/// or locked. `join` is called once, by `Store.close`.
final class LedgerWriter: @unchecked Sendable {
    struct Pace: Sendable {
        /// How long the first event of a batch waits for company.
        var delay: Duration
        /// Events in one transaction.
        var batchCount: Int
        /// Between attempts while the database cannot be written to: doubles from the first to the last.
        var retry: ClosedRange<Duration> = .milliseconds(100)...(.seconds(5))
        /// How long `close` goes on trying.
        var patience: Duration
    }

    private let queue: LedgerQueue
    private let database: LedgerDatabase
    private let readers: [any LedgerReader]
    private let report: @Sendable (StoreProblem) -> Void
    private let pace: Pace
    private var fold: CallDetailFold
    private var thread: PlainThread?
    /// Events that a restart added, durable already, for the readers.
    private var undelivered: [LedgerEvent]

    init(
        queue: LedgerQueue, database: LedgerDatabase, fold: CallDetailFold, undelivered: [LedgerEvent],
        readers: [any LedgerReader], pace: Pace, report: @escaping @Sendable (StoreProblem) -> Void
    ) {
        self.queue = queue
        self.database = database
        self.fold = fold
        self.undelivered = undelivered
        self.readers = readers
        self.pace = pace
        self.report = report
    }

    // MARK: Thread

    /// False when the system has no thread to give.
    func start() -> Bool {
        thread = PlainThread { [self] in run() }
        return thread != nil
    }

    func join() { thread?.join() }

    private func run() {
        LedgerWriter.nameThread("ledger")
        deliver(undelivered)
        undelivered = []
        while true {
            let work = queue.take(delay: pace.delay)
            // After giving up nothing may be written any more: the ledger has no gaps.
            guard write(work) else { return }
            // The last write may have made room for a loss marker, which still goes out.
            if work.isClosing, queue.snapshot.waiting == 0 { return }
        }
    }

    /// As `top -H` shows it. Glibc's own function is not seen by Swift.
    private static func nameThread(_ name: String) {
        let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        _ = name.withCString { Glibc.write(descriptor, $0, strlen($0)) }
        close(descriptor)
    }

    // MARK: Writing

    /// False when it gave up.
    private func write(_ work: LedgerQueue.Work) -> Bool {
        var rest = work.events[...]
        var bindings = work.bindings
        while !rest.isEmpty || !bindings.isEmpty {
            let events = Array(rest.prefix(pace.batchCount))
            rest = rest.dropFirst(events.count)
            // Folded once, written as often as it takes: a failed transaction must not count an event twice.
            let records = events.compactMap { fold.apply($0) }
            let batch = LedgerDatabase.Batch(
                events: events, records: records, bindings: bindings, openCalls: openCalls(after: events, records))
            guard persist(batch) else {
                report(.abandoned(events: queue.snapshot.waiting, bindings: bindings.count))
                return false
            }
            bindings = [:]
            if let lost = queue.wrote(events.count, at: WallTime.now()).lost { report(.overflow(lost: lost)) }
            deliver(events.map(\.event))
        }
        return true
    }

    /// What this batch changes in the table of open calls.
    private func openCalls(
        after events: [NumberedLedgerEvent], _ records: [CallRecord]
    ) -> LedgerDatabase.OpenCallChange {
        var change = LedgerDatabase.OpenCallChange()
        let first = events.first?.sequence ?? 0
        for event in events {
            guard let id = event.event.call, case .callStarted = event.event.kind, fold.open[id] != nil else {
                continue
            }
            change.opened.append(id)
        }
        // A call that began and ended within the batch never was in the table.
        for record in records where record.firstSequence < first { change.closed.append(record.call) }
        return change
    }

    /// Tries until it works; false when the store is closing and patience is at its end.
    private func persist(_ batch: LedgerDatabase.Batch) -> Bool {
        var pause = pace.retry.lowerBound
        var giveUp: Instant?
        var isFailing = false
        while true {
            do {
                try database.write(batch)
                if isFailing { report(.recovered) }
                return true
            } catch {
                if !isFailing { report(.failing(reason: "\(error)", waiting: queue.snapshot.waiting)) }
                isFailing = true
                if queue.isClosing {
                    let end = giveUp ?? Instant.now().advanced(by: pace.patience)
                    giveUp = end
                    if Instant.now() >= end { return false }
                    var wait = timespec(tv_sec: 0, tv_nsec: 50_000_000)
                    nanosleep(&wait, nil)
                } else {
                    queue.pause(pause)
                    pause = min(pause * 2, pace.retry.upperBound)
                }
            }
        }
    }

    private func deliver(_ events: [LedgerEvent]) {
        guard !events.isEmpty else { return }
        for reader in readers { reader.read(events) }
    }
}
