// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// The modules' folds at work: each is given the facts it wants, and what it makes of a batch is written with the batch.
///
/// Folded once, written as often as it takes: a failed transaction does not count an event twice, because what a fold
/// has made waits in its rows until it is taken.
struct ModuleFolds: Sendable {
    struct Failure: Hashable, Sendable {
        var fold: String
        /// The event it failed at; 0: before any.
        var sequence: UInt64
        var reason: String
    }

    private enum RowError: Error, CustomStringConvertible {
        case beyondBounds(key: String)
        case tooMany

        var description: String {
            switch self {
            case .beyondBounds(let key): "the row \(key.prefix(40)) is beyond the bounds of a table"
            case .tooMany: "more than \(ModuleRow.maximumKeys) rows"
            }
        }
    }

    private struct Running: Sendable {
        let fold: any LedgerFold
        var position: FoldPosition
        var isDisabled = false
        /// Taken at the first event of a batch, let go with its changes.
        var rows: LedgerFoldRows?
    }

    private var running: [Running]
    /// By the name of a fact, who wants it.
    private var wanting: [String: [Int]] = [:]
    private let tables: ModuleTables

    /// - Parameter positions: where the last run has left them; a fold without one is new.
    init(_ folds: [any LedgerFold], positions: [FoldPosition], tables: ModuleTables) {
        precondition(Set(folds.map(\.name)).count == folds.count, "two folds of one name")
        self.tables = tables
        running = folds.map { fold in
            let known = positions.first { $0.name == fold.name }
            return Running(
                fold: fold, position: known ?? FoldPosition(name: fold.name, version: fold.version, sequence: 0))
        }
        for (index, fold) in folds.enumerated() {
            for name in fold.factNames { wanting[name, default: []].append(index) }
        }
    }

    var isEmpty: Bool { running.isEmpty }
    /// The names of all facts that somebody wants.
    var factNames: [String] { wanting.keys.sorted() }
    /// Behind which number there are events that some fold has not seen.
    var oldestPosition: UInt64 { running.lazy.filter { !$0.isDisabled }.map(\.position.sequence).min() ?? .max }

    /// Brings rows of earlier versions to the form the folds know now.
    mutating func migrate() -> [Failure] {
        running.indices.compactMap { index in
            let old = running[index].position.version
            let new = running[index].fold.version
            guard old != new else { return nil }
            guard old < new else {
                return disable(index, at: 0, "its rows were written by a newer version (\(old))")
            }
            let failure = attempt(index, at: 0) { fold, rows in try fold.migrate(&rows, from: old) }
            if failure == nil { running[index].position.version = new }
            return failure
        }
    }

    /// Gives the event to whom it is new. The failures are of folds that are given nothing more.
    mutating func apply(_ event: NumberedLedgerEvent) -> [Failure] {
        guard let indices = wanting[event.event.name] else { return [] }
        return indices.compactMap { index in
            guard !running[index].isDisabled, event.sequence > running[index].position.sequence else { return nil }
            let failure = attempt(index, at: event.sequence) { fold, rows in try fold.apply(event, to: &rows) }
            if failure == nil { running[index].position.sequence = event.sequence }
            return failure
        }
    }

    /// All events up to this number have been given to those that work.
    mutating func advance(to sequence: UInt64) {
        for index in running.indices where !running[index].isDisabled {
            running[index].rows = running[index].rows ?? LedgerFoldRows(tables.all(in: running[index].fold.name))
            running[index].position.sequence = max(running[index].position.sequence, sequence)
        }
    }

    /// What has changed since the last time, and the positions that have moved with it.
    mutating func takeChanges() -> (rows: [ModuleRow], positions: [FoldPosition]) {
        var rows: [ModuleRow] = []
        var positions: [FoldPosition] = []
        for index in running.indices {
            guard let changed = running[index].rows else { continue }
            running[index].rows = nil
            positions.append(running[index].position)
            for (key, value) in changed.changes {
                rows.append(ModuleRow(namespace: running[index].fold.name, key: key, value: value))
            }
        }
        return (rows, positions)
    }

    private mutating func attempt(
        _ index: Int, at sequence: UInt64, _ body: (any LedgerFold, inout LedgerFoldRows) throws -> Void
    ) -> Failure? {
        var rows = running[index].rows ?? LedgerFoldRows(tables.all(in: running[index].fold.name))
        running[index].rows = nil
        defer { running[index].rows = rows }
        do {
            try body(running[index].fold, &rows)
            try check(rows)
            rows.keep()
            return nil
        } catch {
            rows.undo()
            return disable(index, at: sequence, "\(error)")
        }
    }

    private func check(_ rows: LedgerFoldRows) throws {
        for (key, value) in rows.latest
        where !ModuleRow(namespace: "", key: key, value: value).isWithinBounds {
            throw RowError.beyondBounds(key: key)
        }
        if rows.countBound > ModuleRow.maximumKeys { throw RowError.tooMany }
    }

    private mutating func disable(_ index: Int, at sequence: UInt64, _ reason: String) -> Failure {
        running[index].isDisabled = true
        return Failure(fold: running[index].fold.name, sequence: sequence, reason: reason)
    }
}
