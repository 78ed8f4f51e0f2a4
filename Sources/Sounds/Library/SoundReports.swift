// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Synchronization
internal import Timing

/// What is wrong with files, told once and not at every call: the same sentence at most once a minute, at most
/// `mostPerMinute` sentences a minute; what was left out is counted in the next.
struct ReportLimiter: Sendable {
    static let mostPerMinute = 20

    private var began: Instant?
    private var told: Set<String> = []
    private var leftOut = 0

    /// The sentence to be said, or nil when it is to be kept back.
    mutating func admit(_ text: String, now: Instant) -> String? {
        if let began, began.duration(to: now) < .seconds(60) {
            guard !told.contains(text) else { return nil }
            guard told.count < Self.mostPerMinute else {
                leftOut += 1
                return nil
            }
        } else {
            began = now
            told = []
        }
        told.insert(text)
        defer { leftOut = 0 }
        return leftOut == 0 ? text : "\(text) (and \(leftOut) more before this)"
    }
}

/// Where the target's threads say what is wrong.
final class SoundReports: Sendable {
    private let limiter = Mutex(ReportLimiter())
    private let now: @Sendable () -> Instant
    private let sink: @Sendable (String) -> Void

    init(now: @escaping @Sendable () -> Instant, sink: @escaping @Sendable (String) -> Void) {
        self.now = now
        self.sink = sink
    }

    func say(_ text: String) {
        let now = now()
        if let text = limiter.withLock({ $0.admit(text, now: now) }) { sink(text) }
    }

    func say(_ path: String, _ error: SoundError) { say("\(path): \(error)") }
}
