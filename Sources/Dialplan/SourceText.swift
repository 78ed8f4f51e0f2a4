// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Diagnostics

/// A file of a dialplan as it was read. `name` is what diagnostics show and what an including
/// file's relative names are resolved against by the loader.
public struct SourceFile: Hashable, Sendable {
    public var name: String
    public var text: String

    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

/// A piece of one line with the column every byte came from, so that a diagnostic points at the
/// right character even behind an escaped `\;` or an inline `;-- … --;`.
struct SourceText: Sendable {
    var bytes: [UInt8] = []
    var columns: [Int32] = []
    var file: String
    var line: Int

    var isEmpty: Bool { bytes.isEmpty }
    var string: String { String(decoding: bytes, as: UTF8.self) }

    /// The place of the byte at `offset`; past the end, the column after the last byte.
    func location(_ offset: Int = 0) -> SourceLocation {
        let column: Int32
        if columns.indices.contains(offset) {
            column = columns[offset]
        } else {
            column = (columns.last ?? 0) + 1
        }
        return SourceLocation(file: file, line: line, column: Int(column))
    }

    mutating func append(_ byte: UInt8, column: Int32) {
        bytes.append(byte)
        columns.append(column)
    }

    mutating func removeLast() {
        bytes.removeLast()
        columns.removeLast()
    }

    /// The part in `range`, clamped to what is there.
    func slice(_ range: Range<Int>) -> SourceText {
        let clamped = range.clamped(to: 0..<bytes.count)
        return SourceText(
            bytes: Array(bytes[clamped]), columns: Array(columns[clamped]), file: file, line: line)
    }

    func from(_ offset: Int) -> SourceText { slice(min(offset, bytes.count)..<bytes.count) }

    func to(_ offset: Int) -> SourceText { slice(0..<max(0, offset)) }

    /// Without white space and control characters at both ends.
    var stripped: SourceText {
        guard let first = bytes.firstIndex(where: { $0 > 0x20 }),
            let last = bytes.lastIndex(where: { $0 > 0x20 })
        else { return slice(0..<0) }
        return first == 0 && last == bytes.count - 1 ? self : slice(first..<last + 1)
    }

    func firstIndex(of byte: UInt8) -> Int? { bytes.firstIndex(of: byte) }

    func joined(with other: SourceText) -> SourceText {
        var all = self
        all.bytes += other.bytes
        all.columns += other.columns
        return all
    }
}

extension UInt8 {
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    var lowercased: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }
}

extension String {
    /// ASCII lower case: the case rule for names of applications and sections.
    var asciiLowercased: String {
        utf8.contains { $0 >= 0x41 && $0 <= 0x5A }
            ? String(decoding: utf8.map(\.lowercased), as: UTF8.self) : self
    }
}
