// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing
import Timing

@testable import Sounds

@Suite("What a library remembers")
struct IndexTests {
    static let start = Instant(nanoseconds: 0)
    let stamp: FileStamp

    init() throws { stamp = try #require(FileStamp(path: #filePath)) }

    func key(_ name: String) -> SoundIndex.Key { .init(language: "en", name: name) }

    /// Which of the files are kept, looked at in a copy: a look is a use.
    func kept(_ paths: [String], in index: SoundIndex) -> [String] {
        var index = index
        return paths.filter { if case .clip = index.file($0, stamp) { true } else { false } }
    }

    @Test("the clips unused for longest make room, not all of them")
    func leastRecentlyUsed() {
        let clip = AudioClip(samples: [Int16](repeating: 0, count: 1000))
        var index = SoundIndex(limits: .init(bytes: 7000))
        for path in ["a", "b", "c"] { index.keep(path, stamp, clip) }
        _ = index.file("a", stamp)
        index.keep("d", stamp, clip)
        #expect(kept(["a", "b", "c", "d"], in: index) == ["a", "c", "d"])
        #expect(index.bytes <= 7000)
        // The same file again weighs once.
        for _ in 0..<10 { index.keep("d", stamp, clip) }
        #expect(kept(["a", "c", "d"], in: index) == ["a", "c", "d"])
    }

    @Test("one clip larger than the limit is kept alone")
    func huge() {
        var index = SoundIndex(limits: .init(bytes: 100))
        index.keep("a", stamp, AudioClip(samples: [1]))
        index.keep("b", stamp, AudioClip(samples: [Int16](repeating: 0, count: 1000)))
        #expect(kept(["a", "b"], in: index) == ["b"])
    }

    @Test("files that cannot be used weigh too")
    func unusable() {
        var index = SoundIndex(limits: .init(bytes: 10_000))
        for number in 0..<1000 { index.keep("file\(number)", stamp, nil) }
        #expect(index.bytes <= 10_000)
        let last = index.file("file999", stamp)
        guard case .unusable = last else {
            Issue.record("the last is known")
            return
        }
    }

    @Test("names that come without end do not grow without end")
    func bounded() {
        var index = SoundIndex(limits: .init(names: 10))
        for number in 0..<1000 { index.missed(key("no\(number)"), now: Self.start) }
        let old = index.find(key("no5"), now: Self.start)
        guard case .look = old else {
            Issue.record("an old one is forgotten")
            return
        }
        let new = index.find(key("no999"), now: Self.start)
        guard case .missing = new else {
            Issue.record("the last is known")
            return
        }
    }

    @Test("what is wrong is told once a minute, and no more than twenty things")
    func reports() {
        var limiter = ReportLimiter()
        let first = (0..<5).map { limiter.admit("a", now: Self.start.advanced(by: .seconds($0 * 10))) }
        #expect(first == ["a", nil, nil, nil, nil])
        let said = (0..<100).compactMap { limiter.admit("file \($0)", now: Self.start) }
        #expect(said.count == 19)
        let later = limiter.admit("a", now: Self.start.advanced(by: .seconds(60)))
        #expect(later == "a (and 81 more before this)")
    }
}
