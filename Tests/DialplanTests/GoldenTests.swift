// SPDX-License-Identifier: AGPL-3.0-or-later
import Diagnostics
import Foundation
import Testing

@testable import Dialplan

/// One file a case under `Golden`: a dialplan, then behind `===` lines what must come of it.
/// `routes`: `context extension priority-or-label [caller] -> found-in:line Application(arguments)`;
/// `more`: `context digits yes|no`; `diagnostics` and `chinese`: their whole text.
struct GoldenTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    static var cases: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".conf") }.sorted()
    }

    static let applications: [ApplicationSignature] = [
        ApplicationSignature(name: "Answer", maximumArguments: 1),
        ApplicationSignature(name: "Dial", minimumArguments: 1, maximumArguments: 4),
        ApplicationSignature(name: "ExecIf", minimumArguments: 1, splitting: .none, jump: .applications),
        ApplicationSignature(
            name: "Goto", minimumArguments: 1, maximumArguments: 3, jump: .whole, neverGoesOn: true),
        ApplicationSignature(name: "GotoIf", minimumArguments: 1, splitting: .none, jump: .branches),
        ApplicationSignature(name: "Hangup", maximumArguments: 1, neverGoesOn: true),
        ApplicationSignature(name: "NoOp", splitting: .none),
        ApplicationSignature(name: "Playback", minimumArguments: 1, maximumArguments: 2),
        ApplicationSignature(name: "Set", minimumArguments: 1, splitting: .none, assigns: true),
        ApplicationSignature(name: "Wait", minimumArguments: 1, maximumArguments: 1),
    ]
    static let functions = [FunctionSignature(name: "LEN", minimumArguments: 0, maximumArguments: 1)]

    @Test("what comes of a dialplan is what its golden file says", arguments: cases)
    func golden(name: String) throws {
        let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
        var sections: [String: [String]] = [:]
        var current = "dialplan"
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("=== ") {
                current = String(line.dropFirst(4))
                sections[current] = []
            } else {
                sections[current, default: []].append(String(line))
            }
        }
        let source = (sections["dialplan"] ?? []).joined(separator: "\n")
        let (dialplan, parsed) = DialplanDocument.parse(source)
        let checked = DialplanChecker.check(
            dialplan, applications: Self.applications, functions: Self.functions)
        let all = (parsed + checked).inFileOrder()

        for (section, language) in [("diagnostics", Diagnostic.Language.english), ("chinese", .chinese)] {
            guard let lines = sections[section] else { continue }
            let wanted = lines.filter { !$0.isEmpty }
            let got = all.map { $0.text(in: language) }
            #expect(got == wanted, "\(name) \(section):\n\(got.joined(separator: "\n"))")
        }
        for line in sections["routes"] ?? [] where !line.isEmpty {
            let halves = line.components(separatedBy: " -> ")
            let words = halves[0].split(separator: " ").map(String.init)
            let caller = words.count > 3 ? words[3] : nil
            let found =
                if let priority = Int(words[2]) {
                    dialplan.match(context: words[0], extension: words[1], callerID: caller, priority: priority)
                } else {
                    dialplan.match(context: words[0], extension: words[1], callerID: caller, label: words[2])
                }
            let got =
                found.map {
                    "\($0.context):\($0.step.location.line) \($0.step.application)(\($0.step.arguments.source))"
                } ?? "none"
            #expect(got == halves[1], "\(name): \(line)")
        }
        for line in sections["more"] ?? [] where !line.isEmpty {
            let words = line.split(separator: " ").map(String.init)
            let more = dialplan.canMatchMore(context: words[0], extension: words[1], callerID: nil)
            #expect(more == (words[2] == "yes"), "\(name): \(line)")
        }
    }
}
