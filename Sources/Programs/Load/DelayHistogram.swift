// SPDX-License-Identifier: AGPL-3.0-or-later

/// Delays counted by the microsecond up to 100 ms; what is longer goes by the millisecond up to 10 s.
struct DelayHistogram {
    private var fine = [UInt32](repeating: 0, count: 100_000)
    private var coarse = [UInt32](repeating: 0, count: 10_000)
    private(set) var count = 0
    private(set) var maximumMicroseconds = 0

    mutating func add(nanoseconds: Int64) {
        let microseconds = max(0, Int(nanoseconds / 1_000))
        if microseconds < fine.count {
            fine[microseconds] &+= 1
        } else {
            coarse[min(microseconds / 1_000, coarse.count - 1)] &+= 1
        }
        count += 1
        maximumMicroseconds = max(maximumMicroseconds, microseconds)
    }

    /// The delay that `share` (0…1) of all do not exceed, in microseconds; 0 when there are none.
    func quantile(_ share: Double) -> Int {
        let wanted = Int((Double(count) * share).rounded(.up))
        var seen = 0
        for (microseconds, number) in fine.enumerated() {
            seen += Int(number)
            if seen >= wanted, seen > 0 { return microseconds }
        }
        for (milliseconds, number) in coarse.enumerated() {
            seen += Int(number)
            if seen >= wanted { return milliseconds * 1_000 }
        }
        return maximumMicroseconds
    }
}
