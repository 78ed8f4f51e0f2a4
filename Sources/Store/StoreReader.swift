// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
internal import GRDB
public import Timing

/// Reads a data folder's ledger and records, beside the process that writes them or after it.
///
/// Every call blocks its thread for a query; none belongs on an event loop or a media thread.
public struct StoreReader: Sendable {
    private let database: any DatabaseReader
    private let path: String
    /// Written by a version before schema 4, and not opened by a switch since.
    let isEarlier: Bool

    init(database: any DatabaseReader, path: String) {
        self.database = database
        self.path = path
        isEarlier = false
    }

    /// Opens the database of `dataFolder` for reading only, also one that an earlier version has left.
    public init(dataFolder: String) throws(StoreError) {
        let path = dataFolder + "/" + Store.fileName
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(2)
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
            isEarlier = try database.read { try !$0.tableExists("calls") }
        } catch {
            throw .database(path: path, reason: "\(error)")
        }
        self.path = path
    }

    // MARK: Events

    private var columns: String { "sequence, time, \(isEarlier ? "NULL" : "elapsed"), call, leg, kind, fields" }

    /// At most `limit` (1…10,000) events behind the number `after`, in order.
    public func events(after: UInt64, limit: Int = 1000) throws(StoreError) -> [NumberedLedgerEvent] {
        try read { db in
            try StoreReader.fetch(
                db, "SELECT \(columns) FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?",
                [Int64(clamping: after), StoreReader.bounded(limit)])
        }
    }

    /// The first `limit` (1…10,000) events that count for a call, in order.
    public func events(of call: CallID, limit: Int = 10_000) throws(StoreError) -> [NumberedLedgerEvent] {
        try read { db in
            try StoreReader.fetch(
                db, "SELECT \(columns) FROM events WHERE call = ? ORDER BY sequence LIMIT ?",
                [call.column, StoreReader.bounded(limit)])
        }
    }

    /// The first `limit` (1…10,000) events of a leg, in order, whatever calls they counted for. Of a leg whose start was
    /// lost, or of an earlier version, nothing is found.
    public func events(of leg: LegID, limit: Int = 10_000) throws(StoreError) -> [NumberedLedgerEvent] {
        guard !isEarlier else { return [] }
        // There is no index by leg, which each event would pay for: a leg's events are those of its call and of the
        // calls that one was linked into.
        return try read { db in
            try StoreReader.fetch(
                db,
                """
                WITH RECURSIVE home (call) AS (
                    SELECT call FROM legs WHERE leg = ?1
                    UNION SELECT call FROM open_calls WHERE NOT EXISTS (SELECT 1 FROM legs WHERE leg = ?1)
                    UNION SELECT links.into_call FROM links JOIN home ON links.call = home.call
                )
                SELECT \(columns) FROM events INDEXED BY events_call
                WHERE call IN (SELECT call FROM home) AND leg = ?1 ORDER BY sequence LIMIT ?2
                """, [leg.column, StoreReader.bounded(limit)])
        }
    }

    // MARK: Records

    /// The last `count` (1…10,000) calls that are over, the latest first.
    public func callRecords(last count: Int) throws(StoreError) -> [CallRecord] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM \(records) ORDER BY started DESC, call DESC LIMIT ?",
                arguments: [StoreReader.bounded(count)]
            ).compactMap { CallRecord($0) }
        }
    }

    /// The record of a call; nil while it lasts or when it is unknown.
    public func callRecord(_ call: CallID) throws(StoreError) -> CallRecord? {
        try read { db in
            try Row.fetchOne(db, sql: "SELECT * FROM \(records) WHERE call = ?", arguments: [call.column])
                .flatMap { CallRecord($0) }
        }
    }

    private var records: String { isEarlier ? "(\(LedgerDatabase.earlierRecords))" : "cdr" }

    /// The legs that began in a call and are over, in the order of their numbers.
    public func legs(of call: CallID) throws(StoreError) -> [LegRecord] {
        try read { db in
            let sources = (isEarlier ? [] : ["legs"]) + ["(\(LedgerDatabase.earlierLegs))"]
            for source in sources {
                let legs = try Row.fetchAll(
                    db, sql: "SELECT * FROM \(source) WHERE call = ? ORDER BY leg", arguments: [call.column]
                ).compactMap { LegRecord($0) }
                if !legs.isEmpty { return legs.sorted { $0.leg < $1.leg } }
            }
            return []
        }
    }

    /// What was said in a call and is over, in the order in which it ended. Earlier versions have none.
    public func talks(of call: CallID) throws(StoreError) -> [TalkRecord] {
        guard !isEarlier else { return [] }
        return try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM talks WHERE call = ? ORDER BY talk", arguments: [call.column])
                .map { TalkRecord($0) }
        }
    }

    /// The calls that were linked into a call, and the one that it was linked into, in the order in which they met.
    public func links(of call: CallID) throws(StoreError) -> [LinkRecord] {
        guard !isEarlier else { return [] }
        return try read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT * FROM links WHERE call = ?1 UNION SELECT * FROM links WHERE into_call = ?1 ORDER BY time",
                arguments: [call.column]
            ).map { LinkRecord($0) }
        }
    }

    /// Registrar bindings that have not run out at `time`.
    public func bindings(at time: WallTime) throws(StoreError) -> [StoredBinding] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM bindings WHERE expires > ? ORDER BY address_of_record, contact",
                arguments: [time.microseconds]
            ).map { row in
                StoredBinding(
                    key: StoredBinding.Key(addressOfRecord: row["address_of_record"], contact: row["contact"]),
                    transport: row["transport"], address: row["address"],
                    port: UInt16(truncatingIfNeeded: row["port"] as Int64), listener: Int(row["listener"] as Int64),
                    callID: row["call_id"], cseq: UInt32(truncatingIfNeeded: row["cseq"] as Int64),
                    userAgent: row["user_agent"], qThousandths: Int(row["q_thousandths"] as Int64),
                    instance: row["instance"], expires: WallTime(microseconds: row["expires"]))
            }
        }
    }

    // MARK: Rows

    private func read<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
        do {
            return try database.read(body)
        } catch {
            throw .database(path: path, reason: "\(error)")
        }
    }

    private static func bounded(_ limit: Int) -> Int64 { Int64(min(max(1, limit), 10_000)) }

    static func fetch(
        _ db: Database, _ sql: String, _ arguments: StatementArguments
    ) throws -> [NumberedLedgerEvent] {
        let cursor = try fetchCursor(db, sql, arguments)
        var events: [NumberedLedgerEvent] = []
        while let event = try cursor.next() { events.append(event) }
        return events
    }

    /// Events come as they are stored, of whatever kind; those of earlier versions have no monotonic time.
    static func fetchCursor(
        _ db: Database, _ sql: String, _ arguments: StatementArguments
    ) throws -> AnyCursor<NumberedLedgerEvent> {
        AnyCursor(
            try Row.fetchCursor(db, sql: sql, arguments: arguments).map { row in
                NumberedLedgerEvent(
                    sequence: UInt64(bitPattern: row[0]),
                    event: LedgerEvent(
                        time: WallTime(microseconds: row[1]),
                        at: Instant(nanoseconds: (row[2] as Int64? ?? 0) &* 1000),
                        call: (row[3] as Int64?).map { CallID(column: $0) },
                        leg: (row[4] as Int64?).map { LegID(column: $0) },
                        RecordedFact(name: row[5], fields: FieldText.decode(row[6]) ?? [])))
            })
    }
}
