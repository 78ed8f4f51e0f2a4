// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

@Suite("The front page")
struct ReadmeTests {
    @Test("its first screen is the two commands", arguments: ["README.md", "README.zh.md"])
    func firstScreen(page: String) throws {
        let text = try String(contentsOf: SourceTree.root.appending(path: page), encoding: .utf8)
        let screen = text.split(separator: "\n", omittingEmptySubsequences: false).prefix(12).joined(separator: "\n")
        #expect(screen.contains("tools/run") && screen.contains("tools/test"))
    }

    @Test("what it points at exists", arguments: ["README.md", "README.zh.md"])
    func links(page: String) throws {
        let text = try String(contentsOf: SourceTree.root.appending(path: page), encoding: .utf8)
        var named: Set<String> = []
        for link in text.matches(of: #/\]\(([^)#:]+)\)/#) { named.insert(String(link.1)) }
        for path in text.matches(of: #/\b((?:Sources|Tests|Dialplans|Sounds|tools)\/[A-Za-z0-9_+.\/-]*[A-Za-z0-9])/#) {
            // `Sounds/….swift` is a file of the walk-through below, in the target of the name.
            if path.1.hasPrefix("Sounds/"), path.1.hasSuffix(".swift") { continue }
            named.insert(String(path.1))
        }
        try #require(named.count >= 4)
        // The walk-through names files from Sources on.
        for path in text.matches(of: #/`([A-Z][A-Za-z\/+]*\/[A-Za-z+]+\.swift|martlet\/[A-Za-z\/+]+\.swift)`/#) {
            named.insert("Sources/" + path.1)
        }
        let missing = named.filter { path in
            !FileManager.default.fileExists(atPath: SourceTree.root.appending(path: path).path(percentEncoded: false))
        }
        #expect(missing.sorted() == [])
    }
}
