// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Diagnostics
import Dialplan
import Site
import Testing

@Suite("Files cut, doubled and scribbled over")
struct MutilatedFileTests {
    /// SplitMix64: a failing seed is named by the test and can be run again.
    private struct Dice {
        var state: UInt64
        mutating func roll(_ sides: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((z ^ (z >> 31)) % UInt64(max(1, sides)))
        }
    }

    /// Pieces that TOML gives a meaning to.
    private static let pieces = [
        "[", "]", "[[", "]]", "{", "}", "\"", "\"\"\"", "'", "'''", "=", ".", ",", "#", "\n", "\r\n", "\\", "\\u00e9",
        "0x",
        "-", "+inf", "nan", "1979-05-27", "9223372036854775807", "-1", "1e400", "true", "é", "日", "\u{0}", " ", "\t",
        "seat",
        "number", "[[seat.x]]", "a.b.c", "= 0", "= \"\"", "= []", "= {}", "= [1, \"a\"]",
    ]

    @Test("None ends the process, and every complaint names a place in its file", arguments: 0..<60 as Range<UInt64>)
    func mutilated(_ seed: UInt64) {
        var dice = Dice(state: seed)
        for name in ["site.toml", "seats.toml", "trunks.toml", "features.toml"] {
            var text = Array((SiteFolder.files[name] ?? "").unicodeScalars)
            for _ in 0...dice.roll(4) {
                let at = dice.roll(text.count + 1)
                let end = min(text.count, at + dice.roll(6))
                let piece = Array(MutilatedFileTests.pieces[dice.roll(MutilatedFileTests.pieces.count)].unicodeScalars)
                switch dice.roll(4) {
                case 0: text.removeSubrange(at..<end)
                case 1: text.insert(contentsOf: text[at..<end], at: at)
                case 2: text.replaceSubrange(at..<end, with: piece)
                default: text.insert(contentsOf: piece, at: at)
                }
            }
            var changed = String.UnicodeScalarView()
            changed.append(contentsOf: text)
            let lines = text.count { $0 == "\n" } + 1
            let load = SiteFolder([name: String(changed)]).load()
            for diagnostic in load.diagnostics where diagnostic.file == name {
                #expect((1...lines + 1).contains(diagnostic.line), "\(diagnostic.text())")
                #expect(diagnostic.column >= 1, "\(diagnostic.text())")
            }
            #expect((load.site == nil) == load.diagnostics.contains { $0.severity == .error })
        }
    }
}
