// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Synchronization
internal import Timing

/// A class of music with a folder of its own.
public struct MusicFolder: Hashable, Sendable {
    public var path: String
    public var order: MusicOrder

    public init(path: String, order: MusicOrder) {
        self.path = path
        self.order = order
    }
}

/// Music on hold by class. A class is a folder of sound files: one that was named for it, else `FOLDER/NAME` of the site,
/// and for `default` those of Debian's package asterisk-moh-opsound-wav when the site has none.
///
/// Each source is a stream of its own, which the library's reader fills; nothing here waits for a disk. A class without
/// files plays the default's, and where that has none either a quiet pattern of tones is heard, never silence.
public final class MusicLibrary: Sendable {
    public static let defaultClass = "default"

    private enum Place: Sendable {
        case folders([String], installed: String, StreamReader)
        case clips([String: AudioClip])
    }

    private let place: Place
    private let entropy: Mutex<Entropy>
    private let classes = Mutex<[String: MusicFolder]>([:])

    init(
        folders: [String], installedFolder: String, streams: StreamReader, entropy: Entropy = .system
    ) {
        place = .folders(folders, installed: installedFolder, streams)
        self.entropy = Mutex(entropy)
    }

    init(clips: [(String, AudioClip)]) {
        place = .clips(Dictionary(clips) { first, _ in first })
        entropy = Mutex(.system)
    }

    /// The streams of music and long sounds.
    public var counters: StreamCounters {
        guard case .folders(_, _, let streams) = place else { return StreamCounters() }
        return streams.counters
    }

    /// The classes that have folders of their own, from the next music on.
    public func setClasses(_ folders: [String: MusicFolder]) { classes.withLock { $0 = folders } }

    /// Music of a class from now on, in the class's order unless another is given. A name that is none (empty, or with a `/`) is the default class.
    public func music(
        class name: String = MusicLibrary.defaultClass, from start: MusicStart = .random,
        order: MusicOrder? = nil
    ) -> MusicSource {
        switch place {
        case .clips(let clips):
            return MusicSource(.clip(clips[name] ?? clips[Self.defaultClass] ?? HoldPattern.clip))
        case .folders(let folders, let installed, let streams):
            let standard = folders.map { "\($0)/\(Self.defaultClass)" } + [installed]
            let isOther = name != Self.defaultClass && SoundLibrary.isSafe(name) && !name.contains("/")
            let named = classes.withLock { $0[name] }
            let usual = isOther ? folders.map { "\($0)/\(name)" } : standard
            let plan = MusicPlan(
                own: (named.map { [$0.path] } ?? []) + usual, others: isOther || named != nil ? standard : [],
                roots: folders + [installed] + (named.map { [$0.path] } ?? []),
                order: order ?? named?.order ?? .shuffled, start: start,
                entropy: .seeded(entropy.withLock { $0.next() }))
            let progress = MusicProgress()
            // As many streams as there may be: the pattern needs none.
            guard let stream = streams.open(.music(plan, progress)) else { return MusicSource(.clip(HoldPattern.clip)) }
            return MusicSource(.stream(stream), progress)
        }
    }
}
