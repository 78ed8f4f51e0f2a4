// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// Walks the header lines of a message, joining continuation lines (RFC 3261 §7.3.1). One rule of line ends serves
/// framing and reading, so that they cannot disagree: a line ends with LF, a CR before it belongs to the end.
struct HeaderScanner {
    struct Line {
        var name: Range<Int>
        /// Without white space at both ends. Holds CR and LF within when `isFolded`.
        var value: Range<Int>
        var isFolded: Bool
    }

    enum Step {
        case line(Line)
        /// A line without a name and a colon.
        case malformed
        /// The empty line; the body begins at the offset.
        case end(body: Int)
        /// The bytes ended within the headers.
        case unterminated
    }

    let bytes: UnsafeRawBufferPointer
    var position: Int

    init(_ bytes: UnsafeRawBufferPointer, from position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// The offset of the LF that ends the line beginning at `start`.
    @inline(__always)
    static func lineFeed(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, 0x0A, bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// The start line without its line end; moves to the first header. Line ends before it are skipped (§7.5).
    mutating func startLine() -> Range<Int>? {
        while position < bytes.count, bytes[position] == 0x0D || bytes[position] == 0x0A { position += 1 }
        guard let feed = Self.lineFeed(in: bytes, from: position) else { return nil }
        let start = position
        position = feed + 1
        return start..<trimmedEnd(feed, from: start)
    }

    @inline(__always)
    private func trimmedEnd(_ feed: Int, from start: Int) -> Int {
        feed > start && bytes[feed - 1] == 0x0D ? feed - 1 : feed
    }

    mutating func next() -> Step {
        let start = position
        guard var feed = Self.lineFeed(in: bytes, from: start) else { return .unterminated }
        var end = trimmedEnd(feed, from: start)
        position = feed + 1
        if end == start { return .end(body: feed + 1) }

        var isFolded = false
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 {
            guard let further = Self.lineFeed(in: bytes, from: position) else { return .unterminated }
            isFolded = true
            feed = further
            end = trimmedEnd(feed, from: position)
            position = feed + 1
        }

        guard let base = bytes.baseAddress, let found = memchr(base + start, 0x3A, end - start) else {
            return .malformed
        }
        let colon = UnsafeRawPointer(found) - base
        var nameEnd = colon
        while nameEnd > start, bytes[nameEnd - 1] == 0x20 || bytes[nameEnd - 1] == 0x09 { nameEnd -= 1 }
        var value = colon + 1
        while value < end, bytes[value].isLineSpace { value += 1 }
        while end > value, bytes[end - 1].isLineSpace { end -= 1 }
        guard nameEnd > start else { return .malformed }
        return .line(Line(name: start..<nameEnd, value: value..<end, isFolded: isFolded))
    }

    /// Whether `range` spells a token (RFC 3261 §25.1).
    func isToken(_ range: Range<Int>) -> Bool {
        for index in range where !bytes[index].isTokenCharacter { return false }
        return !range.isEmpty
    }

    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }

    /// Whether a value holds a control character other than HTAB and its line folds.
    func hasControlCharacter(_ line: Line) -> Bool {
        for index in line.value {
            let byte = bytes[index]
            if byte < 0x20, byte != 0x09, !(line.isFolded && (byte == 0x0D || byte == 0x0A)) { return true }
        }
        return false
    }

    /// The text of a value, its line folds turned into spaces.
    func text(_ range: Range<Int>, isFolded: Bool = false) -> String {
        guard isFolded else { return String(decoding: bytes(range), as: UTF8.self) }
        return String(decoding: bytes(range).lazy.map { $0 == 0x0D || $0 == 0x0A ? 0x20 : $0 }, as: UTF8.self)
    }

    /// An unsigned decimal number of at most 18 digits; nil for anything else.
    func number(_ range: Range<Int>) -> Int? {
        guard !range.isEmpty, range.count <= 18 else { return nil }
        var value = 0
        for index in range {
            let digit = bytes[index] &- 0x30
            guard digit <= 9 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }
}

extension UInt8 {
    @inline(__always)
    var isLineSpace: Bool { self == 0x20 || self == 0x09 || self == 0x0D || self == 0x0A }

    @inline(__always)
    var isAlphanumeric: Bool {
        (self >= 0x61 && self <= 0x7A) || (self >= 0x41 && self <= 0x5A) || (self >= 0x30 && self <= 0x39)
    }

    /// RFC 3261 §25.1 `token`.
    var isTokenCharacter: Bool {
        if isAlphanumeric { return true }
        switch self {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "%"), UInt8(ascii: "*"),
            UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "`"), UInt8(ascii: "'"), UInt8(ascii: "~"):
            return true
        default: return false
        }
    }
}
