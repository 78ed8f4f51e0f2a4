// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
public import CallModel
internal import Glibc
internal import Synchronization

/// Prompts by name and language, read from sound folders on a thread of its own and kept in memory.
///
/// `martlet/welcome` in `zh` is looked for as `FOLDER/zh/martlet/welcome.wav` in each folder in
/// turn, then in English. Names come from dialplans: what could leave the folder is refused.
/// Kept: at most 256 MB of samples, after which the whole cache is dropped and begins anew.
public final class SoundLibrary: Sendable {
    private struct State: Sendable {
        var clips: [String: AudioClip] = [:]
        var missing: Set<String> = []
        var bytes = 0
        var waiting: [String: [@Sendable (AudioClip?) -> Void]] = [:]
    }

    private static let largestCacheBytes = 256 << 20
    private static let mostMissingNames = 4096

    private let folders: [String]
    private let state = Mutex(State())
    private let requests: RequestQueue

    /// `folders` in order of preference: the site's own before the installed ones.
    public init(folders: [String]) {
        self.folders = folders
        requests = RequestQueue(name: "sounds")
    }

    /// A library of clips that are in memory already, by `language/name`. For tests.
    public init(clips: [String: AudioClip]) {
        folders = []
        requests = RequestQueue(name: "sounds")
        state.withLock { $0.clips = clips }
    }

    /// The clip, or nil when no folder has it. `done` is called at once when the clip is in
    /// memory, otherwise on the library's thread.
    public func find(_ name: String, language: String, done: @escaping @Sendable (AudioClip?) -> Void) {
        guard Self.isSafe(name), Self.isSafe(language) else { return done(nil) }
        let key = language + "/" + name
        enum Found {
            case now(AudioClip?)
            case pending
            case load
        }
        let found: Found = state.withLock { state in
            if let clip = state.clips[key] { return .now(clip) }
            if state.missing.contains(key) { return .now(nil) }
            if state.waiting[key] != nil {
                state.waiting[key]?.append(done)
                return .pending
            }
            state.waiting[key] = [done]
            return .load
        }
        switch found {
        case .now(let clip): done(clip)
        case .pending: break
        case .load:
            if folders.isEmpty { return finish(key, nil) }
            if !requests.run({ [self] in finish(key, load(name, language: language)) }) {
                // Too many wait for the disk: not to be had now, which is not to say never.
                finish(key, nil, isKnown: false)
            }
        }
    }

    /// Forgets what is kept, so that changed files are read anew.
    public func refresh() {
        guard !folders.isEmpty else { return }
        state.withLock { state in
            state.clips = [:]
            state.missing = []
            state.bytes = 0
        }
    }

    private func finish(_ key: String, _ clip: AudioClip?, isKnown: Bool = true) {
        let waiting = state.withLock { state in
            if let clip {
                let bytes = clip.samples.count * 2
                if state.bytes + bytes > Self.largestCacheBytes {
                    state.clips = [:]
                    state.bytes = 0
                }
                state.clips[key] = clip
                state.bytes += bytes
            } else if isKnown, state.missing.count < Self.mostMissingNames {
                state.missing.insert(key)
            }
            return state.waiting.removeValue(forKey: key) ?? []
        }
        for done in waiting { done(clip) }
    }

    private func load(_ name: String, language: String) -> AudioClip? {
        for tongue in language == "en" ? ["en"] : [language, "en"] {
            for folder in folders {
                if let clip = Self.read("\(folder)/\(tongue)/\(name).wav") { return clip }
            }
        }
        return nil
    }

    private static func read(_ path: String) -> AudioClip? {
        guard let bytes = readFile(path, limit: 64 << 20) else { return nil }
        guard let samples = try? WAVReader.prompt(bytes) else { return nil }
        return AudioClip(samples: samples)
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

/// The whole of a file, nil when it cannot be read or is larger than `limit` bytes.
func readFile(_ path: String, limit: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0, information.st_size <= limit,
        information.st_mode & S_IFMT == S_IFREG
    else { return nil }
    let size = Int(information.st_size)
    var filled = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        while filled < size, let base = buffer.baseAddress {
            let got = read(descriptor, base + filled, size - filled)
            if got <= 0 { break }
            filled += got
        }
        count = filled
    }
    return filled == size ? bytes : nil
}
