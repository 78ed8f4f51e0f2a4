// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Glibc
internal import Threads
internal import Timing

/// The ledger's thread: takes what waits, writes it in one transaction, tells the readers.
///
/// `@unchecked Sendable`: `fold`, `moduleFolds` and the rest that changes belong to the thread alone from `start` on; what
/// does not change is Sendable. `join` is called once, by `Store.close`.
final class LedgerWriter: @unchecked Sendable {
    struct Pace: Sendable {
        /// How long the first event of a batch waits for company.
        var delay: Duration
        /// Events in one transaction.
        var batchCount: Int
        /// Between two heartbeats.
        var heartbeat: Duration
        /// Between attempts while the database cannot be written to: doubles from the first to the last.
        var retry: ClosedRange<Duration> = .milliseconds(100)...(.seconds(5))
        /// How long `close` goes on trying.
        var patience: Duration
    }

    /// Changes of modules' tables in one transaction.
    static let rowBatchCount = 4096

    private let queue: LedgerQueue
    private let database: LedgerDatabase
    private let tables: ModuleTables
    private let readers: [any LedgerReader]
    private let report: @Sendable (StoreProblem) -> Void
    private let pace: Pace
    private let run: UInt32
    private let clock: @Sendable () -> Moment
    private var fold = RecordFold()
    private var moduleFolds: ModuleFolds
    private var thread: PlainThread?
    private var nextHeartbeat: Instant
    /// Events that a restart added, durable already, for the readers.
    private var undelivered: [NumberedLedgerEvent]

    init(
        queue: LedgerQueue, database: LedgerDatabase, tables: ModuleTables, moduleFolds: ModuleFolds,
        undelivered: [NumberedLedgerEvent], readers: [any LedgerReader], pace: Pace, run: UInt32,
        clock: @escaping @Sendable () -> Moment, report: @escaping @Sendable (StoreProblem) -> Void
    ) {
        self.queue = queue
        self.database = database
        self.tables = tables
        self.moduleFolds = moduleFolds
        self.undelivered = undelivered
        self.readers = readers
        self.pace = pace
        self.run = run
        self.clock = clock
        self.report = report
        nextHeartbeat = Instant.now().advanced(by: pace.heartbeat)
    }

    // MARK: Thread

    /// False when the system has no thread to give.
    func start() -> Bool {
        thread = PlainThread { [self] in work() }
        return thread != nil
    }

    func join() { thread?.join() }

    private func work() {
        LedgerWriter.nameThread("ledger")
        deliver(undelivered)
        undelivered = []
        while true {
            let work = queue.take(delay: pace.delay, until: nextHeartbeat)
            // After giving up nothing may be written any more: the ledger has no gaps.
            guard write(work) else { return }
            let refused = queue.takeRefusedRows()
            if refused > 0 { report(.rowsRefused(count: refused)) }
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
        var events = work.events[...]
        var rows = work.rows[...]
        var bindings = work.bindings
        var beat = dueHeartbeat()
        while !events.isEmpty || !rows.isEmpty || !bindings.isEmpty || beat != nil {
            var batch = LedgerDatabase.Batch(bindings: bindings, heartbeat: beat)
            (batch.events, batch.moduleRows) = LedgerWriter.take(&events, &rows, at: pace.batchCount)
            let made = foldIn(&batch)
            guard persist(batch) else {
                report(.abandoned(events: queue.snapshot.waiting, bindings: bindings.count))
                return false
            }
            bindings = [:]
            beat = nil
            tables.publish(made)
            if let lost = queue.wrote(batch.events.count, at: clock()).lost { report(.overflow(lost: lost)) }
            deliver(batch.events)
        }
        return true
    }

    /// The next transaction's events, and the changes of modules' tables that were made before the event behind them.
    private static func take(
        _ events: inout ArraySlice<NumberedLedgerEvent>, _ rows: inout ArraySlice<LedgerQueue.WaitingRow>,
        at batchCount: Int
    ) -> ([NumberedLedgerEvent], [ModuleRow]) {
        var taken = events.prefix(batchCount)
        let next = events.dropFirst(taken.count).first?.sequence ?? .max
        let due = rows.prefix(rowBatchCount).prefix { $0.after < next }
        // More than fit into the transaction: first these, the events wait.
        if due.count < rows.count, rows[rows.startIndex + due.count].after < next { taken = [] }
        events = events.dropFirst(taken.count)
        rows = rows.dropFirst(due.count)
        return (Array(taken), due.map(\.row))
    }

    /// Folded once, written as often as it takes: a failed transaction must not count an event twice. Gives what the
    /// modules' folds have made.
    private func foldIn(_ batch: inout LedgerDatabase.Batch) -> [ModuleRow] {
        for event in batch.events {
            fold.apply(event)
            for failure in moduleFolds.apply(event) { report(StoreProblem(failure)) }
        }
        batch.rows = fold.takeRows()
        let changes = moduleFolds.takeChanges()
        batch.moduleRows += changes.rows
        batch.folds = changes.positions
        return changes.rows
    }

    private func dueHeartbeat() -> LedgerDatabase.Beat? {
        let now = Instant.now()
        guard now >= nextHeartbeat else { return nil }
        nextHeartbeat = now.advanced(by: pace.heartbeat)
        return LedgerDatabase.Beat(run: run, moment: clock())
    }

    /// Tries until it works; false when the store is closing and patience is at its end.
    private func persist(_ batch: LedgerDatabase.Batch) -> Bool {
        var pause = pace.retry.lowerBound
        var giveUp: Instant?
        var isFailing = false
        while true {
            do {
                let repeated = try database.write(batch)
                if isFailing { report(.recovered) }
                if !repeated.isEmpty { report(.repeatedNumbers(calls: repeated.calls, legs: repeated.legs)) }
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

    private func deliver(_ events: [NumberedLedgerEvent]) {
        guard !events.isEmpty else { return }
        for reader in readers { reader.read(events) }
    }
}
