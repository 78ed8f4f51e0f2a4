// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
internal import GRDB
internal import Glibc
internal import Synchronization
internal import Timing

/// A data folder's database: the ledger, the records made from it, registrar bindings, modules' tables.
///
/// `append` and the changes of bindings and tables may be called from any thread and never wait for the disk; a thread of
/// the store's own writes them.
public final class Store: LedgerSink, TableStore, Sendable {
    /// Within the data folder, beside its `-wal` and `-shm`.
    public static let fileName = "martlet.sqlite"
    static let lockName = "martlet.lock"

    public struct Options: Sendable {
        /// Events that may wait for the disk; beyond it they are lost, counted, and the ledger says so.
        public var queueCapacity = 65_536
        /// Changed bindings that may wait.
        public var bindingCapacity = 100_000
        /// Changes of modules' tables that may wait.
        public var rowCapacity = 100_000
        /// How long the first event of a batch waits for company.
        public var batchDelay: Duration = .milliseconds(250)
        /// Events in one transaction.
        public var batchCount = 512
        /// How long one attempt waits for another program's lock on the database.
        public var busyTimeout: Duration = .seconds(2)
        /// How long `close` goes on trying to write what waits.
        public var closePatience: Duration = .seconds(5)
        /// How often the store notes that the process is alive: so much a crash can take from the durations of what was
        /// open.
        public var heartbeat: Duration = .seconds(5)
        /// What a heartbeat says.
        var clock: @Sendable () -> Moment = {
            Moment(time: .now(), elapsed: Instant.now().nanoseconds / 1000)
        }

        public init() {}
    }

    public struct Statistics: Hashable, Sendable {
        /// Events taken in since the store was opened.
        public var appended: UInt64
        /// Events lost because the queue was full.
        public var lost: UInt64
        /// Binding changes lost because the queue was full.
        public var bindingsLost: UInt64
        /// Changes of modules' tables refused because of a bound.
        public var rowsRefused: UInt64
        /// Events not yet durable.
        public var waiting: Int
        /// Calls that the last run left open and this start closed.
        public var closedByRestart: Int
    }

    /// Reads what is durable.
    public let reader: StoreReader
    /// The number of this run, 1…`IdentifierSource.lastRun`: no other of the data folder has it.
    public let run: UInt32
    private let tables: ModuleTables
    private let queue: LedgerQueue
    private let writer: LedgerWriter
    private let database: LedgerDatabase
    private let lock: FolderLock
    private let path: String
    private let closedByRestart: Int
    private let isClosed = Mutex(false)

    /// Opens the folder, counts the run, brings its tables up to date, closes calls that the last run left open, gives
    /// folds what they have missed, and starts to write.
    ///
    /// - Parameters:
    ///   - dataFolder: must exist.
    ///   - readers: called on the store's thread with durable events, in order, each once; also with those that
    ///     close the calls of the last run. A slow reader delays the ledger.
    ///   - folds: of modules, each with a name of its own. A new one is given the whole ledger, here.
    ///   - report: called on the store's thread, and on this one while the store opens.
    public init(
        dataFolder: String, options: Options = Options(), readers: [any LedgerReader] = [],
        folds: [any LedgerFold] = [], report: @escaping @Sendable (StoreProblem) -> Void = { _ in }
    ) throws(StoreError) {
        lock = try FolderLock(folder: dataFolder, name: Store.lockName)
        path = dataFolder + "/" + Store.fileName
        // Made here because SQLite would let others read it: it holds who called whom.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(path: path, reason: String(cString: strerror(errno))) }
        Glibc.close(descriptor)

        do {
            database = try LedgerDatabase.open(path: path, busyTimeout: options.busyTimeout)
            guard try !database.isFromNewerVersion() else { throw StoreError.newer(path: path) }
            run = try database.nextRun()
            guard run <= IdentifierSource.lastRun else { throw StoreError.outOfRuns(path: path) }
            let closing = try database.closeOpenCalls(batchCount: options.batchCount)
            closedByRestart = closing.calls
            try database.write(LedgerDatabase.Batch(heartbeat: LedgerDatabase.Beat(run: run, moment: options.clock())))
            queue = LedgerQueue(
                nextSequence: closing.lastSequence + 1, capacity: options.queueCapacity,
                bindingCapacity: options.bindingCapacity, rowCapacity: options.rowCapacity,
                batchCount: options.batchCount)
            tables = try database.tables(queue: queue, foldNames: Set(folds.map(\.name)))
            let moduleFolds = try database.foldsBroughtUp(
                folds, to: closing.lastSequence, tables: tables, report: report)
            reader = StoreReader(database: database.pool, path: path)
            writer = LedgerWriter(
                queue: queue, database: database, tables: tables, moduleFolds: moduleFolds,
                undelivered: closing.events, readers: readers,
                pace: LedgerWriter.Pace(
                    delay: options.batchDelay, batchCount: max(1, options.batchCount), heartbeat: options.heartbeat,
                    patience: options.closePatience),
                run: run, clock: options.clock, report: report)
        } catch let error as StoreError {
            throw error
        } catch {
            throw .database(path: path, reason: "\(error)")
        }
        guard writer.start() else { throw .system(path: path, reason: "no thread could be started") }
    }

    // MARK: Ledger

    /// Numbers the event and has it written within about a quarter of a second. Never waits.
    @discardableResult
    public func append(_ event: LedgerEvent) -> UInt64 { queue.append(event) }

    public var statistics: Statistics {
        let counters = queue.snapshot
        return Statistics(
            appended: counters.appended, lost: counters.lost, bindingsLost: counters.bindingsLost,
            rowsRefused: counters.rowsRefused, waiting: counters.waiting, closedByRestart: closedByRestart)
    }

    /// The number of the last event taken in, durable or not.
    public var lastSequence: UInt64 { queue.lastSequence }

    // MARK: Bindings

    /// Keeps a binding over restarts, in place of one with the same key. Never waits.
    public func save(_ binding: StoredBinding) { queue.set(binding.key, binding) }

    /// Forgets a binding. Never waits.
    public func removeBinding(_ key: StoredBinding.Key) { queue.set(key, nil) }

    // MARK: Modules' tables

    public func all(in namespace: String) -> [String: String] { tables.all(in: namespace) }

    /// In the order of the events around it. Never waits.
    public func set(_ key: String, _ value: String?, in namespace: String) { tables.set(key, value, in: namespace) }

    // MARK: End

    /// Writes what waits, ends the thread and lets the next store into the folder; blocks for it. Afterwards events are
    /// counted as lost, reading goes on.
    /// A second call does nothing.
    public func close() {
        isClosed.withLock { isClosed in
            guard !isClosed else { return }
            isClosed = true
            queue.close()
            writer.join()
            lock.release()
        }
    }

    deinit { close() }

    /// Makes all records of calls, legs, talks and links again from the ledger; those of earlier versions stay as they
    /// are. For repair; blocks, and writing waits meanwhile. Gives how many calls there are.
    @discardableResult
    public func rebuildCallRecords() throws(StoreError) -> Int {
        do {
            return try database.rebuildRecords()
        } catch {
            throw .database(path: path, reason: "\(error)")
        }
    }
}
