// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Synchronization
internal import Threads

/// How streaming fares.
public struct StreamCounters: Hashable, Sendable {
    /// Streams that are being filled now.
    public var open = 0
    /// Streams not to be had because there were `StreamReader.mostStreams`.
    public var refused: UInt64 = 0
    /// Samples of silence heard because a disk or the thread was too slow.
    public var missedSamples: UInt64 = 0
}

/// The thread that reads long files and music: the recorder's mirror image.
///
/// One for all streams, in turn, each about two seconds ahead of its player; it runs while there are streams. What it
/// meets that cannot be read ends that stream alone. A disk that hangs makes all of them silent, and is counted.
/// A stream whose player is gone, or that nobody but the reader holds, is closed within a second.
public final class StreamReader: Sendable {
    /// 32 KB of ring each, and 16 KB a second from the page cache.
    public static let mostStreams = 1024
    /// Two seconds in the ring, filled half a second at a time.
    static let aheadSamples = 16_000
    static let turnSamples = 4_000
    /// How often the rings are looked at when all are full.
    private static let pauseMilliseconds = 200

    private struct Arrival: Sendable {
        var stream: AudioStream
        var content: StreamContent
    }

    private struct State: Sendable {
        var arrivals: [Arrival] = []
        var isRunning = false
        var counters = StreamCounters()
    }

    private let limit: Int
    private let reports: SoundReports
    private let state = Mutex(State())
    /// Rung when there is something new to be read.
    private let bell = Bell()

    init(limit: Int, reports: SoundReports) {
        self.limit = min(limit, Self.mostStreams)
        self.reports = reports
    }

    public var counters: StreamCounters { state.withLock { $0.counters } }

    /// A stream that is being filled from now on; nil when there are too many.
    func open(_ content: StreamContent) -> AudioStream? {
        let stream = AudioStream(capacitySamples: Self.aheadSamples)
        enum Step { case refused, start, ring }
        let step: Step = state.withLock { state in
            guard state.counters.open < limit else {
                state.counters.refused += 1
                return .refused
            }
            state.counters.open += 1
            state.arrivals.append(Arrival(stream: stream, content: content))
            defer { state.isRunning = true }
            return state.isRunning ? .ring : .start
        }
        switch step {
        case .refused: return nil
        case .ring: bell.ring()
        case .start:
            if PlainThread({ [self] in run() }) == nil {
                // No thread to be had: those that came meanwhile are at their end too.
                state.withLock { state in
                    state.isRunning = false
                    state.counters.open -= state.arrivals.count
                    state.counters.refused += UInt64(state.arrivals.count)
                    for arrival in state.arrivals { arrival.stream.finish() }
                    state.arrivals = []
                }
                return nil
            }
        }
        return stream
    }

    private func run() {
        var streams: [OpenStream] = []
        while admit(to: &streams) {
            var isAnyHungry = false
            var missed: UInt64 = 0
            let before = streams.count
            streams.removeAll { stream in
                let outcome = stream.turn()
                missed += stream.takeMissed()
                if outcome == .hungry { isAnyHungry = true }
                return outcome == .over
            }
            let closed = before - streams.count
            state.withLock { state in
                state.counters.open -= closed
                state.counters.missedSamples += missed
            }
            if missed > 0 { reports.say("sounds are read too slowly: a listener heard silence for it") }
            if !isAnyHungry { bell.wait(milliseconds: Self.pauseMilliseconds) }
        }
    }

    /// Opens what is new. False when nothing is left to be done, after which the thread is gone.
    private func admit(to streams: inout [OpenStream]) -> Bool {
        let isIdle = streams.isEmpty
        let arrivals: [Arrival]? = state.withLock { state in
            if state.arrivals.isEmpty, isIdle {
                state.isRunning = false
                return nil
            }
            defer { state.arrivals = [] }
            return state.arrivals
        }
        guard let arrivals else { return false }
        for arrival in arrivals {
            switch arrival.content {
            case .music(let plan, let progress):
                streams.append(OpenStream(arrival.stream, MusicStream(plan, progress, reports), progress))
            case .file(let path, let roots, let position):
                do throws(SoundError) {
                    let source = try FileSource(path: path, below: roots, from: position)
                    streams.append(OpenStream(arrival.stream, source, nil))
                } catch {
                    reports.say(path, error)
                    arrival.stream.finish()
                    state.withLock { $0.counters.open -= 1 }
                }
            }
        }
        return true
    }
}
