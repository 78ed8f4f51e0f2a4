// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
internal import Synchronization

/// A ledger in memory, for tests to read.
public final class MemoryLedger: LedgerSink {
    private let stored = Mutex<[LedgerEvent]>([])

    public init() {}

    @discardableResult
    public func append(_ event: LedgerEvent) -> UInt64 {
        stored.withLock {
            $0.append(event)
            return UInt64($0.count)
        }
    }

    public var events: [LedgerEvent] { stored.withLock { $0 } }

    /// The names of a call's events, in order, e.g. `call.started`, `leg.started`.
    public func names(of call: CallID) -> [String] { events.filter { $0.call == call }.map(\.name) }

    /// Every fact of one kind, in order.
    public func facts<F: LedgerFact>(_ type: F.Type) -> [F] { events.compactMap { $0.read(type) } }

    public var calls: [CallID] { events.compactMap { $0.read(CallStarted.self) == nil ? nil : $0.call } }
}

/// Rows of modules in memory.
public final class MemoryTables: TableStore {
    private let stored = Mutex<[String: [String: String]]>([:])

    public init() {}

    public func all(in namespace: String) -> [String: String] { stored.withLock { $0[namespace] ?? [:] } }

    public func set(_ key: String, _ value: String?, in namespace: String) {
        stored.withLock { $0[namespace, default: [:]][key] = value }
    }
}
