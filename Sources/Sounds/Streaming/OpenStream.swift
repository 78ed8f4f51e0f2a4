// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// A stream the reader keeps filled. Belongs to the reader's thread.
final class OpenStream {
    enum Outcome {
        /// There is room for more.
        case hungry
        case full
        /// The player is gone, or all of it is in the ring.
        case over
    }

    private var stream: AudioStream
    private let source: any StreamSource
    private let progress: MusicProgress?
    /// Read and not yet written, from `at` on.
    private var samples: [Int16] = []
    private var at = 0
    private var hasEnded = false
    private var missed: UInt64 = 0

    init(_ stream: AudioStream, _ source: any StreamSource, _ progress: MusicProgress?) {
        self.stream = stream
        self.source = source
        self.progress = progress
    }

    /// Half a second's worth at most, so that everybody gets a turn.
    func turn() -> Outcome {
        // What nobody else holds cannot be played any more, though nobody said so.
        guard stream.isWanted, !isKnownUniquelyReferenced(&stream) else { return .over }
        guard stream.freeSpace >= StreamReader.turnSamples else { return .full }
        if at == samples.count, !hasEnded {
            samples.removeAll(keepingCapacity: true)
            at = 0
            hasEnded = !source.fill(&samples, wanted: StreamReader.turnSamples)
        }
        let rest = samples[at...]
        at += progress?.write(rest, to: stream) ?? stream.write(rest)
        if hasEnded, at == samples.count {
            stream.finish()
            return .over
        }
        return stream.freeSpace >= StreamReader.turnSamples ? .hungry : .full
    }

    /// Samples of silence heard since the last call because the ring was empty.
    func takeMissed() -> UInt64 {
        let all = stream.missedSamples
        defer { missed = all }
        return all &- missed
    }
}
