// SPDX-License-Identifier: AGPL-3.0-or-later

/// Why a subscription is one too many.
enum LampRefusal: Hashable, Sendable {
    /// The seat has enough of them.
    case watcher
    /// The address has.
    case source
    /// The switch has.
    case all

    /// Both with Retry-After: places come free as subscriptions run out.
    var status: Int { self == .all ? 503 : 480 }

    var reason: String {
        switch self {
        case .watcher: "Too many subscriptions of this seat"
        case .source: "Too many subscriptions from this address"
        case .all: "Too many subscriptions"
        }
    }
}

/// How many subscriptions there are, by who has them.
struct LampTally: Sendable {
    /// A console with 200 keys, each watched by both packages, and once more by its predecessor before a restart.
    static let perWatcher = 1000
    /// An office behind one address.
    static let perSource = 5000
    /// The stack has as many places.
    static let all = 10_000
    /// Told to those that are refused, in seconds.
    static let retryAfterSeconds = 60

    private var count = 0
    private var byWatcher: [String: Int] = [:]
    private var bySource: [String: Int] = [:]

    func refusal(watcher: String, source: String) -> LampRefusal? {
        if byWatcher[watcher, default: 0] >= Self.perWatcher { return .watcher }
        if bySource[source, default: 0] >= Self.perSource { return .source }
        return count >= Self.all ? .all : nil
    }

    mutating func add(_ watch: LampBoard.Watch) {
        count += 1
        byWatcher[watch.watcher, default: 0] += 1
        bySource[watch.source, default: 0] += 1
    }

    mutating func remove(_ watch: LampBoard.Watch) {
        count -= 1
        Self.takeOne(from: &byWatcher, watch.watcher)
        Self.takeOne(from: &bySource, watch.source)
    }

    private static func takeOne(from counts: inout [String: Int], _ key: String) {
        let left = (counts[key] ?? 0) - 1
        counts[key] = left > 0 ? left : nil
    }
}
