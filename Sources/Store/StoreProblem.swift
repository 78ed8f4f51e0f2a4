// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel

/// What the store tells about its health while it runs. Nothing here stops a call.
public enum StoreProblem: Hashable, Sendable {
    /// The database cannot be written to (disk full, locked, broken); `waiting` events are kept in memory and tried again.
    /// Told once, until `recovered`.
    case failing(reason: String, waiting: Int)
    /// It works again, nothing was lost in between unless `overflow` says so.
    case recovered
    /// So many events were lost because more waited than may; the ledger says so too.
    case overflow(lost: Int)
    /// Call or leg numbers came a second time. The records of the first stand, the events of both are in the ledger.
    case repeatedNumbers(calls: [CallID], legs: [LegID])
    /// A module's fold failed at the event of that number (0: before any) and is given nothing more in this run. Its rows are as
    /// they were before; the next start tries again from there.
    case foldFailed(name: String, sequence: UInt64, reason: String)
    /// So many changes of modules' tables were refused: beyond their bounds, too many waiting, or a fold's table.
    case rowsRefused(count: Int)
    /// The store was closed while the database could not be written to.
    case abandoned(events: Int, bindings: Int)
}

/// Why a store could not be opened or read.
public enum StoreError: Error, Hashable, Sendable {
    /// Another process works in this data folder.
    case inUse(folder: String)
    /// Written by a newer version of the program.
    case newer(path: String)
    /// It was opened 2²⁴ times; more runs cannot be told apart.
    case outOfRuns(path: String)
    case system(path: String, reason: String)
    case database(path: String, reason: String)

    /// One sentence for a person.
    public var message: String {
        switch self {
        case .inUse(let folder): "another martlet is running in \(folder)"
        case .newer(let path): "\(path) was written by a newer version of martlet"
        case .outOfRuns(let path): "\(path) has been opened too often for its calls to have numbers of their own"
        case .system(let path, let reason), .database(let path, let reason): "\(path): \(reason)"
        }
    }
}

extension StoreProblem {
    init(_ failure: ModuleFolds.Failure) {
        self = .foldFailed(name: failure.fold, sequence: failure.sequence, reason: failure.reason)
    }
}
