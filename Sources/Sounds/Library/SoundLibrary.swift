// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
internal import Synchronization
public import Timing

/// Prompts by name and language, read from sound folders on a thread of its own and kept in memory; long ones are
/// streamed. Music on hold comes with it.
///
/// `martlet/welcome` in `zh` is looked for as `FOLDER/zh/martlet/welcome` and `FOLDER/martlet/welcome` in each folder in
/// turn, then as `FOLDER/en/martlet/welcome`, with `.wav` and the other suffixes of `SoundForm`. Names come from
/// dialplans: what could leave the folder is refused. A file that is changed, or a better one put in its place, is in
/// force at its next use a second later at most; a name that no folder has is looked for again after five.
/// Kept: at most 256 MB of samples, the least recently used go first.
public final class SoundLibrary: Sendable {
    /// Longer sounds are streamed by `sound`.
    public static let longestClip: Duration = .seconds(60)
    /// Where Debian's packages of prompts and music lie: a link in a sound folder may lead there.
    public static let installedFolder = "/usr/share/asterisk"

    /// What waits for a look at the folders.
    enum Request: Sendable {
        case whole(@Sendable (AudioClip?) -> Void)
        case any(Duration, @Sendable (Sound?) -> Void)
    }

    struct State: Sendable {
        var index = SoundIndex()
        var waiting: [SoundIndex.Key: [Request]] = [:]
    }

    /// Music on hold, from `music/CLASS` in the first folder and from Debian's package.
    public let music: MusicLibrary

    let folders: [String]
    /// Clips of a library that has no folders.
    private let fixed: [SoundIndex.Key: AudioClip]
    let state: Mutex<State>
    let streams: StreamReader
    let reports: SoundReports
    let now: @Sendable () -> Instant
    let requests: RequestQueue

    /// - Parameters:
    ///   - folders: in order of preference: the site's own before the installed ones.
    ///   - report: takes sentences about files that cannot be used, with their paths; few, on any thread.
    public convenience init(
        folders: [String], now: @escaping @Sendable () -> Instant = { .now() },
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.init(folders: folders, limits: .init(), now: now, report: report)
    }

    init(
        folders: [String], limits: SoundIndex.Limits, streamLimit: Int = StreamReader.mostStreams,
        now: @escaping @Sendable () -> Instant = { .now() }, report: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.folders = folders
        self.now = now
        requests = RequestQueue(now: now)
        fixed = [:]
        state = Mutex(State(index: SoundIndex(limits: limits)))
        reports = SoundReports(now: now, sink: report)
        streams = StreamReader(limit: streamLimit, reports: reports)
        music = MusicLibrary(
            folders: folders.prefix(1).map { $0 + "/music" }, installedFolder: Self.installedFolder + "/moh",
            streams: streams)
    }

    /// A library of clips that are in memory already, by `language/name`, and of music by `music/class`. For tests:
    /// it has no thread and answers at once.
    public init(clips: [String: AudioClip]) {
        folders = []
        now = { .now() }
        requests = RequestQueue(now: now)
        var fixed: [SoundIndex.Key: AudioClip] = [:]
        for (name, clip) in clips {
            let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
            if parts.count == 2 { fixed[.init(language: parts[0], name: parts[1])] = clip }
        }
        self.fixed = fixed
        state = Mutex(State())
        reports = SoundReports(now: now, sink: { _ in })
        streams = StreamReader(limit: 0, reports: reports)
        music = MusicLibrary(clips: fixed.filter { $0.key.language == "music" }.map { ($0.key.name, $0.value) })
    }

    /// The clip, or nil when no folder has it. `done` is called at once when the clip is in memory and was looked at
    /// within a second, otherwise on the library's thread.
    public func find(_ name: String, language: String, done: @escaping @Sendable (AudioClip?) -> Void) {
        request(name, language, .whole(done))
    }

    /// As `find`, but what is longer than `longestClip` comes as a stream, which begins at `position`. A clip is the
    /// whole of it in any case.
    public func sound(
        _ name: String, language: String, from position: Duration = .zero,
        done: @escaping @Sendable (Sound?) -> Void
    ) {
        request(name, language, .any(position, done))
    }

    /// Looks for every name anew at its next use.
    public func refresh() { state.withLock { $0.index.refresh() } }

    private func request(_ name: String, _ language: String, _ request: Request) {
        guard Self.isSafe(name), Self.isSafe(language), !language.contains("/") else { return request.answer(nil) }
        let key = SoundIndex.Key(language: language, name: name)
        if folders.isEmpty {
            return request.answer(fixed[key] ?? fixed[.init(language: "en", name: name)])
        }
        enum Step {
            case now(AudioClip?)
            case pending
            case look
        }
        let time = now()
        let isStalled = requests.isStalled
        let step: Step = state.withLock { state in
            switch state.index.find(key, now: time) {
            case .clip(let clip): return .now(clip)
            case .missing: return .now(nil)
            case .look:
                // A disk that hangs silences what it has not given yet, and nothing else.
                if isStalled, let clip = state.index.kept(key) { return .now(clip) }
                let others = state.waiting[key]
                state.waiting[key, default: []].append(request)
                return others == nil ? .look : .pending
            }
        }
        switch step {
        case .now(let clip): request.answer(clip)
        case .pending: break
        case .look:
            if requests.run({ [self] in look(for: key) }) { return }
            // Too many wait for the disk: what is known has to do, and nothing known is not to say never.
            let (waiting, clip) = state.withLock { ($0.waiting.removeValue(forKey: key) ?? [], $0.index.kept(key)) }
            for request in waiting { request.answer(clip) }
        }
    }

    /// Letters, digits, `-_./` without `..` and not absolute; at most 200 bytes.
    static func isSafe(_ name: String) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 200, !name.hasPrefix("/"), !name.contains("..") else {
            return false
        }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x5F, 0x80...0xFF: true
            default: false
            }
        }
    }
}

extension SoundLibrary.Request {
    func answer(_ clip: AudioClip?) {
        switch self {
        case .whole(let done): done(clip)
        case .any(_, let done): done(clip.map(Sound.clip))
        }
    }
}
