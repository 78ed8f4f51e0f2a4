// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Timing

/// Keeps a leg from being sent from place to place for ever: by two phones that transfer it to each other, by an extension
/// that leads to itself. No person does so twenty times in a minute.
struct LoopGuard: Hashable, Sendable {
    static let mostMoves = 20
    static let window = Duration.seconds(60)

    private var since: Instant?
    private var count = 0

    /// Counts a move; false when it is one too many.
    mutating func allows(_ now: Instant) -> Bool {
        if let since, since.duration(to: now) < Self.window {
            count += 1
        } else {
            since = now
            count = 1
        }
        return count <= Self.mostMoves
    }
}
