// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Timing

/// What a library remembers: which file a name stood for and when that was looked at, the clips of files by path and
/// stamp, and for some seconds the names that no folder has. A value without I/O.
struct SoundIndex: Sendable {
    /// A name of a sound in a language.
    struct Key: Hashable, Sendable {
        var language: String
        var name: String
    }

    enum Answer: Sendable {
        case clip(AudioClip)
        /// No folder had it a moment ago.
        case missing
        /// The folders have to be looked at.
        case look
    }

    struct Limits: Sendable {
        /// Samples kept, in bytes; the clips unused for longest go first.
        var bytes = 256 << 20
        /// How long a name stands for a file before the folders are looked at again.
        var validity: Duration = .seconds(1)
        /// How long a name that no folder has is not looked for again.
        var missingFor: Duration = .seconds(5)
        /// Names remembered of either kind. Beyond it all are forgotten, which costs a look each.
        var names = 16_384
    }

    private struct Name {
        var path: String
        var checkedAt: Instant
    }

    private struct Kept {
        var stamp: FileStamp
        /// Nil: the file cannot be used, as was told when it was found out.
        var clip: AudioClip?
        var lastUse: UInt64

        /// A clip's samples, and what an entry costs by itself.
        var bytes: Int { (clip?.samples.count ?? 0) * 2 + 256 }
    }

    let limits: Limits
    private var names: [Key: Name] = [:]
    private var missing: [Key: Instant] = [:]
    private var files: [String: Kept] = [:]
    private var uses: UInt64 = 0
    /// What the kept files weigh.
    private(set) var bytes = 0

    init(limits: Limits = Limits()) { self.limits = limits }

    /// What is known of a name now.
    mutating func find(_ key: Key, now: Instant) -> Answer {
        if let name = names[key] {
            guard name.checkedAt.duration(to: now) < limits.validity else { return .look }
            return use(name.path).map(Answer.clip) ?? .look
        }
        if let since = missing[key] {
            if since.duration(to: now) < limits.missingFor { return .missing }
            missing[key] = nil
        }
        return .look
    }

    /// What the name stood for last, however long ago: for when the folders cannot be looked at now.
    mutating func kept(_ key: Key) -> AudioClip? { names[key].flatMap { use($0.path) } }

    enum Known: Sendable {
        case clip(AudioClip)
        case unusable
        case unknown
    }

    /// What is kept of a file, provided it is still the same.
    mutating func file(_ path: String, _ stamp: FileStamp) -> Known {
        guard let kept = files[path], kept.stamp == stamp else { return .unknown }
        guard let clip = use(path) else { return .unusable }
        return .clip(clip)
    }

    /// Keeps a file's clip, or that it has none, and lets others go when there is too much.
    mutating func keep(_ path: String, _ stamp: FileStamp, _ clip: AudioClip?) {
        remove(path)
        uses += 1
        let kept = Kept(stamp: stamp, clip: clip, lastUse: uses)
        files[path] = kept
        bytes += kept.bytes
        while bytes > limits.bytes, files.count > 1, let oldest = files.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            remove(oldest.key)
        }
    }

    /// The folders were looked at, and the name stands for this file.
    mutating func found(_ key: Key, _ path: String, now: Instant) {
        missing[key] = nil
        if names.count >= limits.names, names[key] == nil { names = [:] }
        names[key] = Name(path: path, checkedAt: now)
    }

    /// The folders were looked at, and none has it.
    mutating func missed(_ key: Key, now: Instant) {
        names[key] = nil
        if missing.count >= limits.names { missing = [:] }
        missing[key] = now
    }

    /// Every name is looked for anew. Clips stay: a file that has not changed need not be read again.
    mutating func refresh() {
        names = [:]
        missing = [:]
    }

    private mutating func use(_ path: String) -> AudioClip? {
        guard let clip = files[path]?.clip else { return nil }
        uses += 1
        files[path]?.lastUse = uses
        return clip
    }

    private mutating func remove(_ path: String) {
        guard let old = files.removeValue(forKey: path) else { return }
        bytes -= old.bytes
    }
}
