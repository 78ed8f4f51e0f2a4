// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import GRDB
internal import Timing

/// The SQLite file behind the store: what is written, in which transaction.
struct LedgerDatabase: Sendable {
    let pool: DatabasePool

    /// One transaction's worth.
    struct Batch: Sendable {
        var events: [NumberedLedgerEvent] = []
        var rows = RecordRows()
        /// nil removes the binding.
        var bindings: [StoredBinding.Key: StoredBinding?] = [:]
        /// Of modules and their folds, in order.
        var moduleRows: [ModuleRow] = []
        var folds: [FoldPosition] = []
        var heartbeat: Beat?
    }

    struct Beat: Hashable, Sendable {
        var run: UInt32
        var moment: Moment
    }

    /// Opens or makes the file and brings its tables up to date.
    static func open(path: String, busyTimeout: Duration) throws -> LedgerDatabase {
        var configuration = Configuration()
        configuration.label = "martlet"
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(Double(busyTimeout.milliseconds) / 1000)
        configuration.prepareDatabase { db in
            // A reader must not delete the journal under the writer's eyes after a crash: keep its size in bounds instead.
            try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
        }
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { db in
            // GRDB sets NORMAL for WAL, which may lose the last transactions at a power cut.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // 2000 pages of 4 kB: about eight thousand events between two checkpoints, 20 ms each on a plain disk.
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 2000")
        }
        try migrator.migrate(pool)
        return LedgerDatabase(pool: pool)
    }

    /// Gives the numbers that were there already.
    @discardableResult
    func write(_ batch: Batch) throws -> RecordRows.Repeated {
        // IMMEDIATE, GRDB's default for writes: a lock held by another program is met here and not half-way.
        try pool.write { db in
            try LedgerDatabase.insert(batch.events, into: db)
            let repeated = try batch.rows.write(to: db)
            try LedgerDatabase.apply(batch.bindings, to: db)
            for row in batch.moduleRows { try row.write(to: db) }
            for fold in batch.folds { try fold.write(to: db) }
            if let beat = batch.heartbeat { try LedgerDatabase.write(beat, to: db) }
            return repeated
        }
    }

    // MARK: Events

    private static func insert(_ events: [NumberedLedgerEvent], into db: Database) throws {
        guard !events.isEmpty else { return }
        let statement = try db.cachedStatement(
            sql: "INSERT INTO events (sequence, time, elapsed, call, leg, kind, fields) VALUES (?, ?, ?, ?, ?, ?, ?)")
        for numbered in events {
            let event = numbered.event
            // As many as there are places; checking that again for every event shows.
            statement.setUncheckedArguments([
                Int64(bitPattern: numbered.sequence), event.time.microseconds, Moment(event).elapsed,
                event.call?.column, event.leg?.column, event.name, FieldText.encode(event.fact.fields),
            ])
            try statement.execute()
        }
    }

    /// Makes all records again from the ledger, in one transaction; those of earlier versions stay as they are. Gives how
    /// many calls there are.
    @discardableResult
    func rebuildRecords() throws -> Int {
        try pool.write { db in
            try db.execute(sql: "DELETE FROM calls; DELETE FROM legs; DELETE FROM talks; DELETE FROM links")
            var fold = RecordFold()
            var count = 0
            let events = try StoreReader.fetchCursor(
                db,
                """
                SELECT sequence, time, elapsed, call, leg, kind, fields FROM events
                WHERE call IS NOT NULL AND elapsed IS NOT NULL ORDER BY sequence
                """, [])
            while let event = try events.next() {
                fold.apply(event)
                var rows = fold.takeRows()
                count += rows.calls.count
                // Which calls are open is the writer's to say.
                rows.opened = []
                rows.closed = []
                _ = try rows.write(to: db)
            }
            return count
        }
    }

    // MARK: Bindings

    private static func apply(_ bindings: [StoredBinding.Key: StoredBinding?], to db: Database) throws {
        for (key, binding) in bindings {
            guard let binding else {
                try db.cachedStatement(sql: "DELETE FROM bindings WHERE address_of_record = ? AND contact = ?")
                    .execute(arguments: [key.addressOfRecord, key.contact])
                continue
            }
            try db.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO bindings (address_of_record, contact, transport, address, port, listener,
                        call_id, cseq, user_agent, q_thousandths, instance, expires)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """
            ).execute(arguments: [
                key.addressOfRecord, key.contact, binding.transport, binding.address, Int64(binding.port),
                Int64(binding.listener), binding.callID, Int64(binding.cseq), binding.userAgent,
                Int64(binding.qThousandths), binding.instance, binding.expires.microseconds,
            ])
        }
    }
}
