// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Testing

@Suite("Texts cut, doubled and scribbled over")
struct MutilatedTextTests {
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

    private static let whole = """
        text = "one # line"
        flag = true
        [table]
        count = 3
        wait = "5 s"
        colours = ["red", 'green']
        range = [1, 9]
        [[item]]
        name = "first"
        """

    @Test("None ends the process, and every complaint names a place in the text", arguments: 0..<200 as Range<UInt64>)
    func mutilated(_ seed: UInt64) {
        var dice = Dice(state: seed)
        var text = Array(Self.whole.unicodeScalars)
        for _ in 0...dice.roll(5) {
            let at = dice.roll(text.count + 1)
            let end = min(text.count, at + dice.roll(6))
            let piece = Array(Self.pieces[dice.roll(Self.pieces.count)].unicodeScalars)
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
        for told in Sample(String(changed)).told {
            let place = told.split(separator: ":", maxSplits: 3).dropFirst().prefix(2).compactMap { Int($0) }
            #expect(place.count == 2 && (1...lines + 1).contains(place[0]) && place[1] >= 1, "seed \(seed): \(told)")
        }
    }
}
