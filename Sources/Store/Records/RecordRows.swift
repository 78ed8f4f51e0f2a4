// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import GRDB
internal import Timing

/// What the folds have made of a batch of events, for the transaction of those events.
struct RecordRows: Sendable {
    var calls: [CallRecord] = []
    var legs: [LegRecord] = []
    var talks: [TalkRecord] = []
    var links: [LinkRecord] = []
    /// Calls that a restart must know of: begun, and not over with all that was linked into them.
    var opened: [CallID] = []
    var closed: [CallID] = []

    /// Numbers that were given a second time. The rows of the first stay as they are, the later ones are not kept: the
    /// events of both are in the ledger.
    struct Repeated: Hashable, Sendable {
        var calls: [CallID] = []
        var legs: [LegID] = []
        var isEmpty: Bool { calls.isEmpty && legs.isEmpty }
    }

    func write(to db: Database) throws -> Repeated {
        var repeated = Repeated()
        for call in opened {
            try db.cachedStatement(sql: "INSERT OR IGNORE INTO open_calls (call) VALUES (?)")
                .execute(arguments: [call.column])
        }
        for leg in legs where try !leg.insert(into: db) { repeated.legs.append(leg.leg) }
        for talk in talks { try talk.insert(into: db) }
        for link in links { try link.insert(into: db) }
        for call in calls where try !call.insert(into: db) { repeated.calls.append(call.call) }
        for call in closed {
            try db.cachedStatement(sql: "DELETE FROM open_calls WHERE call = ?").execute(arguments: [call.column])
        }
        return repeated
    }
}

extension CallRecord {
    /// False when the number has a row already.
    fileprivate func insert(into db: Database) throws -> Bool {
        try db.cachedStatement(
            sql: """
                INSERT INTO calls (call, first_sequence, last_sequence, started, answered, connected, ended, duration,
                    answered_duration, from_party, caller_number, caller_name, dialled, context, to_party, disposition,
                    cause, ended_by, recording, origin, into_call)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """
        ).execute(arguments: [
            call.column, Int64(bitPattern: firstSequence), Int64(bitPattern: lastSequence), started.microseconds,
            answered?.microseconds, connected?.microseconds, ended.microseconds, duration.wholeMicroseconds,
            answeredDuration.wholeMicroseconds, from.description, callerNumber, callerName, dialled, context,
            to?.description, disposition.rawValue, Int64(cause.rawValue), endedBy.rawValue, recording, origin?.column,
            into?.column,
        ])
        return db.changesCount > 0
    }

    init?(_ row: Row) {
        guard let disposition = Disposition(rawValue: row["disposition"]),
            let endedBy = EndedBy(rawValue: row["ended_by"])
        else { return nil }
        self.init(
            call: CallID(column: row["call"]), firstSequence: UInt64(bitPattern: row["first_sequence"]),
            lastSequence: UInt64(bitPattern: row["last_sequence"]), started: WallTime(microseconds: row["started"]),
            answered: row.time("answered"), connected: row.time("connected"),
            ended: WallTime(microseconds: row["ended"]), duration: row.duration("duration"),
            answeredDuration: row.duration("answered_duration"), from: Party(row["from_party"] as String),
            callerNumber: row["caller_number"], callerName: row["caller_name"], dialled: row["dialled"],
            context: row["context"], to: (row["to_party"] as String?).map { Party($0) }, disposition: disposition,
            cause: HangupCause(rawValue: row["cause"]), endedBy: endedBy, talk: row.duration("talk"),
            recording: row["recording"], origin: (row["origin"] as Int64?).map { LegID(column: $0) },
            into: (row["into_call"] as Int64?).map { CallID(column: $0) })
    }
}

extension LegRecord {
    /// False when the number has a row already.
    fileprivate func insert(into db: Database) throws -> Bool {
        try db.cachedStatement(
            sql: """
                INSERT INTO legs (leg, call, party, incoming, sip_call_id, address, started, ringing, answered, ended,
                    duration, answered_duration, held, cause, ended_by, sip_status, codec, talk, received, sent, lost,
                    refused, jitter)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """
        ).execute(arguments: [
            leg.column, call.column, party.description, isIncoming, sipCallID, address, started.microseconds,
            ringing?.microseconds, answered?.microseconds, ended.microseconds, duration.wholeMicroseconds,
            answeredDuration.wholeMicroseconds, held.wholeMicroseconds, Int64(cause.rawValue), endedBy.rawValue,
            sipStatus.map { Int64($0) }, codec, talk.wholeMicroseconds, Int64(bitPattern: statistics.packetsReceived),
            Int64(bitPattern: statistics.packetsSent), Int64(bitPattern: statistics.packetsLost),
            Int64(bitPattern: statistics.packetsRefused), Int64(statistics.jitter),
        ])
        return db.changesCount > 0
    }

    init?(_ row: Row) {
        guard let endedBy = EndedBy(rawValue: row["ended_by"]) else { return nil }
        var statistics = LegStatistics()
        statistics.packetsReceived = UInt64(bitPattern: row["received"])
        statistics.packetsSent = UInt64(bitPattern: row["sent"])
        statistics.packetsLost = UInt64(bitPattern: row["lost"])
        statistics.packetsRefused = UInt64(bitPattern: row["refused"])
        statistics.jitter = UInt32(truncatingIfNeeded: row["jitter"] as Int64)
        self.init(
            leg: LegID(column: row["leg"]), call: CallID(column: row["call"]), party: Party(row["party"] as String),
            isIncoming: row["incoming"], sipCallID: row["sip_call_id"], address: row["address"],
            started: WallTime(microseconds: row["started"]), ringing: row.time("ringing"),
            answered: row.time("answered"), ended: WallTime(microseconds: row["ended"]),
            duration: row.duration("duration"), answeredDuration: row.duration("answered_duration"),
            held: row.duration("held"), cause: HangupCause(rawValue: row["cause"]), endedBy: endedBy,
            sipStatus: row["sip_status"], codec: row["codec"], talk: row.duration("talk"), statistics: statistics)
    }
}

extension TalkRecord {
    fileprivate func insert(into db: Database) throws {
        // Once a call is over its figures stand: a number given twice must not add to them.
        try db.cachedStatement(
            sql: """
                INSERT INTO talks (call, leg, peer, started, duration) SELECT ?1, ?2, ?3, ?4, ?5
                WHERE NOT EXISTS (SELECT 1 FROM calls WHERE call = ?1)
                """
        ).execute(arguments: [
            call.column, leg.column, peer.column, started.microseconds, duration.wholeMicroseconds,
        ])
    }

    init(_ row: Row) {
        self.init(
            call: CallID(column: row["call"]), leg: LegID(column: row["leg"]), peer: LegID(column: row["peer"]),
            started: WallTime(microseconds: row["started"]), duration: row.duration("duration"))
    }
}

extension LinkRecord {
    fileprivate func insert(into db: Database) throws {
        // A call is over with its link, so it has one; that of a number given twice is told with the call's row.
        try db.cachedStatement(
            sql: "INSERT INTO links (call, into_call, reason, time) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        ).execute(arguments: [call.column, into.column, reason.rawValue, time.microseconds])
    }

    init(_ row: Row) {
        self.init(
            call: CallID(column: row["call"]), into: CallID(column: row["into_call"]),
            reason: LinkReason(rawValue: row["reason"]), time: WallTime(microseconds: row["time"]))
    }
}

/// SQLite's integers are signed.
extension CallID {
    var column: Int64 { Int64(bitPattern: rawValue) }
    init(column: Int64) { self.init(rawValue: UInt64(bitPattern: column)) }
}

extension LegID {
    var column: Int64 { Int64(bitPattern: rawValue) }
    init(column: Int64) { self.init(rawValue: UInt64(bitPattern: column)) }
}

extension Row {
    fileprivate func time(_ column: String) -> WallTime? {
        (self[column] as Int64?).map { WallTime(microseconds: $0) }
    }

    fileprivate func duration(_ column: String) -> Duration { .microseconds(self[column] as Int64? ?? 0) }
}

extension Duration {
    var wholeMicroseconds: Int64 { nanoseconds / 1000 }
}
