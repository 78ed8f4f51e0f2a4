// SPDX-License-Identifier: AGPL-3.0-or-later

/// The switch is up. `run` is the upper part of all ids of this run.
public struct ServerStarted: LedgerFact, Hashable {
    public static let name = "server.started"
    public var version: String
    public var run: UInt32

    public init(version: String, run: UInt32) {
        self.version = version
        self.run = run
    }

    public var fields: [LedgerField] { [LedgerField("version", version), LedgerField("run", run)] }

    public init?(fields: LedgerFields) {
        guard let version = fields.text("version") else { return nil }
        // Ledgers of before the run was counted have none.
        self.init(version: version, run: fields.number("run") ?? 0)
    }
}

/// The switch has ended all calls and stops.
public struct ServerStopped: LedgerFact, Hashable {
    public static let name = "server.stopped"
    public init() {}
    public init(fields: LedgerFields) {}
}

/// The switch is alive. Kept as one row that is written over every few seconds and not as an event: it bounds what a
/// crash can do to the durations of what was open.
public struct Heartbeat: LedgerFact, Hashable {
    public static let name = "server.heartbeat"
    public init() {}
    public init(fields: LedgerFields) {}
}

/// So many events were lost at this place because the ledger's queue was full.
public struct EventsLost: LedgerFact, Hashable {
    public static let name = "ledger.lost"
    public var count: Int

    public init(count: Int) { self.count = count }

    public var fields: [LedgerField] { [LedgerField("count", count)] }

    public init?(fields: LedgerFields) {
        guard let count: Int = fields.number("count") else { return nil }
        self.init(count: count)
    }
}
