// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

/// Rules of the house that no compiler checks. Each test lists what breaks its rule.
@Suite("Layout of the source")
struct LayoutTests {
    @Test("every source file says its licence in its first lines")
    func licence() throws {
        let sources =
            try SourceTree.files(under: "Sources", endingIn: [".swift", ".c", ".h"])
            + SourceTree.files(under: "Tests", endingIn: [".swift", ".xml"])
            + SourceTree.files(under: "tools").filter {
                !$0.path.hasSuffix(".md") && !$0.path.hasSuffix("Package.resolved")
            }
            + SourceTree.files(under: ".ci")
        try #require(sources.count > 50)
        let silent = sources.filter { file in
            !file.lines.prefix(3).contains { $0.contains("SPDX-License-Identifier: AGPL-3.0-or-later") }
        }
        #expect(silent.map(\.path) == [])
    }

    @Test("no source file is longer than one can see across")
    func length() throws {
        let limit = 450
        let long = try SourceTree.files(under: "Sources").filter {
            !$0.path.contains(".docc/") && $0.lines.count > limit
        }
        #expect(long.map { "\($0.path): \($0.lines.count) lines" } == [])
    }

    @Test("no source forces an error or a cast")
    func force() throws {
        var found: [String] = []
        for file in try SourceTree.files(under: "Sources", endingIn: [".swift"]) {
            for (number, line) in file.code.enumerated()
            where line.contains("try" + "! ") || line.contains(" as" + "! ") {
                found.append("\(file.path):\(number + 1)")
            }
        }
        #expect(found == [])
    }

    @Test("no file or type is named for being handy")
    func names() throws {
        let vague = #/(Utils?|Utilities|Helpers?|Manager|Misc|Common)/#
        let declaration = #/\b(?:class|struct|enum|actor|protocol)\s+(\w+)/#
        var found: [String] = []
        for file in try SourceTree.files(under: "Sources", endingIn: [".swift", ".c", ".h"]) {
            if file.name.prefix(while: { $0 != "." }).firstMatch(of: vague) != nil { found.append(file.path) }
            for line in file.code {
                guard let type = line.firstMatch(of: declaration)?.1, type != "ManagerInterface",
                    type.firstMatch(of: vague) != nil
                else { continue }
                found.append("\(file.path): \(type)")
            }
        }
        #expect(found == [])
    }

    @Test("nothing committed knows the machine it was written on")
    func machine() throws {
        let folders = ["Sources", "Tests", "tools", "Dialplans", "Sounds", ".ci"]
        let homes = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "/Us" + "ers/"]
        var found: [String] = []
        for file in try folders.flatMap({ try SourceTree.files(under: $0) }) {
            for (number, line) in file.lines.enumerated() where homes.contains(where: { line.contains($0) }) {
                found.append("\(file.path):\(number + 1)")
            }
        }
        #expect(found == [])
    }

    @Test("nothing is left for later in the code")
    func leftovers() throws {
        let words = ["TO" + "DO", "FIX" + "ME"]
        var found: [String] = []
        for file in try ["Sources", "Tests", "tools", "Dialplans"].flatMap({ try SourceTree.files(under: $0) }) {
            if file.name == "Placeholder" + ".swift" { found.append(file.path) }
            for (number, line) in file.lines.enumerated() where words.contains(where: { line.contains($0) }) {
                found.append("\(file.path):\(number + 1)")
            }
        }
        #expect(found == [])
    }

    @Test("every file of tests asserts something")
    func assertions() throws {
        let silent = try SourceTree.files(under: "Tests", endingIn: ["Tests.swift"]).filter {
            !$0.text.contains("#expect") && !$0.text.contains("#require") && !$0.text.contains("expect")
        }
        #expect(silent.map(\.path) == [])
    }
}
