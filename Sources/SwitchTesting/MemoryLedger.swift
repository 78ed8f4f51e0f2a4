// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
internal import Synchronization

/// A ledger in memory, for tests to read.
public final class MemoryLedger: LedgerSink {
    private let stored = Mutex<[LedgerEvent]>([])

    public init() {}

    public func append(_ event: LedgerEvent) { stored.withLock { $0.append(event) } }

    public var events: [LedgerEvent] { stored.withLock { $0 } }

    /// The names of a call's events, in order, e.g. `call.started`, `leg.started`.
    public func names(of call: CallID) -> [String] { events.filter { $0.call == call }.map(\.kind.name) }

    public var calls: [CallID] {
        events.compactMap { event in
            if case .callStarted = event.kind { event.call } else { nil }
        }
    }
}
