// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where events are put. Never blocks.
public protocol LedgerSink: Sendable {
    /// Gives the number that the ledger will have for the event, before it is on disk. 0: the queue was full and the
    /// event is lost; how many were is counted and told in the ledger (`EventsLost`).
    @discardableResult
    func append(_ event: LedgerEvent) -> UInt64
}

/// A reader of the ledger within the process. Called on the ledger's thread, after the events are
/// durable, in order, each once.
public protocol LedgerReader: Sendable {
    func read(_ events: [NumberedLedgerEvent])
}

/// Small tables of text that outlive the process: what a module has to know again after a restart and what is not a
/// thing that happened (a diversion, the members of a queue).
///
/// Loaded whole when the store opens, so reading costs no disk. A change is seen at once, and is written by the
/// ledger's thread in the order in which changes and events were made: after a crash no change is there without the
/// events before it. Bounds: a key of 255 bytes, a value of 65,536, 100,000 keys in a namespace; what is beyond them is
/// not taken, and the store says so.
public protocol TableStore: Sendable {
    /// The rows of a namespace: one's own module's name.
    func all(in namespace: String) -> [String: String]
    /// nil removes the row.
    func set(_ key: String, _ value: String?, in namespace: String)
}
