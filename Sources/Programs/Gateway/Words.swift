// SPDX-License-Identifier: AGPL-3.0-or-later

/// The words of a line, taken one after the other.
struct Words {
    private var left: Substring

    init(_ line: String) { left = line.prefix(4_096).drop { $0.isWhitespace } }

    /// The next word in small letters, left where it is.
    var peek: String? { left.isEmpty ? nil : left.prefix { !$0.isWhitespace }.lowercased() }

    /// The next word in small letters.
    mutating func next() -> String? { nextAsWritten()?.lowercased() }

    mutating func skip() { _ = nextAsWritten() }

    private mutating func nextAsWritten() -> String? {
        guard !left.isEmpty else { return nil }
        let word = left.prefix { !$0.isWhitespace }
        left = left[word.endIndex...].drop { $0.isWhitespace }
        return String(word)
    }

    /// All that is left, in small letters.
    mutating func takeAll() -> [String] {
        defer { left = "" }
        return left.split(whereSeparator: \.isWhitespace).map { $0.lowercased() }
    }

    /// A telephone number: digits, `*`, `#`, a leading `+`, or a word such as `anonymous`; at most 64 characters.
    mutating func number() -> String? {
        guard let word = nextAsWritten(), word.utf8.count <= 64,
            word.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+*#-_.".contains($0)) })
        else { return nil }
        return word
    }

    /// Keys of a telephone, at most 64.
    mutating func keys() -> String? {
        guard let word = nextAsWritten()?.uppercased(), word.count <= 64,
            word.allSatisfy({ "0123456789*#ABCD".contains($0) })
        else { return nil }
        return word
    }

    mutating func seconds(after order: String) throws(InstructionError) -> Double {
        guard let word = next(), let seconds = Double(word), (0...86_400).contains(seconds) else {
            throw InstructionError("write: \(order) 5, in seconds")
        }
        return seconds
    }

    /// The rest of the line as a file's name; quotes around it are taken off.
    mutating func path(_ order: String) throws(InstructionError) -> String {
        var text = left
        left = ""
        while let last = text.last, last.isWhitespace { text.removeLast() }
        if text.count >= 2, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
        guard !text.isEmpty, !text.utf8.contains(0) else { throw InstructionError("write: line 2 \(order) file.wav") }
        return String(text)
    }

    func finish() throws(InstructionError) {
        if let peek { throw InstructionError("\"\(peek)\" is one word too many") }
    }
}
