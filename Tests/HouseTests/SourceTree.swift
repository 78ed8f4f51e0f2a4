// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation

/// The repository as the layout rules see it: its text files by folder.
enum SourceTree {
    /// The repository's folder, two above this file's.
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    struct File {
        /// Relative to the repository, e.g. `Sources/SDP/Offer.swift`.
        let path: String
        let text: String

        var name: String { String(path.split(separator: "/").last ?? "") }
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

        /// The lines without what follows `//`, so that rules about code do not meet prose.
        var code: [String] {
            lines.map { line in
                guard let comment = line.range(of: "//") else { return String(line) }
                return String(line[..<comment.lowerBound])
            }
        }
    }

    /// Text files under a folder whose name ends in one of the suffixes; nested build folders are left out.
    static func files(under folder: String, endingIn suffixes: [String] = [""]) throws -> [File] {
        let base = root.appending(path: folder)
        guard let walk = FileManager.default.enumerator(at: base, includingPropertiesForKeys: [.isRegularFileKey])
        else {
            return []
        }
        var found: [File] = []
        for case let url as URL in walk {
            if [".build", "__pycache__"].contains(url.lastPathComponent) {
                walk.skipDescendants()
                continue
            }
            let path = String(url.path(percentEncoded: false).dropFirst(root.path(percentEncoded: false).count))
            guard suffixes.contains(where: path.hasSuffix),
                try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true,
                let text = try? String(contentsOf: url, encoding: .utf8)
            else { continue }
            found.append(File(path: path.trimmingPrefix(while: { $0 == "/" }).description, text: text))
        }
        return found.sorted { $0.path < $1.path }
    }

    /// The folder of a Swift target that a file under `Sources` belongs to: `SDP`, `Modules/Recording`, `Programs/Load`.
    static func target(of file: File) -> String {
        let parts = file.path.split(separator: "/").map(String.init)
        guard parts.count > 2, parts[0] == "Sources" else { return "" }
        return ["Modules", "Programs"].contains(parts[1]) ? parts[2] : parts[1]
    }

    /// The modules a file imports, whatever the access level or attributes before `import`.
    static func imports(of file: File) -> Set<String> {
        var names: Set<String> = []
        for line in file.code {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
                words[..<at].allSatisfy({
                    $0.hasPrefix("@") || ["public", "package", "internal", "private"].contains($0)
                })
            else { continue }
            let kinds = ["struct", "class", "enum", "protocol", "func", "let", "var", "typealias"]
            let name = kinds.contains(words[at + 1]) && at + 2 < words.count ? words[at + 2] : words[at + 1]
            names.insert(String(name.split(separator: ".")[0]))
        }
        return names
    }
}
