// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Synchronization

/// How many calls are up, in all, by seat and by trunk.
///
/// The exchange takes places before it makes a leg and gives them back when the leg ends. The
/// lock is held for a dictionary look-up; nothing waits inside it.
public final class Occupancy: Sendable {
    /// What is counted.
    public enum Place: Hashable, Sendable {
        case calls
        case seat(String)
        case trunk(String)
    }

    private let counts = Mutex<[Place: Int]>([:])

    public init() {}

    /// Takes one place unless `limit` are taken already.
    func take(_ place: Place, limit: Int) -> Bool {
        counts.withLock { counts in
            let taken = counts[place, default: 0]
            guard taken < limit else { return false }
            counts[place] = taken + 1
            return true
        }
    }

    func giveBack(_ place: Place) {
        counts.withLock { counts in
            let left = (counts[place] ?? 0) - 1
            counts[place] = left > 0 ? left : nil
        }
    }

    public func taken(_ place: Place) -> Int {
        counts.withLock { $0[place] ?? 0 }
    }
}
