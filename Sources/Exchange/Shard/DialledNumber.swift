// SPDX-License-Identifier: AGPL-3.0-or-later

/// What may stand for a number in a dialplan.
///
/// A pattern such as `_X.` takes whatever follows a digit, and `Dial(Seat/${EXTEN})` is taken apart after the variable
/// has been put in: a caller must not be able to write dialplan with his number.
enum DialledNumber {
    /// In bytes, as long as an extension may be in Asterisk.
    static let longest = 80

    static func isSafe(_ number: String) -> Bool {
        number.utf8.count <= longest && !number.utf8.contains(where: isUnsafe)
    }

    /// The number of a caller outside, who is not refused for what his exchange calls him.
    static func cleaned(_ number: String) -> String {
        guard !isSafe(number) else { return number }
        var kept = String(decoding: number.utf8.filter { !isUnsafe($0) }, as: UTF8.self)
        while kept.utf8.count > longest { kept.removeLast() }
        return kept
    }

    private static func isUnsafe(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == 0x7F || marks.contains(byte)
    }

    private static let marks = Set("&,/|()${}[]\"'`\\<>".utf8)
}
