// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Synchronization

/// In what order a class's files are played.
public enum MusicOrder: Hashable, Sendable {
    /// By name, over and over.
    case inOrder
    /// Each once before any comes again.
    case shuffled
}

/// A place in a class's music.
public struct MusicPosition: Hashable, Sendable {
    /// The file's path.
    public var file: String
    public var offset: Duration

    public init(file: String, offset: Duration) {
        self.file = file
        self.offset = offset
    }
}

/// Where music begins.
public enum MusicStart: Hashable, Sendable {
    /// The first file's first sample.
    case beginning
    /// Somewhere in some file, so that who is held often does not hear the same bars each time.
    case random
    /// Where it was left; from the beginning when the file is no longer there.
    case at(MusicPosition)
}

/// Music for one listener, or for one room of them. It never ends and is never silent for long.
public final class MusicSource: Sendable {
    /// A clip is to be looped; a stream loops by itself.
    public let sound: Sound
    private let progress: MusicProgress?

    init(_ sound: Sound, _ progress: MusicProgress? = nil) {
        self.sound = sound
        self.progress = progress
    }

    /// Where the player is now, to go on from there later. Nil for what has no place: the built-in pattern, a clip, and
    /// a stream of which nothing was read yet.
    public var position: MusicPosition? {
        guard case .stream(let stream) = sound else { return nil }
        return progress?.position(of: stream)
    }
}

/// Which file the samples in a stream's ring are of. Written by the reader's thread, read by call control.
final class MusicProgress: Sendable {
    private struct Mark {
        /// The sample of the stream from which on it is this file.
        var start: Int
        /// Nil for the built-in pattern.
        var position: MusicPosition?
    }

    private struct State {
        var written = 0
        var marks: [Mark] = []
    }

    /// More files than these are not begun within what a ring holds, unless they are of no length to speak of.
    private static let mostMarks = 16
    private let state = Mutex(State())

    /// The stream's samples from `start` on are those of a file from a place on.
    func begin(_ position: MusicPosition?, at start: Int) {
        state.withLock { state in
            if state.marks.count == Self.mostMarks { state.marks.removeFirst() }
            state.marks.append(Mark(start: start, position: position))
        }
    }

    /// Writes and counts in one step, so that `position` sees both or neither.
    func write(_ samples: ArraySlice<Int16>, to stream: AudioStream) -> Int {
        state.withLock { state in
            let count = stream.write(samples)
            state.written += count
            return count
        }
    }

    func position(of stream: AudioStream) -> MusicPosition? {
        state.withLock { state in
            let heard = state.written - (stream.capacity - stream.freeSpace)
            guard let mark = state.marks.last(where: { $0.start <= heard }), var position = mark.position else {
                return nil
            }
            position.offset += .microseconds(Int64(heard - mark.start) * 125)
            return position
        }
    }
}
