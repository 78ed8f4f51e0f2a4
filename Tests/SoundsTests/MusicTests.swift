// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Foundation
import Testing
import Timing

@testable import Sounds

@Suite("Music on hold")
struct MusicTests {
    let folder: SoundFolder
    let installed: SoundFolder
    let told = Told()
    let streams: StreamReader
    let music: MusicLibrary

    init() throws {
        folder = try SoundFolder()
        installed = try SoundFolder()
        streams = StreamReader(
            limit: 8, reports: SoundReports(now: { Instant(nanoseconds: 0) }, sink: { [told] in told.say($0) }))
        music = MusicLibrary(
            folders: [folder.path], installedFolder: installed.path, streams: streams, entropy: .seeded(7))
    }

    /// A second of one value: a file one can tell.
    static func second(_ value: Int16) -> [Int16] { [Int16](repeating: value, count: 8000) }

    func hear(_ source: MusicSource, _ count: Int) async throws -> [Int16] {
        try await Listener(try #require(source.sound.stream)).hear(count)
    }

    @Test("a class plays its files by name, over and over, without a gap")
    func inOrder() async throws {
        try folder.write("jazz/b.wav", samples: Self.second(2))
        try folder.write("jazz/a.wav", samples: Self.second(1))
        try folder.write("jazz/notes.txt", Array("not music".utf8))
        try folder.write("jazz/.hidden.wav", samples: Self.second(3))
        let heard = try await hear(music.music(class: "jazz", from: .beginning, order: .inOrder), 40_000)
        #expect(heard == Self.second(1) + Self.second(2) + Self.second(1) + Self.second(2) + Self.second(1))
        #expect(told.all == [])
    }

    @Test("a class may have a folder of its own anywhere, and an order")
    func ownFolder() async throws {
        let other = try SoundFolder()
        try other.write("b.wav", samples: Self.second(2))
        try other.write("a.wav", samples: Self.second(1))
        try folder.write("jazz/c.wav", samples: Self.second(3))
        music.setClasses(["jazz": MusicFolder(path: other.path, order: .inOrder)])
        let heard = try await hear(music.music(class: "jazz", from: .beginning), 24_000)
        #expect(heard == Self.second(1) + Self.second(2) + Self.second(1))
        music.setClasses([:])
        #expect(try await hear(music.music(class: "jazz", from: .beginning), 100).allSatisfy { $0 == 3 })
        #expect(told.all == [])
    }

    @Test("the default class is the site's, else the installed one; so is a class that has no files")
    func fallback() async throws {
        try installed.write("theirs.wav", samples: Self.second(1))
        #expect(try await hear(music.music(from: .beginning), 100).allSatisfy { $0 == 1 })
        #expect(told.all == [])
        #expect(try await hear(music.music(class: "no-such", from: .beginning), 100).allSatisfy { $0 == 1 })
        #expect(told.all == ["\(folder.path)/no-such: no music; the default class is played"])
        #expect(try await hear(music.music(class: "../x", from: .beginning), 100).allSatisfy { $0 == 1 })
        try folder.write("default/ours.wav", samples: Self.second(2))
        #expect(try await hear(music.music(from: .beginning), 100).allSatisfy { $0 == 2 })
    }

    @Test("without any file a quiet pattern is heard, which is never silent for long, and the files when they come")
    func pattern() async throws {
        let source = music.music()
        let listener = try Listener(try #require(source.sound.stream))
        let heard = try await listener.hear(2 * HoldPattern.samples.count)
        try #require(heard.count == 2 * HoldPattern.samples.count)
        #expect(heard.allSatisfy { abs($0) < 6000 })
        for start in stride(from: 0, to: heard.count, by: 1600) {
            #expect(heard[start..<start + 1600].contains { abs($0) > 100 }, "silence at \(start)")
        }
        #expect(source.position == nil)
        #expect(told.all.count == 1 && told.all[0].contains("no music"))
        try folder.write("default/late.wav", samples: Self.second(9))
        let later = try await listener.hear(3 * HoldPattern.samples.count)
        #expect(later.last == 9)
    }

    @Test("files that cannot be played are told and passed over; when none can, the pattern is heard")
    func broken() async throws {
        try folder.write("odd/a.wav", Array("RIFF".utf8))
        try folder.write("odd/c.wav", [])
        let only = try await hear(music.music(class: "odd", from: .beginning, order: .inOrder), 16_000)
        #expect(only == Array(HoldPattern.samples[0..<16_000]))
        #expect(told.all.count == 2 && told.all.allSatisfy { $0.contains(folder.path + "/odd/") })
        try folder.write("odd/b.wav", samples: Self.second(2))
        let some = try await hear(music.music(class: "odd", from: .beginning, order: .inOrder), 16_000)
        #expect(some == Self.second(2) + Self.second(2))
    }

    @Test("a loop of another rate has neither gap nor click")
    func seamless() async throws {
        let rate = 44_100
        // A whole number of periods, so that the loop is a sine without end.
        try folder.write("loop/a.wav", samples: sine(700, rate: rate, count: rate), rate: rate)
        let heard = try await hear(music.music(class: "loop", from: .beginning, order: .inOrder), 40_000)
        let ideal = sine(700, count: 40_000)
        try #require(heard.count == 40_000)
        #expect((400..<39_900).allSatisfy { abs(Int(heard[$0]) - Int(ideal[$0])) < 60 })
    }

    @Test("files of different rates follow each other at their full length")
    func rates() async throws {
        try folder.write("mixed/a.wav", samples: [Int16](repeating: 1000, count: 16_000), rate: 16_000)
        try folder.write("mixed/b.wav", samples: Self.second(-1000))
        let heard = try await hear(music.music(class: "mixed", from: .beginning, order: .inOrder), 32_000)
        for second in 0..<4 {
            let middle = heard[second * 8000 + 200..<second * 8000 + 7800]
            #expect(middle.allSatisfy { abs(Int($0) - (second % 2 == 0 ? 1000 : -1000)) < 20 }, "second \(second)")
        }
    }

    @Test("music goes on where it was left, and says where it is")
    func position() async throws {
        try folder.write("jazz/a.wav", samples: Self.second(1))
        let path = try folder.write("jazz/b.wav", samples: (0..<24_000).map { Int16(5000 + $0 / 8) })
        let first = music.music(class: "jazz", from: .beginning, order: .inOrder)
        _ = try await hear(first, 8000 + 12_000)
        let position = try #require(first.position)
        #expect(position == MusicPosition(file: path, offset: .milliseconds(1500)))
        let second = try await hear(music.music(class: "jazz", from: .at(position), order: .inOrder), 20_000)
        // Faded in, so that it does not begin with a click.
        #expect(second[0] == 0 && second[240] == 5000 + 12_240 / 8)
        #expect(second[11_999] == 5000 + 23_999 / 8 && second[12_000] == 1)
        let lost = MusicPosition(file: folder.path + "/jazz/gone.wav", offset: .seconds(1))
        #expect(
            try await hear(music.music(class: "jazz", from: .at(lost), order: .inOrder), 10)
                == Array(repeating: 1, count: 10))
    }

    @Test("who is held often does not hear the same bars each time")
    func random() async throws {
        try folder.write("jazz/a.wav", samples: (0..<32_000).map { Int16($0) })
        var begins: Set<Int16> = []
        for _ in 0..<8 {
            let source = music.music(class: "jazz")
            let heard = try await hear(source, 241)
            begins.insert(try #require(heard.last))
            source.sound.stream?.cancel()
            try #require(await comesTrue { streams.counters.open == 0 })
        }
        #expect(begins.count > 4)
    }

    @Test("beyond the bound of streams the pattern is played from memory")
    func bound() throws {
        let sources = (0..<9).map { _ in music.music() }
        #expect(sources.prefix(8).allSatisfy { $0.sound.stream != nil })
        #expect(sources[8].sound.clip?.samples.count == HoldPattern.samples.count)
        #expect(streams.counters.refused == 1)
    }

    @Test("a link out of the music folders is not followed")
    func confined() async throws {
        let outside = try SoundFolder()
        let secret = try outside.write("secret.wav", samples: Self.second(9))
        try folder.write("jazz/z.wav", samples: Self.second(1))
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/jazz/a.wav", withDestinationPath: secret)
        let heard = try await hear(music.music(class: "jazz", from: .beginning, order: .inOrder), 16_000)
        #expect(heard == Self.second(1) + Self.second(1))
        #expect(told.all.count == 1)
    }

    @Test("a library for tests has music by class")
    func fixed() {
        let library = SoundLibrary(clips: ["music/jazz": AudioClip(samples: [1])])
        #expect(library.music.music(class: "jazz").sound.clip?.samples.first == 1)
        #expect(library.music.music().sound.clip?.samples.count == HoldPattern.samples.count)
    }
}

@Suite("The order of music")
struct PlaylistTests {
    static let files = ["a", "b", "c", "d", "e"]

    @Test("shuffled, every file comes once before any comes again, and never twice in a row")
    func shuffled() {
        var entropy = Entropy.seeded(1)
        var playlist = Playlist(order: .shuffled)
        var last: String?
        var orders: Set<[String]> = []
        for _ in 0..<200 {
            playlist.begin(Self.files, using: &entropy)
            var round: [String] = []
            while let file = playlist.next() { round.append(file) }
            #expect(round.sorted() == Self.files)
            #expect(round.first != last)
            last = round.last
            orders.insert(round)
        }
        #expect(orders.count > 50)
    }

    @Test("a file that was asked for comes first")
    func first() {
        var entropy = Entropy.seeded(1)
        for order in [MusicOrder.inOrder, .shuffled] {
            var playlist = Playlist(order: order)
            playlist.begin(Self.files, using: &entropy)
            let isThere = [playlist.go(to: "c"), playlist.go(to: "z")]
            let next = playlist.next()
            #expect(isThere == [true, false] && next == "c")
        }
        var playlist = Playlist(order: .inOrder)
        playlist.begin(Self.files, using: &entropy)
        _ = playlist.go(to: "d")
        var rest: [String] = []
        while let file = playlist.next() { rest.append(file) }
        #expect(rest == ["d", "e"])
    }
}
