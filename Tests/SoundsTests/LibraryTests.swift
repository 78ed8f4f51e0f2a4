// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CallModel
import Foundation
import Synchronization
import Testing
import Timing

@testable import Sounds

@Suite("Prompts by name and language")
struct LibraryTests {
    let folder: SoundFolder
    let installed: SoundFolder
    let clock = HandClock()
    let told = Told()
    let library: SoundLibrary

    init() throws {
        folder = try SoundFolder()
        installed = try SoundFolder()
        library = SoundLibrary(
            folders: [folder.path, installed.path], now: { [clock] in clock.now() }, report: { [told] in told.say($0) })
    }

    @Test("the caller's language goes before English, and the site's folder before the installed one")
    func order() async throws {
        try installed.write("en/greeting.wav", samples: [1])
        #expect(await library.clip("greeting", "zh") == [1])
        try folder.write("en/greeting.wav", samples: [2])
        try installed.write("zh/greeting.wav", samples: [3])
        clock.advance(.seconds(1))
        #expect(await library.clip("greeting", "zh") == [3])
        #expect(await library.clip("greeting", "en") == [2])
        try folder.write("greeting.wav", samples: [4])
        clock.advance(.seconds(1))
        #expect(await library.clip("greeting", "zh") == [4])
        #expect(await library.clip("greeting", "en") == [2])
    }

    @Test("a changed file is in force at its next use, a second later at most, without a reload")
    func changed() async throws {
        try folder.write("en/night.wav", samples: [1, 1])
        #expect(await library.clip("night") == [1, 1])
        try folder.write("en/night.wav", samples: [2, 2, 2])
        #expect(await library.clip("night") == [1, 1])
        clock.advance(.seconds(1))
        #expect(await library.clip("night") == [2, 2, 2])
        // Of the same size: told by its time.
        let path = try folder.write("en/night.wav", samples: [3, 3, 3])
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: path)
        clock.advance(.seconds(1))
        #expect(await library.clip("night") == [3, 3, 3])
        try FileManager.default.removeItem(atPath: path)
        clock.advance(.seconds(1))
        #expect(await library.clip("night") == nil)
    }

    @Test("a file that has not changed is read once")
    func readOnce() async throws {
        try folder.write("en/same.wav", samples: [7])
        func clip() async -> AudioClip? { await library.sound("same")?.clip }
        let first = try #require(await clip())
        clock.advance(.seconds(10))
        #expect(await clip() === first)
        library.refresh()
        #expect(await clip() === first)
    }

    @Test("a missing name is remembered for five seconds, and a reload forgets it at once")
    func missing() async throws {
        #expect(await library.clip("late") == nil)
        try folder.write("en/late.wav", samples: [5])
        clock.advance(.milliseconds(4999))
        #expect(await library.clip("late") == nil)
        clock.advance(.milliseconds(1))
        #expect(await library.clip("late") == [5])
        #expect(await library.clip("later") == nil)
        try folder.write("en/later.wav", samples: [6])
        library.refresh()
        #expect(await library.clip("later") == [6])
        #expect(told.all == [])
    }

    @Test("any rate and Asterisk's headerless files are played at 8 kHz, WAV before the others")
    func forms() async throws {
        try folder.write("en/wide.wav", samples: sine(1000, rate: 44_100, count: 44_100), rate: 44_100)
        let wide = try #require(await library.clip("wide"))
        #expect(wide.count == 8000)
        #expect(zip(wide, sine(1000, count: 8000))[400..<7600].allSatisfy { abs(Int($0) - Int($1)) < 60 })
        try folder.write("en/law.ulaw", [0xFF, 0x00])
        try folder.write("en/law.alaw", [0xD5])
        #expect(await library.clip("law") == [0, -32124])
        try folder.write("en/linear.sln", SoundFolder.raw([1, -2]) + [9])
        #expect(await library.clip("linear") == [1, -2])
        try folder.write("en/high.sln16", SoundFolder.raw([Int16](repeating: 0, count: 320)))
        #expect(await library.clip("high")?.count == 160)
        try folder.write("en/linear.wav", samples: [3])
        clock.advance(.seconds(1))
        #expect(await library.clip("linear") == [3])
    }

    @Test("a file that cannot be used is told once, by path and reason, and the next one is played")
    func unusable() async throws {
        try installed.write("en/hello.wav", samples: [1])
        let broken = try folder.write("en/hello.wav", Array("RIFF but not really".utf8))
        let cut = try folder.write("en/cut.wav", Array(SoundFolder.wav([1]).prefix(30)))
        try folder.write("en/empty.sln", [])
        #expect(await library.clip("hello") == [1])
        clock.advance(.seconds(1))
        #expect(await library.clip("hello") == [1])
        #expect(await library.clip("cut") == nil)
        #expect(await library.clip("empty") == nil)
        #expect(
            told.all == [
                "\(broken): not a WAV file (no RIFF/WAVE with fmt and data)", "\(cut): the WAV header is cut off",
                "\(folder.path)/en/empty.sln: holds no samples",
            ])
        try folder.write("en/hello.wav", samples: [2])
        clock.advance(.seconds(1))
        #expect(await library.clip("hello") == [2])
    }

    @Test(
        "a header that lies is refused or cut to the file, never believed",
        arguments: [
            (40, [0xFF, 0xFF, 0xFF, 0xFF]), (16, [0xFF, 0xFF, 0xFF, 0x7F]), (22, [0, 0]), (24, [0, 0, 0, 0]),
            (32, [0, 0]), (34, [0, 0]), (54, [0xFF, 0xFF, 0xFF, 0xFF]), (54, [0, 0, 0, 0]),
        ] as [(Int, [UInt8])])
    func hostile(offset: Int, bytes: [UInt8]) async throws {
        var file = SoundFolder.wav([1, 2, 3])
        file.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        try folder.write("en/lie.wav", file)
        let clip = await library.clip("lie")
        #expect(clip == nil || clip == [1, 2, 3])
        #expect((clip == nil) == (told.all.count == 1))
    }

    @Test("no name and no link leads out of the folders")
    func confined() async throws {
        let outside = try SoundFolder()
        let secret = try outside.write("secret.wav", samples: [9])
        try FileManager.default.createDirectory(atPath: folder.path + "/en", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/en/linked.wav", withDestinationPath: secret)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/en/sub", withDestinationPath: outside.path)
        #expect(await library.clip("linked") == nil)
        #expect(await library.clip("sub/secret") == nil)
        #expect(told.all.count == 2 && told.all.allSatisfy { $0.contains("leads out of the sound folders") })
        let name = URL(filePath: outside.path).lastPathComponent
        for name in ["../../\(name)/secret", secret, "/etc/passwd", "", "a\0b", String(repeating: "a", count: 201)] {
            #expect(await library.clip(name) == nil)
        }
        #expect(await library.clip("secret", "../../\(name)") == nil)
        #expect(await library.clip("b/c", "a/b") == nil)
        // Within the folders links are as good as files.
        try installed.write("en/target.wav", samples: [1])
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/en/inner.wav", withDestinationPath: installed.path + "/en/target.wav")
        #expect(await library.clip("inner") == [1])
    }

    @Test("a pipe in a sound folder stops nothing")
    func pipe() async throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/en", withIntermediateDirectories: true)
        #expect(mkfifo(folder.path + "/en/pipe.wav", 0o600) == 0)
        #expect(await library.clip("pipe") == nil)
        try folder.write("en/after.wav", samples: [1])
        #expect(await library.clip("after") == [1])
    }

    @Test("a disk that hangs silences what it has not given yet, and nothing else")
    func hanging() async throws {
        try folder.write("en/known.wav", samples: [1])
        try folder.write("en/new.wav", samples: [2])
        #expect(await library.clip("known") == [1])
        let gate = Mutex(false)
        let disk = DispatchSemaphore(value: 0)
        #expect(library.requests.run { disk.wait() })
        clock.advance(.seconds(2))
        #expect(try await comesTrue { library.requests.isBusy })
        library.find("new", language: "en") { clip in gate.withLock { $0 = clip != nil } }
        clock.advance(.seconds(1))
        #expect(await library.clip("known") == [1])
        #expect(gate.withLock { $0 } == false)
        disk.signal()
        #expect(try await comesTrue { gate.withLock { $0 } })
    }

    @Test("many who ask for one sound at once all get it")
    func together() async throws {
        try folder.write("en/all.wav", samples: [1, 2])
        let answers = await withTaskGroup(of: [Int16]?.self) { group in
            for _ in 0..<50 { group.addTask { [library] in await library.clip("all") } }
            return await group.reduce(into: [[Int16]?]()) { $0.append($1) }
        }
        #expect(answers.count == 50 && answers.allSatisfy { $0 == [1, 2] })
    }

    @Test("a library for tests answers at once, in English where it has no other")
    func fixed() async {
        let library = SoundLibrary(clips: ["en/welcome": AudioClip(samples: [1]), "zh/bye": AudioClip(samples: [2])])
        #expect(await library.clip("welcome", "zh") == [1])
        #expect(await library.clip("bye", "zh") == [2])
        #expect(await library.clip("bye") == nil)
    }
}

extension Zip2Sequence where Sequence1 == [Int16], Sequence2 == [Int16] {
    fileprivate subscript(range: Range<Int>) -> ArraySlice<(Int16, Int16)> { Array(self)[range] }
}
