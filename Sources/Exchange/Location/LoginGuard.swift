// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Timing

/// Counts failed logins by source address; a source with too many in a minute is refused unheard for
/// five minutes. Remembers 10,000 sources; beyond that the oldest half is forgotten.
struct LoginGuard: Sendable {
    private struct Record: Sendable {
        var failures: Int
        var since: Instant
        var lockedUntil: Instant?
    }

    private static let mostSources = 10_000
    private static let window = Duration.seconds(60)
    private static let lockout = Duration.seconds(300)

    private let failuresPerMinute: Int
    private var records: [String: Record] = [:]

    var count: Int { records.count }

    init(failuresPerMinute: Int) { self.failuresPerMinute = failuresPerMinute }

    mutating func allows(_ source: String, now: Instant) -> Bool {
        guard let until = records[source]?.lockedUntil else { return true }
        if now < until { return false }
        records[source] = nil
        return true
    }

    mutating func failed(_ source: String, now: Instant) {
        var record = records[source] ?? Record(failures: 0, since: now)
        if record.since.advanced(by: Self.window) < now { record = Record(failures: 0, since: now) }
        record.failures += 1
        if record.failures >= failuresPerMinute { record.lockedUntil = now.advanced(by: Self.lockout) }
        if records[source] == nil, records.count >= Self.mostSources { forgetOldest() }
        records[source] = record
    }

    mutating func succeeded(_ source: String) { records[source] = nil }

    private mutating func forgetOldest() {
        let sorted = records.values.map(\.since).sorted()
        let middle = sorted[sorted.count / 2]
        records = records.filter { $0.value.since > middle }
    }
}
