// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Diagnostics

/// Takes comments and escapes out of a file, line by line, as Asterisk's configuration files have
/// them: `;` to the end of the line, `;-- … --;` nested and over lines, `\;` for a semicolon.
/// There is no line continuation; `key += more` appends instead.
struct LineReader {
    private let bytes: [UInt8]
    private let file: String
    private let maximumLineBytes: Int
    private var position = 0
    private var commentDepth = 0
    private var commentStart: SourceLocation?
    private(set) var lineNumber = 0
    private(set) var diagnostics: [Diagnostic] = []

    /// As many levels as Asterisk allows.
    private static let maximumCommentDepth = 128

    init(_ source: SourceFile, maximumLineBytes: Int) {
        var bytes = Array(source.text.utf8)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        self.bytes = bytes
        self.file = source.name
        self.maximumLineBytes = maximumLineBytes
    }

    /// The next line without comments and outer white space (perhaps empty), nil at the end.
    mutating func next() -> SourceText? {
        guard position < bytes.count else {
            if let start = commentStart {
                commentStart = nil
                diagnostics.append(Diagnostic(.error, .unterminatedComment, at: start))
            }
            return nil
        }
        lineNumber += 1
        let start = position
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        position = end + 1
        guard end - start <= maximumLineBytes else {
            diagnostics.append(
                Diagnostic(
                    .error, .lineTooLong(limit: maximumLineBytes),
                    at: SourceLocation(file: file, line: lineNumber)))
            return SourceText(file: file, line: lineNumber)
        }
        return clean(start..<end).stripped
    }

    private mutating func clean(_ range: Range<Int>) -> SourceText {
        var text = SourceText(file: file, line: lineNumber)
        var column: Int32 = 0
        var index = range.lowerBound
        func at(_ offset: Int) -> UInt8 {
            index + offset < range.upperBound ? bytes[index + offset] : 0
        }
        /// Where the last comment mark ended: `--;` may not borrow its dashes from it.
        var floor = index
        while index < range.upperBound {
            let byte = bytes[index]
            if byte & 0xC0 != 0x80 { column += 1 }
            defer { index += 1 }
            guard byte == UInt8(ascii: ";") else {
                if commentDepth == 0 { text.append(byte, column: column) }
                continue
            }
            let dash = UInt8(ascii: "-")
            if index > range.lowerBound, bytes[index - 1] == UInt8(ascii: "\\") {
                guard commentDepth == 0 else { continue }
                if !text.isEmpty { text.removeLast() }
                text.append(byte, column: column)
            } else if at(1) == dash, at(2) == dash, at(3) != dash {
                if commentDepth == 0 {
                    commentStart = SourceLocation(file: file, line: lineNumber, column: Int(column))
                }
                commentDepth = min(commentDepth + 1, Self.maximumCommentDepth)
                index += 2
                column += 2
                floor = index + 1
            } else if commentDepth > 0, index >= floor + 2, bytes[index - 1] == dash,
                bytes[index - 2] == dash
            {
                commentDepth -= 1
                if commentDepth == 0 { commentStart = nil }
                floor = index + 1
            } else if commentDepth == 0 {
                return text
            }
        }
        return text
    }
}
