// SPDX-License-Identifier: AGPL-3.0-or-later
import Diagnostics
import Foundation
import Testing

@testable import Dialplan

struct BoundsTests {
    private func problems(_ diagnostics: [Diagnostic]) -> [Diagnostic.Problem] { diagnostics.map(\.problem) }

    @Test("a file of more than 1 MiB is refused")
    func fileSize() {
        let text = "[a]\n" + String(repeating: "; comment\n", count: 110_000)
        #expect(problems(DialplanDocument.parse(text).diagnostics) == [.fileTooLarge(limit: 1 << 20)])
    }

    @Test("lines beyond 10,000 are told and not read")
    func lines() {
        let text = "[a]\n" + (1...10_500).map { "exten => \($0),1,NoOp\n" }.joined()
        let (dialplan, diagnostics) = DialplanDocument.parse(text)
        #expect(problems(diagnostics) == [.tooManyLines(limit: 10_000)])
        #expect(dialplan.context("a")?.extensions.count == 9_999)
        #expect(dialplan.match(context: "a", extension: "9999", callerID: nil) != nil)
    }

    @Test("expressions nested deeper than 64 are refused without harm", arguments: ["$[", "${X", "$[(", "$[!", "$[-"])
    func nesting(opening: String) async {
        let text = "[a]\nexten => 1,1,NoOp(" + String(repeating: opening, count: 2_000) + ")"
        let (dialplan, diagnostics) = DialplanDocument.parse(text)
        #expect(!diagnostics.isEmpty)
        let step = dialplan.match(context: "a", extension: "1", callerID: nil)?.step
        _ = await step?.arguments.text(from: Variables())
    }

    @Test("files that include each other are told")
    func includeCycle() {
        let files = [
            "one.conf": "#include \"two.conf\"\n[a]\nexten => 1,1,NoOp\n", "two.conf": "#include <one.conf>\n[b]\n",
        ]
        let top = SourceFile(name: "one.conf", text: files["one.conf"] ?? "")
        let (dialplan, diagnostics) = DialplanDocument.parse([top]) { name, _ in
            files[name].map { [SourceFile(name: name, text: $0)] }
        }
        #expect(problems(diagnostics) == [.fileIncludesItself(name: "one.conf")])
        #expect(diagnostics.first?.location == SourceLocation(file: "two.conf", line: 1, column: 11))
        #expect(dialplan.contexts.map(\.name) == ["b", "a"])
    }

    @Test("an included file continues the context it is included in")
    func includeWithinContext() {
        let text = "[a]\n#include more/*.conf\nexten => 3,1,NoOp\n"
        let (dialplan, diagnostics) = DialplanDocument.parse([SourceFile(name: "x", text: text)]) { name, _ in
            #expect(name == "more/*.conf")
            return [
                SourceFile(name: "m1", text: "exten => 1,1,NoOp\n[b]\n"),
                SourceFile(name: "m2", text: "exten => 2,1,NoOp"),
            ]
        }
        #expect(diagnostics.isEmpty)
        #expect(dialplan.context("a")?.extensions.map(\.name) == ["1", "2", "3"])
    }

    @Test("nested includes beyond 16 files deep end")
    func includeDepth() {
        let (_, diagnostics) = DialplanDocument.parse([SourceFile(name: "0", text: "#include 1")]) { name, _ in
            [SourceFile(name: name, text: "#include \((Int(name) ?? 0) + 1)")]
        }
        #expect(problems(diagnostics) == [.filesTooDeep(limit: 16)])
    }

    @Test("a hostile regular expression costs no memory")
    func regularExpression() async {
        let text = await Template("$[\"aaaa\" =~ \"((a{1,200}){1,200}){1,200}\"]").text(from: Variables())
        #expect(text == "")
    }

    @Test("nothing a file can say traps", arguments: 0..<8)
    func fuzz(part: UInt64) async {
        let seed = UInt64.random(in: 0...UInt64.max) &+ part
        print("dialplan fuzz seed \(seed)")
        var random = Seeded(seed)
        let folder = GoldenTests.folder
        let corpus = GoldenTests.cases.compactMap {
            try? String(contentsOf: folder.appending(path: $0), encoding: .utf8)
        }
        let pieces = [
            "${", "}", "$[", "]", "(", ")", "[", ";--", "--;", ";", "\\", ",", "_", "!", ".", "-", "n", "same",
            "exten =>",
            "\n", "\"", "=", ":", "?", "99999999999999999999", "-9223372036854775808", "\u{0}", "中", "#include",
            "include =>", "+", "h",
        ]
        let source = Variables(ExpressionTests.variables)
        for _ in 0..<60 {
            var bytes = Array((corpus.randomElement(using: &random) ?? "").utf8)
            for _ in 0..<Int.random(in: 1...30, using: &random) {
                let place = Int.random(in: 0...bytes.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                case 1: bytes.insert(contentsOf: Array((pieces.randomElement(using: &random) ?? "").utf8), at: place)
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + 5))
                default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 40)], at: place)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let (dialplan, parsed) = DialplanDocument.parse([SourceFile(name: "f", text: text)]) { name, _ in
                [SourceFile(name: name, text: String(text.prefix(200)))]
            }
            let checked = DialplanChecker.check(
                dialplan, applications: GoldenTests.applications, functions: GoldenTests.functions)
            for diagnostic in parsed + checked {
                for language in Diagnostic.Language.allCases { #expect(!diagnostic.text(in: language).isEmpty) }
            }
            for context in dialplan.contexts.prefix(20) {
                for digits in ["1", "8001", "", "_X.", "9"] {
                    _ = dialplan.canMatchMore(context: context.name, extension: digits, callerID: "5")
                    _ = dialplan.couldMatch(context: context.name, extension: digits, callerID: nil)
                    let found = dialplan.match(context: context.name, extension: digits, callerID: "8001")
                    _ = await found?.step.arguments.text(from: source)
                }
            }
        }
    }
}
