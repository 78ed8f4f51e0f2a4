// SPDX-License-Identifier: AGPL-3.0-or-later

extension ExtensionPattern {
    /// How dialled characters relate to a pattern.
    enum Fit: Hashable, Sendable {
        case none
        /// Not yet, but more characters could make a match.
        case partial
        /// A match; more characters would spoil it.
        case exact
        /// A match, and with more characters still (`.`).
        case open
        /// A match by `!`, which is to be taken at once without waiting for more.
        case early

        var isMatch: Bool { self == .exact || self == .open || self == .early }
    }

    /// Compares with `digits`, from which dashes have been taken out.
    func fit(_ digits: [UInt8]) -> Fit {
        switch kind {
        case .literal(let literal):
            guard literal.count >= digits.count, literal.starts(with: digits) else { return .none }
            return literal.count == digits.count ? .exact : .partial
        case .pattern(let elements):
            var index = 0
            for element in elements {
                switch element {
                case .anything: return .early
                case .oneOrMore: return index < digits.count ? .open : .partial
                case .one(let set):
                    guard index < digits.count else { return .partial }
                    guard set.contains(digits[index]) else { return .none }
                    index += 1
                }
            }
            return index == digits.count ? .exact : .none
        }
    }

    /// Whether every extension `other` matches is matched by this one too.
    func covers(_ other: ExtensionPattern) -> Bool {
        switch (kind, other.kind) {
        case (_, .literal(let literal)): return fit(literal).isMatch
        case (.literal, .pattern): return false
        case (.pattern(let mine), .pattern(let theirs)):
            // What can match nothing at all has been told as such.
            if theirs.contains(.one(ByteSet())) { return false }
            var index = 0
            for element in mine {
                switch element {
                case .anything: return true
                case .oneOrMore:
                    // Theirs must still ask for at least one character.
                    guard index < theirs.count else { return false }
                    return theirs[index] != .anything
                case .one(let set):
                    guard index < theirs.count, case .one(let their) = theirs[index],
                        set.isSuperset(of: their)
                    else { return false }
                    index += 1
                }
            }
            return index == theirs.count
        }
    }
}

extension ExtensionPattern {
    /// The order in which extensions of a context are tried, most specific first: literals, then
    /// patterns position by position, fewer possible characters before more, `.` after every set,
    /// `!` after `.`, and the end of the shorter pattern last (Asterisk's `ext_cmp`).
    static func precedes(_ a: ExtensionPattern, _ b: ExtensionPattern) -> Bool {
        switch (a.kind, b.kind) {
        case (.literal, .pattern): return true
        case (.pattern, .literal): return false
        case (.literal(let a), .literal(let b)): return a.lexicographicallyPrecedes(b)
        case (.pattern(let a), .pattern(let b)):
            for index in 0..<max(a.count, b.count) {
                let left = index < a.count ? rank(a[index]) : endRank
                let right = index < b.count ? rank(b[index]) : endRank
                if left != right { return left < right }
                if index < a.count, index < b.count, case .one(let mine) = a[index],
                    case .one(let theirs) = b[index], mine != theirs
                {
                    return mine.precedes(theirs)
                }
            }
            return false
        }
    }

    private static let endRank = 0x30000

    private static func rank(_ element: Element) -> Int {
        switch element {
        case .one(let set): set.count == 0 ? 0x40000 : set.count << 8 | Int(set.lowest)
        case .oneOrMore: 0x18000
        case .anything: 0x28000
        }
    }
}
