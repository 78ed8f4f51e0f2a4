// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing
import Timing

@testable import Exchange

/// Keys that may be a code.
@Suite struct CodeMatcherTests {
    private static func code(_ digits: String) -> TalkCode { TalkCode(digits: digits, feature: "f\(digits)") }

    /// What comes of keys one by one; `.` is the time between two keys. A code is in brackets, `…` is waiting.
    private static func run(_ codes: [String], _ keys: String) -> String {
        var matcher = CodeMatcher(codes: codes.map(code))
        return keys.map { key in
            let outcomes = key == "." ? matcher.timedOut() : matcher.press(key)
            return outcomes.map { outcome in
                switch outcome {
                case .waits: "…"
                case .code(let code): "[\(code.digits)]"
                case .pass(let keys): keys
                }
            }.joined()
        }.joined(separator: " ")
    }

    @Test(
        arguments: [
            ([], "12", "1 2"),
            (["##"], "##", "… [##]"),
            (["##"], "#.", "… #"),
            (["##"], "#1", "… #1"),
            (["##"], "1##", "1 … [##]"),
            // The first of three is let go when the third comes late, not when it completes the code.
            (["##"], "###", "… [##] …"),
            (["*2"], "**2", "… *… [*2]"),
            (["*2", "*3"], "*4", "… *4"),
            // A code that begins another waits for its time, or for the key that decides.
            (["*2", "*22"], "*2.", "… … [*2]"),
            (["*2", "*22"], "*22", "… … [*22]"),
            (["*2", "*22"], "*2*.", "… … *2… *"),
            (["*2", "*22"], "*21", "… … *21"),
            (["1", "12345"], "1234.", "… … … … 1234"),
            (["12345"], "1231234.", "… … … 123… … … … 1234"),
            (["1212"], "121.", "… … … 121"),
            // What is let go from the front may leave the beginning of a code.
            (["112"], "1112", "… … 1… [112]"),
            (["abab"], "", ""),
            ([""], "1.", "1 "),
        ] as [([String], String, String)])
    func keys(codes: [String], keys: String, expected: String) { #expect(Self.run(codes, keys) == expected) }

    @Test(arguments: 1...300 as ClosedRange<UInt64>)
    func noKeyIsLostOrChangesPlaces(seed: UInt64) {
        var entropy = Entropy.seeded(seed)
        let marks = Array("12*#")
        func text(_ length: Int) -> String {
            String((0..<length).map { _ in marks.randomElement(using: &entropy) ?? "1" })
        }
        let codes = (0..<Int.random(in: 0...4, using: &entropy)).map { _ in text(Int.random(in: 1...4, using: &entropy))
        }
        var matcher = CodeMatcher(codes: codes.map(Self.code))
        var pressed = ""
        var came = ""
        for _ in 0..<200 {
            let outcomes: [CodeMatcher.Outcome]
            if Int.random(in: 0..<5, using: &entropy) == 0 {
                outcomes = matcher.timedOut()
                #expect(matcher.held.isEmpty, "seed \(seed)")
            } else {
                let key = marks.randomElement(using: &entropy) ?? "1"
                pressed.append(key)
                outcomes = matcher.press(key)
            }
            for (index, outcome) in outcomes.enumerated() {
                switch outcome {
                case .waits: #expect(index == outcomes.count - 1, "seed \(seed)")
                case .code(let code):
                    #expect(index == outcomes.count - 1 && codes.contains(code.digits), "seed \(seed)")
                    came += code.digits
                case .pass(let keys): came += keys
                }
            }
            // Nothing waits that cannot become a code, and waiting is always said.
            #expect(matcher.held.isEmpty || codes.contains { $0.hasPrefix(matcher.held) }, "seed \(seed)")
            #expect(matcher.held.isEmpty || outcomes.last == .waits, "seed \(seed)")
            #expect(came + matcher.held == pressed, "seed \(seed): \(codes)")
        }
    }
}
