// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where recordings are written, so that none takes the place of another: not within a call, not between two.
///
/// Names given out are remembered while there is room; behind that stands the media engine, which never opens a
/// file that is there already.
struct RecordingNames: Sendable {
    /// The names given out, each with the number that was tried last to make another of it.
    private var given: [String: Int] = [:]

    /// Beyond it the table begins anew.
    static let mostNames = 20_000
    static let mostBytes = 1024

    /// The path of `name` within `folder`, spelled in one way only: a `.wav` file. nil when it leads elsewhere, is too
    /// long, or no name of a file.
    static func path(of name: String, in folder: String) -> String? {
        let isInside = !name.hasPrefix("/") || name.hasPrefix(folder + "/")
        var steps = (name.hasPrefix("/") ? name.dropFirst(folder.count) : Substring(name)).split(separator: "/")
        steps.removeAll { $0 == "." }
        guard isInside, let last = steps.last, !steps.contains("..") else { return nil }
        let stem = last.lowercased().hasSuffix(".wav") ? last.dropLast(4) : last
        guard !stem.isEmpty else { return nil }
        let path = folder + "/" + (steps.dropLast() + [stem]).joined(separator: "/") + ".wav"
        guard path.utf8.count < mostBytes, !path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
        return path
    }

    /// The path itself, or `…-2.wav`, `…-3.wav` … when it was given out before.
    mutating func claim(_ path: String) -> String {
        if given.count >= Self.mostNames { given = [:] }
        guard var number = given[path] else {
            given[path] = 1
            return path
        }
        let stem = path.dropLast(4)
        var other = path
        repeat {
            number += 1
            other = "\(stem)-\(number).wav"
        } while given[other] != nil
        given[path] = number
        given[other] = 1
        return other
    }
}
