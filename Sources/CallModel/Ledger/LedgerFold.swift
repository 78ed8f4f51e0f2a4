// SPDX-License-Identifier: AGPL-3.0-or-later

/// A module's figures, made from ledger events and kept as rows: written in the transaction of the events they come
/// from, so the two cannot disagree.
///
/// Called on the ledger's thread, one event after the other, each once over the life of a data folder: a fold that is
/// new, or was disabled, is given what it has missed when the store opens. A fold keeps nothing in itself; what it
/// must remember is in its rows. When it throws, that event's changes are undone, the fold is named in a report and
/// given nothing more in this run; the ledger goes on.
public protocol LedgerFold: Sendable {
    /// The namespace of its rows, which others read by `TableStore.all(in:)` and nobody else writes.
    var name: String { get }
    /// The names of the facts it is given.
    var factNames: Set<String> { get }
    /// The form of its rows, from 1. When it is raised, `migrate` is called at the next start, before any event.
    var version: Int { get }
    func migrate(_ rows: inout LedgerFoldRows, from version: Int) throws
    func apply(_ event: NumberedLedgerEvent, to rows: inout LedgerFoldRows) throws
}

extension LedgerFold {
    public var version: Int { 1 }
    public func migrate(_ rows: inout LedgerFoldRows, from version: Int) throws {}
}

/// A fold's rows, key to text. Bounds as in `TableStore`.
public struct LedgerFoldRows: Sendable {
    private let stored: [String: String]
    /// Changed since the rows were taken, nil: removed.
    package private(set) var changes: [String: String?] = [:]
    /// Changed by the event in hand.
    package private(set) var latest: [String: String?] = [:]

    public init(_ stored: [String: String] = [:]) { self.stored = stored }

    public subscript(key: String) -> String? {
        get { latest[key] ?? changes[key] ?? stored[key] }
        set { latest[key] = .some(newValue) }
    }

    /// A number's row; 0 when there is none or it is no number.
    public subscript(number key: String) -> Int64 {
        get { self[key].flatMap { Int64($0) } ?? 0 }
        set { self[key] = String(newValue) }
    }

    /// All rows as they are now. Costs as much as there are rows.
    public var all: [String: String] {
        var all = stored
        for (key, value) in changes { all[key] = value }
        for (key, value) in latest { all[key] = value }
        return all
    }

    /// As many rows as there can be now, counting those twice that are stored and changed.
    package var countBound: Int { stored.count + changes.count + latest.count }

    /// The event in hand is done.
    package mutating func keep() {
        changes.merge(latest) { $1 }
        latest.removeAll(keepingCapacity: true)
    }

    /// The event in hand never was.
    package mutating func undo() { latest.removeAll(keepingCapacity: true) }
}
