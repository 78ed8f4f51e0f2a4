// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import GRDB
internal import Timing

extension LedgerDatabase {
    struct Closing: Sendable {
        var calls = 0
        var lastSequence: UInt64 = 0
        /// What was appended to the ledger.
        var events: [LedgerEvent] = []
    }

    /// A newer version's tables may mean something this one does not know.
    func isFromNewerVersion() throws -> Bool {
        try pool.read { try LedgerDatabase.migrator.hasBeenSuperseded($0) }
    }

    /// Ends the calls that the last run left open, as events in the ledger like any others, so that records made
    /// from the ledger alone agree. They bear the time of the last event known: then the switch was still there.
    func closeOpenCalls(batchCount: Int) throws -> Closing {
        let last = try lastKnown()
        var fold = last.fold
        var closing = Closing(calls: fold.open.count, lastSequence: last.sequence)
        closing.events = fold.eventsEndingAll(at: last.time)
        var rest = closing.events[...]
        // In batches, whole calls or not: what a crash in here leaves open, the next start closes.
        while !rest.isEmpty {
            var batch = Batch()
            for event in rest.prefix(max(1, batchCount)) {
                closing.lastSequence += 1
                let numbered = NumberedLedgerEvent(sequence: closing.lastSequence, event: event)
                batch.events.append(numbered)
                guard let record = fold.apply(numbered) else { continue }
                batch.records.append(record)
                batch.openCalls.closed.append(record.call)
            }
            rest = rest.dropFirst(batch.events.count)
            try write(batch)
        }
        return closing
    }
}
