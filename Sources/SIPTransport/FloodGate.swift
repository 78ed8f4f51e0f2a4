// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Timing

/// Token buckets by source: how many messages a second each may bring (no I/O; a wire loop owns one).
///
/// The table is bounded. When it is full, buckets that have filled up again are forgotten, which changes
/// nothing for their sources; when none has, newcomers share one bucket until there is room.
struct FloodGate: Sendable {
    private struct Bucket: Sendable {
        /// In thousandths of a message.
        var tokens: Int64
        var updated: Instant
    }

    private let ratePerSecond: Int64
    private let burst: Int64
    private let capacity: Int
    private let unlimited: Set<SourceKey>
    private var buckets: [SourceKey: Bucket] = [:]
    private var shared: Bucket?
    private var lastSweep: Instant?

    init(ratePerSecond: Int, burst: Int, capacity: Int, unlimited: Set<SourceKey>) {
        self.ratePerSecond = Int64(ratePerSecond)
        self.burst = Int64(burst) * 1_000
        self.capacity = capacity
        self.unlimited = unlimited
    }

    /// Whether one more message of `source` may pass at `now`.
    mutating func admits(_ source: SourceKey, at now: Instant) -> Bool {
        if ratePerSecond == 0 || unlimited.contains(source) { return true }
        if var bucket = buckets[source] {
            let passes = take(&bucket, now)
            buckets[source] = bucket
            return passes
        }
        if buckets.count >= capacity { forgetFull(now) }
        var bucket = Bucket(tokens: burst, updated: now)
        if buckets.count < capacity {
            let passes = take(&bucket, now)
            buckets[source] = bucket
            return passes
        }
        bucket = shared ?? bucket
        let passes = take(&bucket, now)
        shared = bucket
        return passes
    }

    var sourceCount: Int { buckets.count }

    private func elapsedMilliseconds(_ bucket: Bucket, _ now: Instant) -> Int64 {
        // The bound keeps the product with the rate in range.
        min(max(bucket.updated.duration(to: now).milliseconds, 0), 10_000_000)
    }

    private func refilled(_ bucket: Bucket, _ now: Instant) -> Int64 {
        min(burst, bucket.tokens + elapsedMilliseconds(bucket, now) * ratePerSecond)
    }

    private func take(_ bucket: inout Bucket, _ now: Instant) -> Bool {
        bucket.tokens = refilled(bucket, now)
        // Only what was credited passes off the clock, so that no part of a millisecond is lost between messages.
        bucket.updated =
            bucket.tokens == burst
            ? now : bucket.updated.advanced(by: .milliseconds(elapsedMilliseconds(bucket, now)))
        guard bucket.tokens >= 1_000 else { return false }
        bucket.tokens -= 1_000
        return true
    }

    /// At most once a second: it walks the whole table.
    private mutating func forgetFull(_ now: Instant) {
        if let lastSweep, lastSweep.duration(to: now) < .seconds(1) { return }
        lastSweep = now
        buckets = buckets.filter { refilled($0.value, now) < burst }
    }
}
