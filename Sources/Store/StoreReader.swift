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

    init(database: any DatabaseReader, path: String) {
        self.database = database
        self.path = path
    }

    /// Opens the database of `dataFolder` for reading only.
    public init(dataFolder: String) throws(StoreError) {
        let path = dataFolder + "/" + Store.fileName
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(2)
        do {
            database = try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw .database(path: path, reason: "\(error)")
        }
        self.path = path
    }

    /// At most `limit` (1…10,000) events behind the number `after`, in order.
    public func events(after: UInt64, limit: Int = 1000) throws(StoreError) -> [NumberedLedgerEvent] {
        try read { db in
            try StoreReader.fetch(
                db,
                "SELECT sequence, time, call, leg, kind, fields FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?",
                [Int64(clamping: after), StoreReader.bounded(limit)])
        }
    }

    /// The first `limit` (1…10,000) events of a call, in order.
    public func events(of call: CallID, limit: Int = 10_000) throws(StoreError) -> [NumberedLedgerEvent] {
        try read { db in
            try StoreReader.fetch(
                db,
                "SELECT sequence, time, call, leg, kind, fields FROM events WHERE call = ? ORDER BY sequence LIMIT ?",
                [call.column, StoreReader.bounded(limit)])
        }
    }

    /// The last `count` (1…10,000) calls that are over, the latest first.
    public func callRecords(last count: Int) throws(StoreError) -> [CallRecord] {
        try read { db in
            try StoreReader.records(
                db, "SELECT * FROM call_records ORDER BY started DESC, call DESC LIMIT ?", [StoreReader.bounded(count)])
        }
    }

    /// The record of a call; nil while it lasts or when it is unknown.
    public func callRecord(_ call: CallID) throws(StoreError) -> CallRecord? {
        try read { db in
            try StoreReader.records(db, "SELECT * FROM call_records WHERE call = ?", [call.column]).first
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

    private static func records(
        _ db: Database, _ sql: String, _ arguments: StatementArguments
    ) throws -> [CallRecord] {
        try Row.fetchAll(db, sql: sql, arguments: arguments).compactMap { row in
            let legs = try Row.fetchAll(
                db.cachedStatement(sql: "SELECT * FROM leg_records WHERE call = ? ORDER BY leg"),
                arguments: [row["call"] as Int64]
            ).compactMap { LegRecord($0) }
            return CallRecord(row, legs: legs)
        }
    }

    private static func fetch(
        _ db: Database, _ sql: String, _ arguments: StatementArguments
    ) throws -> [NumberedLedgerEvent] {
        let cursor = try fetchCursor(db, sql, arguments)
        var events: [NumberedLedgerEvent] = []
        while let event = try cursor.next() { events.append(event) }
        return events
    }

    /// Events of a kind that this version does not know come as notes, so that nothing is passed over in silence.
    static func fetchCursor(
        _ db: Database, _ sql: String, _ arguments: StatementArguments
    ) throws -> AnyCursor<NumberedLedgerEvent> {
        AnyCursor(
            try Row.fetchCursor(db, sql: sql, arguments: arguments).map { row in
                let name: String = row[4]
                let fields = FieldText.decode(row[5]) ?? []
                return NumberedLedgerEvent(
                    sequence: UInt64(bitPattern: row[0]),
                    event: LedgerEvent(
                        time: WallTime(microseconds: row[1]), call: (row[2] as Int64?).map { CallID(column: $0) },
                        leg: (row[3] as Int64?).map { UInt16(truncatingIfNeeded: $0) },
                        kind: LedgerEventKind(name: name, fields: fields) ?? .note(name: name, fields: fields)))
            })
    }
}
