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
        var records: [CallRecord] = []
        /// nil removes the binding.
        var bindings: [StoredBinding.Key: StoredBinding?] = [:]
        var openCalls = OpenCallChange()
    }

    struct OpenCallChange: Sendable {
        var opened: [CallID] = []
        var closed: [CallID] = []
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

    func write(_ batch: Batch) throws {
        // IMMEDIATE, GRDB's default for writes: a lock held by another program is met here and not half-way.
        try pool.write { db in
            try LedgerDatabase.insert(batch.events, into: db)
            for record in batch.records { try record.insert(into: db) }
            try LedgerDatabase.apply(batch.openCalls, to: db)
            try LedgerDatabase.apply(batch.bindings, to: db)
        }
    }

    // MARK: Events

    private static func insert(_ events: [NumberedLedgerEvent], into db: Database) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT INTO events (sequence, time, call, leg, kind, fields) VALUES (?, ?, ?, ?, ?, ?)")
        for numbered in events {
            let event = numbered.event
            try statement.execute(arguments: [
                Int64(bitPattern: numbered.sequence), event.time.microseconds, event.call?.column,
                event.leg.map { Int64($0) }, event.kind.name, FieldText.encode(event.kind.fields),
            ])
        }
    }

    private static func apply(_ change: OpenCallChange, to db: Database) throws {
        for call in change.opened {
            try db.cachedStatement(sql: "INSERT OR IGNORE INTO open_calls (call) VALUES (?)")
                .execute(arguments: [call.column])
        }
        for call in change.closed {
            try db.cachedStatement(sql: "DELETE FROM open_calls WHERE call = ?").execute(arguments: [call.column])
        }
    }

    // MARK: Restart

    struct LastKnown: Sendable {
        var sequence: UInt64 = 0
        /// Of the last event.
        var time = WallTime(microseconds: 0)
        /// With the calls open when the ledger ends.
        var fold = CallDetailFold()
    }

    /// Where the ledger stands, and the calls that were open when it was last written to.
    func lastKnown() throws -> LastKnown {
        try pool.read { db in
            var last = LastKnown()
            if let row = try Row.fetchOne(db, sql: "SELECT sequence, time FROM events ORDER BY sequence DESC LIMIT 1") {
                last.sequence = UInt64(bitPattern: row[0])
                last.time = WallTime(microseconds: row[1])
            }
            let events = try StoreReader.fetchCursor(
                db,
                """
                SELECT sequence, time, call, leg, kind, fields FROM events INDEXED BY events_call
                WHERE call IN (SELECT call FROM open_calls) ORDER BY sequence
                """, [])
            while let event = try events.next() { _ = last.fold.apply(event) }
            return last
        }
    }

    /// Makes all call records again from the ledger, in one transaction. Gives how many there are.
    @discardableResult
    func rebuildRecords() throws -> Int {
        try pool.write { db in
            try db.execute(sql: "DELETE FROM call_records; DELETE FROM leg_records")
            var fold = CallDetailFold()
            var count = 0
            let events = try StoreReader.fetchCursor(
                db,
                """
                SELECT sequence, time, call, leg, kind, fields FROM events WHERE call IS NOT NULL ORDER BY sequence
                """, [])
            while let event = try events.next() {
                guard let record = fold.apply(event) else { continue }
                try record.insert(into: db)
                count += 1
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

extension CallID {
    /// SQLite's integers are signed.
    var column: Int64 { Int64(bitPattern: rawValue) }
    init(column: Int64) { self.init(rawValue: UInt64(bitPattern: column)) }
}
