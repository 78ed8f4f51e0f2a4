// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

@Suite("Prompts")
struct SoundsTests {
    struct Row {
        let line: Int
        let name: String
        let words: String
    }

    static func rows(_ language: String) throws -> [Row] {
        let url = SourceTree.root.appending(path: "Sounds/\(language)/manifest.tsv")
        let text = try String(contentsOf: url, encoding: .utf8)
        return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
            if line.hasPrefix("#") || line.allSatisfy(\.isWhitespace) { return nil }
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            return Row(line: index + 1, name: fields[0], words: fields.count == 2 ? fields[1] : "")
        }
    }

    @Test("a manifest is name, tab, words; no name twice", arguments: ["en", "zh"])
    func wellFormed(language: String) throws {
        let rows = try Self.rows(language)
        try #require(!rows.isEmpty)
        let name = #/[A-Za-z0-9][A-Za-z0-9_.-]*(\/[A-Za-z0-9][A-Za-z0-9_.-]*)*/#
        for row in rows {
            #expect(row.name.wholeMatch(of: name) != nil, "line \(row.line)")
            #expect(!row.words.trimmingCharacters(in: .whitespaces).isEmpty, "line \(row.line)")
        }
        let twice = Dictionary(grouping: rows, by: \.name).filter { $0.value.count > 1 }.keys.sorted()
        #expect(twice == [])
    }

    @Test("Mandarin can say what the core applications need")
    func coverage() throws {
        let names = Set(try Self.rows("zh").map(\.name))
        var needed = (0...20).map { "digits/\($0)" } + ["hundred", "thousand", "star", "pound"].map { "digits/\($0)" }
        needed += (0...6).map { "digits/day-\($0)" } + (0...11).map { "digits/mon-\($0)" }
        needed += ["vm-goodbye", "invalid", "pbx-invalid", "ss-noservice", "beep", "demo-echotest", "demo-echodone"]
        #expect(needed.filter { !names.contains($0) } == [])
    }

    @Test("our own prompts exist in every language")
    func sameOwnPrompts() throws {
        func own(_ language: String) throws -> [String] {
            try Self.rows(language).map(\.name).filter { $0.hasPrefix("martlet/") }.sorted()
        }
        #expect(try own("en") == own("zh"))
    }
}
