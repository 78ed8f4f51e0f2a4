// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Synchronization

/// Open connections in all and by source, over all loops. Locked once when a connection comes and once when it goes.
final class ConnectionCensus: Sendable {
    let unlimited: Set<SourceKey>
    private let perSource: Int
    private let inAll: Int

    private struct Count {
        var total = 0
        var bySource: [SourceKey: Int] = [:]
    }

    private let count = Mutex(Count())

    init(_ configuration: SIPTransport.Configuration) {
        unlimited = Set(configuration.unlimitedSources.compactMap { SourceKey(address: $0) })
        perSource = configuration.connectionsPerSource
        inAll = configuration.connectionsInAll
    }

    var total: Int { count.withLock { $0.total } }

    /// Counts one more, unless that would be too many. Each `true` wants one `leave`.
    func enter(_ source: SourceKey) -> Bool {
        count.withLock { count in
            let same = count.bySource[source, default: 0]
            guard count.total < inAll, same < perSource || unlimited.contains(source) else { return false }
            count.total += 1
            count.bySource[source] = same + 1
            return true
        }
    }

    func leave(_ source: SourceKey) {
        count.withLock { count in
            guard let same = count.bySource[source] else { return }
            count.total -= 1
            count.bySource[source] = same > 1 ? same - 1 : nil
        }
    }
}
