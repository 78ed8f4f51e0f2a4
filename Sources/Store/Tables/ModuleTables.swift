// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Synchronization

/// Modules' tables as they are in memory. A change is taken here and in the queue under one lock, so both have the
/// same order; what the queue refuses is not taken here either, and memory never promises what the disk will not have.
final class ModuleTables: TableStore {
    private struct State: Sendable {
        var rows: [String: [String: String]]
        /// Written by folds, on the ledger's thread, and by nobody else.
        var foldNames: Set<String>
    }

    private let state: Mutex<State>
    private let queue: LedgerQueue

    init(_ rows: [String: [String: String]], foldNames: Set<String>, queue: LedgerQueue) {
        state = Mutex(State(rows: rows, foldNames: foldNames))
        self.queue = queue
    }

    func all(in namespace: String) -> [String: String] { state.withLock { $0.rows[namespace] ?? [:] } }

    func set(_ key: String, _ value: String?, in namespace: String) {
        let row = ModuleRow(namespace: namespace, key: key, value: value)
        state.withLock { state in
            // Nothing of the table is held while it changes, or every change would copy it.
            let known = state.rows[namespace]?[key]
            let isFull = known == nil && value != nil && state.rows[namespace]?.count ?? 0 >= ModuleRow.maximumKeys
            guard row.isWithinBounds, !isFull, !state.foldNames.contains(namespace) else { return queue.refuseRow() }
            guard known != value, queue.append(row) else { return }
            state.rows[namespace, default: [:]][key] = value
        }
    }

    /// What a fold has made, once it is durable.
    func publish(_ rows: [ModuleRow]) {
        guard !rows.isEmpty else { return }
        state.withLock { state in
            for row in rows { state.rows[row.namespace, default: [:]][row.key] = row.value }
        }
    }
}
