// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import GRDB

extension LedgerDatabase {
    /// Events read at once while folds are brought up.
    private static let catchUpCount: Int64 = 1000

    func tables(queue: LedgerQueue, foldNames: Set<String>) throws -> ModuleTables {
        ModuleTables(try pool.read { try ModuleRow.all($0) }, foldNames: foldNames, queue: queue)
    }

    /// Folds that have seen every event they want up to `last`: what a new or formerly failing one has missed is given to
    /// it here, in transactions of its own.
    func foldsBroughtUp(
        _ folds: [any LedgerFold], to last: UInt64, tables: ModuleTables, report: (StoreProblem) -> Void
    ) throws -> ModuleFolds {
        guard !folds.isEmpty else { return ModuleFolds([], positions: [], tables: tables) }
        var moduleFolds = ModuleFolds(folds, positions: try pool.read { try FoldPosition.all($0) }, tables: tables)
        for failure in moduleFolds.migrate() { report(StoreProblem(failure)) }
        try write(&moduleFolds, to: tables)
        var seen = moduleFolds.oldestPosition
        while seen < last {
            let events = try missed(moduleFolds.factNames, after: seen)
            guard let end = events.last?.sequence else { break }
            for event in events {
                for failure in moduleFolds.apply(event) { report(StoreProblem(failure)) }
            }
            try write(&moduleFolds, to: tables)
            seen = end
        }
        // So that the next start does not look through the same events again.
        moduleFolds.advance(to: last)
        try write(&moduleFolds, to: tables)
        return moduleFolds
    }

    private func missed(_ names: [String], after sequence: UInt64) throws -> [NumberedLedgerEvent] {
        let places = names.map { _ in "?" }.joined(separator: ", ")
        var arguments: StatementArguments = [Int64(clamping: sequence)]
        arguments += StatementArguments(names)
        arguments += [LedgerDatabase.catchUpCount]
        return try pool.read { [arguments] db in
            try StoreReader.fetch(
                db,
                """
                SELECT sequence, time, elapsed, call, leg, kind, fields FROM events
                WHERE sequence > ? AND kind IN (\(places)) ORDER BY sequence LIMIT ?
                """, arguments)
        }
    }

    private func write(_ folds: inout ModuleFolds, to tables: ModuleTables) throws {
        let changes = folds.takeChanges()
        guard !changes.positions.isEmpty else { return }
        try write(LedgerDatabase.Batch(moduleRows: changes.rows, folds: changes.positions))
        tables.publish(changes.rows)
    }
}
