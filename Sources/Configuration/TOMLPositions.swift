// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where the keys and values of a TOML text stand.
///
/// TOMLKit hands out values without their positions, so a second, much simpler pass over the text
/// finds them. It checks next to nothing: should it meet what it does not understand it stops, and later positions
/// are missing.
///
/// It runs before TOMLKit, for one reason: two slips end the process in an assertion of toml++ 3. Up to its first error
/// both read alike, so this pass meets them first, and TOMLKit never sees such a text.
struct TOMLPositions {
    /// One step from the root of the document to a value.
    enum Step: Hashable {
        case key(String)
        case index(Int)
    }

    struct Place: Hashable {
        var line: Int
        var column: Int
    }

    /// Where the name of an entry stands and where its value begins. For an element of an array both are the same.
    struct Mark: Hashable {
        var key: Place
        var value: Place
    }

    /// What TOMLKit must not see.
    struct Flaw: Hashable {
        enum Kind: Hashable {
            /// A table's name that begins with a character toml++ does not expect, `[座席]`.
            case tableName
            /// A value without quotes that goes on behind a blank: `1979-05-27 1`.
            case unquotedWords
        }

        var kind: Kind
        var place: Place
    }

    let marks: [[Step]: Mark]
    let flaw: Flaw?

    init(_ text: String) {
        var scanner = TOMLPositionScanner(text: Array(text.utf8))
        scanner.document()
        marks = scanner.marks
        flaw = scanner.flaw
    }

    /// The mark of `path`, or of its nearest ancestor that has one.
    func mark(of path: [Step]) -> Mark {
        var path = path
        while !path.isEmpty {
            if let mark = marks[path] { return mark }
            path.removeLast()
        }
        let start = Place(line: 1, column: 1)
        return Mark(key: start, value: start)
    }
}

/// Walks a TOML text once, TOML 1.0.0 grammar, and notes where entries stand.
private struct TOMLPositionScanner {
    typealias Step = TOMLPositions.Step
    typealias Place = TOMLPositions.Place
    typealias Mark = TOMLPositions.Mark

    let text: [UInt8]
    var marks: [[Step]: Mark] = [:]
    var flaw: TOMLPositions.Flaw?
    private var at = 0
    private var line = 1
    private var lineStart = 0
    private var table: [Step] = []
    /// How many elements each array of tables has so far.
    private var arrays: [[Step]: Int] = [:]

    init(text: [UInt8]) { self.text = text }

    mutating func document() {
        if text.starts(with: [0xEF, 0xBB, 0xBF]) {
            at = 3
            lineStart = 3
        }
        while true {
            skipBlank(newlines: true)
            guard let byte = peek() else { return }
            let before = at
            if byte == UInt8(ascii: "[") {
                header()
            } else {
                entry(under: table)
            }
            // Not understood: stop rather than turn in a circle.
            if at == before { return }
        }
    }

    // MARK: Tables and entries

    private mutating func header() {
        at += 1
        let isArray = take(UInt8(ascii: "["))
        skipBlank(newlines: false)
        if let byte = peek(), !TOMLPositionScanner.isBareKey(byte), !"\"']".utf8.contains(byte), flaw == nil {
            flaw = TOMLPositions.Flaw(kind: .tableName, place: place())
        }
        let keys = dottedKey()
        skipBlank(newlines: false)
        _ = take(UInt8(ascii: "]"))
        if isArray { _ = take(UInt8(ascii: "]")) }

        var path: [Step] = []
        for (position, key) in keys.enumerated() {
            path.append(.key(key.name))
            let mark = Mark(key: key.place, value: key.place)
            if isArray, position == keys.count - 1 {
                let count = arrays[path] ?? 0
                arrays[path] = count + 1
                note(path, mark)
                path.append(.index(count))
                note(path, mark)
            } else {
                note(path, mark)
                if let count = arrays[path] { path.append(.index(count - 1)) }
            }
        }
        table = path
    }

    private mutating func entry(under base: [Step]) {
        let keys = dottedKey()
        guard let first = keys.first else { return }
        skipBlank(newlines: false)
        guard take(UInt8(ascii: "=")) else { return }
        skipBlank(newlines: false)
        let valuePlace = place()
        var path = base
        for key in keys {
            path.append(.key(key.name))
            note(path, Mark(key: keys.count == 1 ? first.place : key.place, value: valuePlace))
        }
        value(path)
    }

    private mutating func note(_ path: [Step], _ mark: Mark) {
        if marks[path] == nil { marks[path] = mark }
    }

    // MARK: Keys

    private mutating func dottedKey() -> [(name: String, place: Place)] {
        var keys: [(name: String, place: Place)] = []
        repeat {
            skipBlank(newlines: false)
            let start = place()
            guard let name = simpleKey() else { return keys }
            keys.append((name, start))
            skipBlank(newlines: false)
        } while take(UInt8(ascii: "."))
        return keys
    }

    private mutating func simpleKey() -> String? {
        guard let byte = peek() else { return nil }
        if byte == UInt8(ascii: "\"") {
            let start = at + 1
            string(quote: byte)
            return TOMLPositionScanner.unescaped(text[start..<max(start, at - 1)])
        }
        if byte == UInt8(ascii: "'") {
            let start = at + 1
            string(quote: byte)
            return String(decoding: text[start..<max(start, at - 1)], as: UTF8.self)
        }
        let start = at
        while let byte = peek(), TOMLPositionScanner.isBareKey(byte) { at += 1 }
        return at > start ? String(decoding: text[start..<at], as: UTF8.self) : nil
    }

    private static func isBareKey(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            return true
        default:
            return false
        }
    }

    /// Quoted keys with escapes are rare; the escapes of TOML 1.0.0 are undone so that such a key is still found.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        var out = String.UnicodeScalarView()
        var scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            guard scalar == "\\", let escape = scalars.popFirst() else {
                out.append(scalar)
                continue
            }
            switch escape {
            case "b": out.append("\u{8}")
            case "t": out.append("\t")
            case "n": out.append("\n")
            case "f": out.append("\u{c}")
            case "r": out.append("\r")
            case "u", "U":
                let length = escape == "u" ? 4 : 8
                let digits = String(String.UnicodeScalarView(scalars.prefix(length)))
                scalars = scalars.dropFirst(length)
                if let code = UInt32(digits, radix: 16), let decoded = Unicode.Scalar(code) { out.append(decoded) }
            default: out.append(escape)
            }
        }
        return String(out)
    }

    // MARK: Values

    private mutating func value(_ path: [Step]) {
        switch peek() {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            if let quote = peek() { string(quote: quote) }
        case UInt8(ascii: "["):
            array(path)
        case UInt8(ascii: "{"):
            inlineTable(path)
        default:
            let start = place()
            var hasBlank = false
            while let byte = peek(), !",]}#\n\r".utf8.contains(byte) {
                if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
                    hasBlank = true
                } else if hasBlank, flaw == nil {
                    flaw = TOMLPositions.Flaw(kind: .unquotedWords, place: start)
                }
                at += 1
            }
        }
    }

    private mutating func array(_ path: [Step]) {
        at += 1
        var index = 0
        while true {
            skipBlank(newlines: true)
            guard let byte = peek() else { return }
            if byte == UInt8(ascii: "]") {
                at += 1
                return
            }
            let before = at
            let start = place()
            note(path + [.index(index)], Mark(key: start, value: start))
            value(path + [.index(index)])
            index += 1
            skipBlank(newlines: true)
            _ = take(UInt8(ascii: ","))
            if at == before { return }
        }
    }

    private mutating func inlineTable(_ path: [Step]) {
        at += 1
        while true {
            skipBlank(newlines: true)
            guard let byte = peek() else { return }
            if byte == UInt8(ascii: "}") {
                at += 1
                return
            }
            let before = at
            entry(under: path)
            skipBlank(newlines: true)
            _ = take(UInt8(ascii: ","))
            if at == before { return }
        }
    }

    /// Moves past a string of any of the four kinds, from its first quote.
    private mutating func string(quote: UInt8) {
        let escapes = quote == UInt8(ascii: "\"")
        let isLong = at + 2 < text.count && text[at + 1] == quote && text[at + 2] == quote
        at += isLong ? 3 : 1
        while let byte = peek() {
            if escapes, byte == UInt8(ascii: "\\") {
                advance()
                advance()
            } else if byte != quote {
                advance()
            } else if !isLong {
                at += 1
                return
            } else {
                var run = 0
                while peek() == quote, run < 5 {
                    at += 1
                    run += 1
                }
                if run >= 3 { return }
            }
        }
    }

    // MARK: Bytes

    private func peek() -> UInt8? { at < text.count ? text[at] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        at += 1
        return true
    }

    private mutating func advance() {
        guard at < text.count else { return }
        if text[at] == UInt8(ascii: "\n") {
            line += 1
            lineStart = at + 1
        }
        at += 1
    }

    private mutating func skipBlank(newlines: Bool) {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"):
                at += 1
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                guard newlines else { return }
                advance()
            case UInt8(ascii: "#"):
                guard newlines else { return }
                while let inside = peek(), inside != UInt8(ascii: "\n") { at += 1 }
            default:
                return
            }
        }
    }

    private func place() -> Place {
        let column = text[lineStart..<at].count { $0 & 0xC0 != 0x80 }
        return Place(line: line, column: column + 1)
    }
}
