// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc
internal import Timing

/// What a stream of music is to play.
struct MusicPlan: Sendable {
    /// Those of the class, the best first.
    var own: [String]
    /// Those of the default class, for when the class has no files.
    var others: [String]
    /// Where the files may really lie.
    var roots: [String]
    var order: MusicOrder
    var start: MusicStart
    var entropy: Entropy

    static let mostFiles = 1000
    /// Names of any kind looked at in a folder.
    private static let mostNames = 10_000

    /// The sound files of the first folder that has any, by name, and whether it is one of the class's own. Reads folders: never on call control's thread.
    func files() -> (paths: [String], areOwn: Bool) {
        for (index, folder) in (own + others).enumerated() {
            let names = Self.soundNames(in: folder)
            if !names.isEmpty { return (names.map { folder + "/" + $0 }, index < own.count) }
        }
        return ([], false)
    }

    private static func soundNames(in folder: String) -> [String] {
        guard let listing = opendir(folder) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        var left = mostNames
        while left > 0, names.count < mostFiles, let entry = readdir(listing) {
            left -= 1
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix("."), SoundForm.isSound(name) { names.append(name) }
        }
        return names.sorted()
    }
}
