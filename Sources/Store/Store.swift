// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
internal import GRDB
internal import Glibc
internal import Synchronization

/// A data folder's database: the ledger, the call records made from it, and registrar bindings.
///
/// `append` and the binding changes may be called from any thread and never wait for the disk; a thread of the
/// store's own writes them.
public final class Store: LedgerSink, Sendable {
    /// Within the data folder, beside its `-wal` and `-shm`.
    public static let fileName = "martlet.sqlite"
    static let lockName = "martlet.lock"

    public struct Options: Sendable {
        /// Events that may wait for the disk; beyond it they are lost, counted, and the ledger says so.
        public var queueCapacity = 65_536
        /// Changed bindings that may wait.
        public var bindingCapacity = 100_000
        /// How long the first event of a batch waits for company.
        public var batchDelay: Duration = .milliseconds(250)
        /// Events in one transaction.
        public var batchCount = 512
        /// How long one attempt waits for another program's lock on the database.
        public var busyTimeout: Duration = .seconds(2)
        /// How long `close` goes on trying to write what waits.
        public var closePatience: Duration = .seconds(5)

        public init() {}
    }

    public struct Statistics: Hashable, Sendable {
        /// Events taken in since the store was opened.
        public var appended: UInt64
        /// Events lost because the queue was full.
        public var lost: UInt64
        /// Binding changes lost because the queue was full.
        public var bindingsLost: UInt64
        /// Events not yet durable.
        public var waiting: Int
        /// Calls that the last run left open and this start closed.
        public var closedByRestart: Int
    }

    /// Reads what is durable.
    public let reader: StoreReader
    private let queue: LedgerQueue
    private let writer: LedgerWriter
    private let database: LedgerDatabase
    private let lock: FolderLock
    private let path: String
    private let closedByRestart: Int
    private let isClosed = Mutex(false)

    /// Opens the folder, brings its tables up to date, closes calls that the last run left open, and starts to write.
    ///
    /// - Parameters:
    ///   - dataFolder: must exist.
    ///   - readers: called on the store's thread with durable events, in order, each once; also with those that
    ///     close the calls of the last run. A slow reader delays the ledger.
    ///   - report: called on the store's thread.
    public init(
        dataFolder: String, options: Options = Options(), readers: [any LedgerReader] = [],
        report: @escaping @Sendable (StoreProblem) -> Void = { _ in }
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
            let closing = try database.closeOpenCalls(batchCount: options.batchCount)
            closedByRestart = closing.calls
            queue = LedgerQueue(
                nextSequence: closing.lastSequence + 1, capacity: options.queueCapacity,
                bindingCapacity: options.bindingCapacity, batchCount: options.batchCount)
            reader = StoreReader(database: database.pool, path: path)
            writer = LedgerWriter(
                queue: queue, database: database, fold: CallDetailFold(), undelivered: closing.events,
                readers: readers,
                pace: LedgerWriter.Pace(
                    delay: options.batchDelay, batchCount: max(1, options.batchCount), patience: options.closePatience),
                report: report)
        } catch let error as StoreError {
            throw error
        } catch {
            throw .database(path: path, reason: "\(error)")
        }
        guard writer.start() else { throw .system(path: path, reason: "no thread could be started") }
    }

    // MARK: Ledger

    /// Numbers the event and has it written within about a quarter of a second. Never waits.
    public func append(_ event: LedgerEvent) { queue.append(event) }

    public var statistics: Statistics {
        let counters = queue.snapshot
        return Statistics(
            appended: counters.appended, lost: counters.lost, bindingsLost: counters.bindingsLost,
            waiting: counters.waiting, closedByRestart: closedByRestart)
    }

    /// The number of the last event taken in, durable or not.
    public var lastSequence: UInt64 { queue.lastSequence }

    // MARK: Bindings

    /// Keeps a binding over restarts, in place of one with the same key. Never waits.
    public func save(_ binding: StoredBinding) { queue.set(binding.key, binding) }

    /// Forgets a binding. Never waits.
    public func removeBinding(_ key: StoredBinding.Key) { queue.set(key, nil) }

    // MARK: End

    /// Writes what waits and ends the thread; blocks for it. Afterwards events are counted as lost, reading goes on.
    /// A second call does nothing.
    public func close() {
        isClosed.withLock { isClosed in
            guard !isClosed else { return }
            isClosed = true
            queue.close()
            writer.join()
        }
    }

    deinit { close() }

    /// Makes all call records again from the ledger. For repair; blocks, and writing waits meanwhile.
    @discardableResult
    public func rebuildCallRecords() throws(StoreError) -> Int {
        do {
            return try database.rebuildRecords()
        } catch {
            throw .database(path: path, reason: "\(error)")
        }
    }
}
