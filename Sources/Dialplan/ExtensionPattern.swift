// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Diagnostics

/// A set of bytes: one position of a pattern.
struct ByteSet: Hashable, Sendable {
    // Four words rather than an array: patterns are compared on every call.
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private(set) var count = 0
    private(set) var lowest: UInt8 = 255

    static let digits = ByteSet(UInt8(ascii: "0")...UInt8(ascii: "9"))
    static let nonzero = ByteSet(UInt8(ascii: "1")...UInt8(ascii: "9"))
    static let twoToNine = ByteSet(UInt8(ascii: "2")...UInt8(ascii: "9"))

    init() {}

    init(_ range: ClosedRange<UInt8>) {
        for byte in range { insert(byte) }
    }

    subscript(word: Int) -> UInt64 {
        switch word {
        case 0: words.0
        case 1: words.1
        case 2: words.2
        default: words.3
        }
    }

    mutating func insert(_ byte: UInt8) {
        guard !contains(byte) else { return }
        let bit: UInt64 = 1 << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
        count += 1
        lowest = min(lowest, byte)
    }

    func contains(_ byte: UInt8) -> Bool {
        self[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1
    }

    func isSuperset(of other: ByteSet) -> Bool {
        (0..<4).allSatisfy { other[$0] & ~self[$0] == 0 }
    }

    static func == (a: ByteSet, b: ByteSet) -> Bool { a.words == b.words }

    func hash(into hasher: inout Hasher) {
        for index in 0..<4 { hasher.combine(self[index]) }
    }

    /// Among sets of equal size and lowest member, the one with the lower members comes first.
    func precedes(_ other: ByteSet) -> Bool {
        for index in 0..<4 where self[index] != other[index] {
            let difference = self[index] ^ other[index]
            return self[index] >> UInt64(difference.trailingZeroBitCount) & 1 == 1
        }
        return false
    }
}

/// The left side of `exten =>`, compiled: a literal (`8001`, `s`) or a pattern (`_9NXX.`).
///
/// Patterns are ASCII-minded like Asterisk's: `X` is 0–9, `Z` 1–9, `N` 2–9 (in either case),
/// `[1-5a]` a set, `.` one or more of anything, `!` none or more; a `-` is only for the eye.
struct ExtensionPattern: Hashable, Sendable {
    enum Element: Hashable, Sendable {
        case one(ByteSet)
        /// `.`
        case oneOrMore
        /// `!`
        case anything
    }

    enum Kind: Hashable, Sendable {
        /// Without its dashes.
        case literal([UInt8])
        case pattern([Element])
    }

    let kind: Kind

    /// Compiles `text`. What is wrong with it is told, and what can be understood is kept.
    init(_ text: [UInt8], problems: (Diagnostic.Problem, _ offset: Int) -> Void = { _, _ in }) {
        guard text.first == UInt8(ascii: "_") else {
            kind = .literal(text.filter { $0 != UInt8(ascii: "-") })
            return
        }
        func name() -> String { String(decoding: text, as: UTF8.self) }
        var elements: [Element] = []
        var index = 1
        if text.count == 1 { problems(.emptyPattern, 0) }
        scan: while index < text.count {
            let byte = text[index]
            index += 1
            switch byte {
            case UInt8(ascii: "-"): continue
            case UInt8(ascii: "X"), UInt8(ascii: "x"): elements.append(.one(.digits))
            case UInt8(ascii: "Z"), UInt8(ascii: "z"): elements.append(.one(.nonzero))
            case UInt8(ascii: "N"), UInt8(ascii: "n"): elements.append(.one(.twoToNine))
            case UInt8(ascii: "."), UInt8(ascii: "!"):
                elements.append(byte == UInt8(ascii: ".") ? .oneOrMore : .anything)
                if index < text.count { problems(.textAfterWildcard(pattern: name()), index) }
                break scan
            case UInt8(ascii: "["):
                guard let close = text[index...].firstIndex(of: UInt8(ascii: "]")) else {
                    problems(.unclosedSet(pattern: name()), index - 1)
                    // As in Asterisk such a pattern matches nothing.
                    elements.append(.one(ByteSet()))
                    break scan
                }
                if close > index {
                    let set = Self.set(text[index..<close])
                    if set.count == 0 { problems(.emptySet(pattern: name()), index - 1) }
                    elements.append(.one(set))
                }
                index = close + 1
            default: elements.append(.one(ByteSet(byte...byte)))
            }
        }
        kind = .pattern(elements)
    }

    private static func set(_ text: ArraySlice<UInt8>) -> ByteSet {
        var set = ByteSet()
        var index = text.startIndex
        while index < text.endIndex {
            let low = text[index]
            if index + 2 < text.endIndex, text[index + 1] == UInt8(ascii: "-") {
                let high = text[index + 2]
                if low <= high { for byte in low...high { set.insert(byte) } }
                index += 3
            } else {
                set.insert(low)
                index += 1
            }
        }
        return set
    }

    var isPattern: Bool {
        if case .pattern = kind { true } else { false }
    }
}
