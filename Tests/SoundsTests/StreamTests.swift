// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Foundation
import Testing
import Timing

@testable import Sounds

@Suite("Long files")
struct StreamTests {
    let folder: SoundFolder
    let told = Told()

    init() throws { folder = try SoundFolder() }

    func library(streams: Int = StreamReader.mostStreams) -> SoundLibrary {
        SoundLibrary(
            folders: [folder.path], limits: .init(), streamLimit: streams, report: { [told] in told.say($0) })
    }

    /// Samples that tell where they are from.
    static let long = (0..<61 * 8000).map { Int16(truncatingIfNeeded: $0 &* 7919) }

    @Test("a file longer than a minute is streamed, every sample of it, and ends")
    func whole() async throws {
        try folder.write("en/book.wav", samples: Self.long)
        let library = library()
        let stream = try #require(await library.sound("book")?.stream)
        let listener = try Listener(stream)
        let heard = try await listener.hear(Self.long.count + 1)
        #expect(heard == Self.long)
        #expect(try await comesTrue { library.streams.counters.open == 0 })
        #expect(told.all == [])
    }

    @Test("who asks for a clip gets the whole of it, and from then on everybody does")
    func asClip() async throws {
        try folder.write("en/book.wav", samples: Self.long)
        let library = library()
        #expect(await library.clip("book") == Self.long)
        try folder.write("en/short.wav", samples: [1, 2])
        #expect(await library.sound("short")?.clip?.samples.count == 2)
    }

    @Test("a stream begins where it is told to")
    func position() async throws {
        try folder.write("en/book.wav", samples: Self.long)
        let library = library()
        let stream = try #require(await library.sound("book", from: .milliseconds(60_500))?.stream)
        #expect(try await Listener(stream).hear(8000) == Array(Self.long[484_000...]))
        let beyond = try #require(await library.sound("book", from: .seconds(1000))?.stream)
        #expect(try await Listener(beyond).hear(1) == [])
    }

    @Test("another rate is resampled on the way, as long as it was and in its place")
    func resampled() async throws {
        let rate = 44_100
        try folder.write("en/wide.wav", samples: sine(400, rate: rate, count: 61 * rate), rate: rate)
        let library = library()
        let heard = try await Listener(try #require(await library.sound("wide")?.stream)).hear(1 << 20)
        try #require(heard.count == 61 * 8000)
        let ideal = sine(400, count: 61 * 8000)
        #expect((400..<heard.count - 400).allSatisfy { abs(Int(heard[$0]) - Int(ideal[$0])) < 60 })
    }

    @Test("a stream whose player is gone is closed, and so is one that nobody holds any more")
    func gone() async throws {
        try folder.write("en/book.wav", samples: Self.long)
        let library = library()
        let played = try #require(await library.sound("book")?.stream)
        var other = await library.sound("book")
        #expect(other?.stream != nil && library.streams.counters.open == 2)
        played.cancel()
        #expect(try await comesTrue { library.streams.counters.open == 1 })
        other = nil
        #expect(try await comesTrue { library.streams.counters.open == 0 })
    }

    @Test("the reader keeps two seconds ahead of each player and no more, and serves them in turn")
    func ahead() async throws {
        try folder.write("en/book.wav", samples: Self.long)
        let library = library()
        var listeners: [Listener] = []
        for _ in 0..<20 { listeners.append(try Listener(try #require(await library.sound("book")?.stream))) }
        for listener in listeners {
            #expect(try await comesTrue { listener.stream.freeSpace < StreamReader.turnSamples })
            #expect(listener.stream.capacity <= 3 * 8000)
        }
        for listener in listeners { #expect(try await listener.hear(40_000) == Array(Self.long[0..<40_000])) }
    }

    @Test("beyond the bound of streams a long file is played from one copy in memory, and counted")
    func bound() async throws {
        try folder.write("en/book.wav", samples: Self.long)
        let library = library(streams: 1)
        let stream = try #require(await library.sound("book")?.stream)
        let clip = try #require(await library.sound("book")?.clip)
        #expect(clip.samples.count == Self.long.count)
        #expect(library.streams.counters.refused == 1)
        stream.cancel()
    }

    @Test("a file that is cut short while it is played ends where it ends now")
    func cut() async throws {
        let path = try folder.write("en/book.wav", samples: Self.long)
        let library = library()
        let stream = try #require(await library.sound("book")?.stream)
        #expect(try await comesTrue { stream.freeSpace < StreamReader.turnSamples })
        try #require(FileHandle(forWritingAtPath: path)).truncate(atOffset: UInt64(58 + 2 * 100_000))
        #expect(try await Listener(stream).hear(Self.long.count) == Array(Self.long[0..<100_000]))
    }

    @Test("a reader that comes too late is silence that is counted")
    func late() async throws {
        try folder.write("en/book.wav", samples: Self.long)
        let library = library()
        let stream = try #require(await library.sound("book")?.stream)
        let side = try #require(stream.startPlaying())
        #expect(try await comesTrue { stream.freeSpace < StreamReader.turnSamples })
        var frame = [Int16](repeating: 1, count: 1 << 16)
        // All there is and more, in one go.
        #expect(side.read(into: &frame, count: 160) == 160)
        #expect(try #require(side.read(into: &frame, count: frame.count)) < frame.count)
        #expect(frame.last == 0)
        #expect(try await comesTrue { library.streams.counters.missedSamples > 0 })
        #expect(told.all.count == 1)
        stream.cancel()
    }
}
