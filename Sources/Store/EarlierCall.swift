// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import GRDB

/// A call that was open when a version with schema 3 ended without being asked to: it is ended in that version's
/// tables, as that version would have done at its next start. Runs in the migration to schema 4, once.
struct EarlierCall {
    private struct Leg {
        var started: LegStarted
        var startTime: Int64
        var ringing: Int64?
        var answered: Int64?
        var ended: Int64?
        var codec: String?
        var peers: Set<Int64> = []
        var talkStart: Int64 = 0
        var talk: Int64 = 0

        mutating func join(_ peer: Int64, at time: Int64) {
            if peers.isEmpty { talkStart = time }
            peers.insert(peer)
        }

        mutating func leave(_ peer: Int64, at time: Int64) {
            if peers.remove(peer) != nil, peers.isEmpty { talk += max(0, time - talkStart) }
        }
    }

    private let call: Int64
    private var started: (sequence: Int64, time: Int64, fact: CallStarted)?
    private var legs: [Int64: Leg] = [:]
    private var connected: Int64?
    private var to: String?
    private var recording: String?

    static func closeAll(_ db: Database) throws {
        let calls = try Int64.fetchAll(db, sql: "SELECT call FROM open_calls ORDER BY call")
        guard !calls.isEmpty else { return }
        let end = try Int64.fetchOne(db, sql: "SELECT time FROM events ORDER BY sequence DESC LIMIT 1") ?? 0
        for call in calls {
            var earlier = EarlierCall(call: call)
            let rows = try Row.fetchCursor(
                db, sql: "SELECT sequence, time, leg, kind, fields FROM events WHERE call = ? ORDER BY sequence",
                arguments: [call])
            while let row = try rows.next() { earlier.apply(row) }
            try earlier.close(at: end, in: db)
        }
        try db.execute(sql: "DELETE FROM open_calls")
    }

    private init(call: Int64) { self.call = call }

    // MARK: What it was

    private mutating func apply(_ row: Row) {
        let time: Int64 = row[1]
        let fields = LedgerFields(name: row[3], FieldText.decode(row[4]) ?? [])
        switch fields.name {
        case CallStarted.name:
            if started == nil { started = CallStarted(fields: fields).map { (row[0], time, $0) } }
        case RecordingStarted.name: recording = fields.text("path")
        default:
            if let leg = row[2] as Int64? { apply(fields, to: leg, at: time) }
        }
    }

    private mutating func apply(_ fields: LedgerFields, to leg: Int64, at time: Int64) {
        switch fields.name {
        case LegStarted.name:
            guard legs[leg] == nil, let fact = LegStarted(fields: fields) else { return }
            legs[leg] = Leg(started: fact, startTime: time)
            if !fact.incoming, connected == nil { to = fact.party.description }
        case LegRinging.name:
            if legs[leg]?.ringing == nil { legs[leg]?.ringing = time }
        case LegAnswered.name:
            if legs[leg]?.answered == nil { legs[leg]?.answered = time }
            legs[leg]?.codec = fields.text("codec")
        case "leg.bridged":
            guard let peer: Int64 = fields.number("peer") else { return }
            legs[leg]?.join(peer, at: time)
            legs[peer]?.join(leg, at: time)
            guard connected == nil else { return }
            connected = time
            to = legs[leg == 1 ? peer : leg]?.started.party.description
        case "leg.unbridged":
            guard let peer: Int64 = fields.number("peer") else { return }
            legs[leg]?.leave(peer, at: time)
            legs[peer]?.leave(leg, at: time)
        case LegEnded.name: end(leg, at: time)
        default: return
        }
    }

    private mutating func end(_ leg: Int64, at time: Int64) {
        guard let known = legs[leg], known.ended == nil else { return }
        for peer in known.peers {
            legs[leg]?.leave(peer, at: time)
            legs[peer]?.leave(leg, at: time)
        }
        legs[leg]?.ended = time
    }

    // MARK: Its end

    private mutating func close(at end: Int64, in db: Database) throws {
        guard let started else { return }
        for leg in legs.keys { self.end(leg, at: end) }
        // The first leg is the caller's.
        let isAnswered = legs[1]?.answered != nil
        let fact = CallEnded(
            cause: .temporaryFailure, disposition: isAnswered ? .answered : .failed, by: .restart)
        try db.execute(
            sql: """
                INSERT INTO events (sequence, time, call, kind, fields)
                VALUES ((SELECT max(sequence) + 1 FROM events), ?, ?, ?, ?)
                """, arguments: [end, call, CallEnded.name, FieldText.encode(fact.fields)])
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO call_records (call, first_sequence, last_sequence, started, answered, connected,
                    ended, from_party, caller_number, caller_name, dialled, context, to_party, disposition, cause,
                    ended_by, talk, recording)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                call, started.sequence, db.lastInsertedRowID, started.time, legs[1]?.answered, connected, end,
                started.fact.from.description, started.fact.caller.number, started.fact.caller.name,
                started.fact.dialled, started.fact.context, to, fact.disposition.rawValue, Int64(fact.cause.rawValue),
                fact.by.rawValue, legs[1]?.talk ?? 0, recording,
            ])
        for (index, leg) in legs { try insert(leg, index, fact, in: db) }
    }

    private func insert(_ leg: Leg, _ index: Int64, _ fact: CallEnded, in db: Database) throws {
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO leg_records (call, leg, party, incoming, sip_call_id, address, started, ringing,
                    answered, ended, cause, ended_by, codec, talk, received, sent, lost, refused, jitter)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0)
                """,
            arguments: [
                call, index, leg.started.party.description, leg.started.incoming, leg.started.sipCallID,
                leg.started.address, leg.startTime, leg.ringing, leg.answered, leg.ended, Int64(fact.cause.rawValue),
                fact.by.rawValue, leg.codec, leg.talk,
            ])
    }
}
