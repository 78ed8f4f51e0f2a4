// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import GRDB
internal import Timing

extension LedgerDatabase {
    struct Closing: Sendable {
        var calls = 0
        var lastSequence: UInt64 = 0
        /// What was appended to the ledger.
        var events: [NumberedLedgerEvent] = []
    }

    /// A newer version's tables may mean something this one does not know.
    func isFromNewerVersion() throws -> Bool {
        try pool.read { try LedgerDatabase.migrator.hasBeenSuperseded($0) }
    }

    /// Counts the run: before anything else, so that two runs never have the same number, however they end.
    func nextRun() throws -> UInt32 {
        try pool.write { db in
            try db.execute(sql: "UPDATE run SET run = run + 1")
            return UInt32(clamping: try Int64.fetchOne(db, sql: "SELECT run FROM run") ?? 0)
        }
    }

    static func write(_ beat: Beat, to db: Database) throws {
        try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO heartbeat (id, run, time, elapsed) VALUES (1, ?, ?, ?)"
        ).execute(arguments: [Int64(beat.run), beat.moment.time.microseconds, beat.moment.elapsed])
    }

    /// Ends the calls that the last run left open, as events in the ledger like any others, so that records made
    /// from the ledger alone agree. They bear the time of the last event or heartbeat: then the switch was still there.
    func closeOpenCalls(batchCount: Int) throws -> Closing {
        let last = try lastKnown()
        var fold = last.fold
        var closing = Closing(calls: fold.calls.open.count, lastSequence: last.sequence)
        let events = fold.eventsEndingAll(at: last.alive)
        var rest = events[...]
        // In batches, whole calls or not: what a crash in here leaves open, the next start closes.
        while !rest.isEmpty {
            var batch = Batch()
            for event in rest.prefix(max(1, batchCount)) {
                closing.lastSequence += 1
                let numbered = NumberedLedgerEvent(sequence: closing.lastSequence, event: event)
                batch.events.append(numbered)
                fold.apply(numbered)
            }
            rest = rest.dropFirst(batch.events.count)
            batch.rows = fold.takeRows()
            try write(batch)
            closing.events += batch.events
        }
        return closing
    }

    private struct LastKnown: Sendable {
        var sequence: UInt64 = 0
        /// The last event or heartbeat, whichever was later by each clock.
        var alive = Moment(time: WallTime(microseconds: 0), elapsed: 0)
        /// With the calls open when the ledger ends.
        var fold = RecordFold()
    }

    /// Where the ledger stands, and the calls that were open when it was last written to. A run begins by writing its
    /// heartbeat, after the one before it was closed: if anything is open, the heartbeat is of that run.
    private func lastKnown() throws -> LastKnown {
        try pool.read { db in
            var last = LastKnown()
            if let row = try Row.fetchOne(
                db, sql: "SELECT sequence, time, elapsed FROM events ORDER BY sequence DESC LIMIT 1")
            {
                last.sequence = UInt64(bitPattern: row[0])
                last.alive = Moment(time: WallTime(microseconds: row[1]), elapsed: row[2] as Int64? ?? 0)
            }
            if let row = try Row.fetchOne(db, sql: "SELECT time, elapsed FROM heartbeat") {
                last.alive.advance(to: Moment(time: WallTime(microseconds: row[0]), elapsed: row[1]))
            }
            let events = try StoreReader.fetchCursor(
                db,
                """
                SELECT sequence, time, elapsed, call, leg, kind, fields FROM events INDEXED BY events_call
                WHERE call IN (SELECT call FROM open_calls) ORDER BY sequence
                """, [])
            while let event = try events.next() { last.fold.apply(event) }
            _ = last.fold.takeRows()
            return last
        }
    }
}
