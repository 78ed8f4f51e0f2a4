// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

@testable import Dialplan

struct PatternTests {
    private func pattern(_ text: String) -> ExtensionPattern { ExtensionPattern(Array(text.utf8)) }

    @Test(
        "a pattern matches what Asterisk says it matches",
        arguments: [
            ("_X", "0", true), ("_X", "a", false), ("_x", "5", true), ("_Z", "0", false), ("_n", "1", false),
            ("_N", "2", true), ("_[1-35]", "3", true), ("_[1-35]", "4", false), ("_[1-35]", "5", true),
            ("_[-1]", "1", true), ("_9.", "9", false), ("_9.", "91", true), ("_9!", "9", true),
            ("_9!", "9123", true), ("_NXX-XXX", "234567", true), ("_NXX-XXX", "234-567", true),
            ("_*X", "*4", true), ("_+86.", "+8613", true), ("_[]5", "5", true), ("8-001", "8001", true),
            ("X", "5", false), ("s", "s", true), ("_[a-c]bc", "abc", true), ("_", "", true),
        ])
    func matching(text: String, digits: String, matches: Bool) {
        let bytes = digits.utf8.filter { $0 != 0x2D }
        #expect(pattern(text).fit(bytes).isMatch == matches, "\(text) \(digits)")
    }

    @Test("extensions are tried from the most specific to the least")
    func precedence() {
        let wanted = [
            "100", "8001", "_1234", "_[1-2]X", "_[13]X", "_NXX", "_ZX1", "_ZX", "_Z.", "_XX1", "_XX[1-2]",
            "_XXN", "_XXX", "_XX.", "_XX!", "_XX", "_X.", "_X!", "_.", "_!",
        ]
        for seed in UInt64(1)...20 {
            var random = Seeded(seed)
            let sorted = wanted.shuffled(using: &random)
                .sorted { ExtensionPattern.precedes(pattern($0), pattern($1)) }
            #expect(sorted == wanted, "seed \(seed)")
        }
    }

    @Test(
        "an extension covers another when it takes every call of it",
        arguments: [
            ("_X.", "_XX", true), ("_X.", "_X", false), ("_X!", "_X", true), ("_X", "_Z", true),
            ("_Z", "_X", false), ("_X.", "_X!", false), ("_.", "_X!", true), ("_!", "_!", true),
            ("_8XXX", "8001", true), ("8001", "_800X", false), ("_X.", "_X.", true),
        ])
    func covering(wide: String, narrow: String, covers: Bool) {
        #expect(pattern(wide).covers(pattern(narrow)) == covers, "\(wide) \(narrow)")
    }

    @Test("includes with a time condition are open only then")
    func timedInclude() throws {
        let text = """
            [a]
            include => day,9:00-17:00,mon-fri,*,*
            include => night,17:01-8:59
            [day]
            exten => 1,1,NoOp(day)
            [night]
            exten => 1,1,NoOp(night)
            """
        let (dialplan, diagnostics) = DialplanDocument.parse(text)
        #expect(diagnostics.isEmpty)
        func at(_ hour: Int, _ weekday: Int) -> String? {
            let time = CivilTime(minuteOfDay: hour * 60, weekday: weekday, day: 3, month: 5, year: 2026)
            return dialplan.match(context: "a", extension: "1", callerID: nil, at: time)?.context
        }
        #expect(at(10, 1) == "day")
        #expect(at(17, 5) == "day")
        #expect(at(10, 0) == nil)
        #expect(at(3, 6) == "night")
        #expect(IncludeTime("25:00-26:00") == nil)
        #expect(
            IncludeTime("*,fri-mon,*,dec-feb")?.contains(
                CivilTime(minuteOfDay: 0, weekday: 0, day: 1, month: 1, year: 2026)) == true)
    }
}

/// SplitMix64, so that a run can be repeated by its seed.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
