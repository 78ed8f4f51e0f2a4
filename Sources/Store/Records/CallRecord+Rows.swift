// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import GRDB
internal import Timing

extension CallRecord {
    func insert(into db: Database) throws {
        // OR REPLACE: a call id comes again only when the machine's clock was set back by years.
        try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO call_records (call, first_sequence, last_sequence, started, answered, connected,
                    ended, from_party, caller_number, caller_name, dialled, context, to_party, disposition, cause,
                    ended_by, talk, recording)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            call.column, Int64(bitPattern: firstSequence), Int64(bitPattern: lastSequence), started.microseconds,
            answered?.microseconds, connected?.microseconds, ended.microseconds, from.description, callerNumber,
            callerName, dialled, context, to?.description, disposition.rawValue, Int64(cause.rawValue),
            endedBy.rawValue, talk.wholeMicroseconds, recording,
        ])
        for leg in legs { try leg.insert(into: db) }
    }

    init?(_ row: Row, legs: [LegRecord]) {
        guard let disposition = Disposition(rawValue: row["disposition"]),
            let cause = HangupCause(rawValue: row["cause"]), let endedBy = EndedBy(rawValue: row["ended_by"])
        else { return nil }
        self.init(
            call: CallID(column: row["call"]), firstSequence: UInt64(bitPattern: row["first_sequence"]),
            lastSequence: UInt64(bitPattern: row["last_sequence"]), started: WallTime(microseconds: row["started"]),
            answered: row.time("answered"), connected: row.time("connected"),
            ended: WallTime(microseconds: row["ended"]), from: Party(row["from_party"] as String),
            callerNumber: row["caller_number"], callerName: row["caller_name"], dialled: row["dialled"],
            context: row["context"], to: (row["to_party"] as String?).map { Party($0) }, disposition: disposition,
            cause: cause, endedBy: endedBy, talk: .microseconds(row["talk"] as Int64), recording: row["recording"],
            legs: legs)
    }
}

extension LegRecord {
    fileprivate func insert(into db: Database) throws {
        try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO leg_records (call, leg, party, incoming, sip_call_id, address, started, ringing,
                    answered, ended, cause, ended_by, sip_status, codec, talk, received, sent, lost, refused, jitter)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            leg.call.column, Int64(leg.index), party.description, isIncoming, sipCallID, address, started.microseconds,
            ringing?.microseconds, answered?.microseconds, ended.microseconds, Int64(cause.rawValue), endedBy.rawValue,
            sipStatus.map { Int64($0) }, codec, talk.wholeMicroseconds, Int64(bitPattern: statistics.packetsReceived),
            Int64(bitPattern: statistics.packetsSent), Int64(bitPattern: statistics.packetsLost),
            Int64(bitPattern: statistics.packetsRefused), Int64(statistics.jitter),
        ])
    }

    init?(_ row: Row) {
        guard let cause = HangupCause(rawValue: row["cause"]), let endedBy = EndedBy(rawValue: row["ended_by"]) else {
            return nil
        }
        var statistics = LegStatistics()
        statistics.packetsReceived = UInt64(bitPattern: row["received"])
        statistics.packetsSent = UInt64(bitPattern: row["sent"])
        statistics.packetsLost = UInt64(bitPattern: row["lost"])
        statistics.packetsRefused = UInt64(bitPattern: row["refused"])
        statistics.jitter = UInt32(truncatingIfNeeded: row["jitter"] as Int64)
        self.init(
            leg: LegID(
                call: CallID(column: row["call"]), index: UInt16(truncatingIfNeeded: row["leg"] as Int64)),
            party: Party(row["party"] as String), isIncoming: row["incoming"], sipCallID: row["sip_call_id"],
            address: row["address"], started: WallTime(microseconds: row["started"]), ringing: row.time("ringing"),
            answered: row.time("answered"), ended: WallTime(microseconds: row["ended"]), cause: cause,
            endedBy: endedBy, sipStatus: row["sip_status"], codec: row["codec"],
            talk: .microseconds(row["talk"] as Int64), statistics: statistics)
    }
}

extension Row {
    fileprivate func time(_ column: String) -> WallTime? {
        (self[column] as Int64?).map { WallTime(microseconds: $0) }
    }
}

extension Duration {
    fileprivate var wholeMicroseconds: Int64 { nanoseconds / 1000 }
}
