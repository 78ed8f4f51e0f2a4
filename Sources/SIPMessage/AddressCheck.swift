// SPDX-License-Identifier: AGPL-3.0-or-later

/// Finds what libosip2 lets pass in URIs and addresses. Broken percent escapes: it turns `%0g`, `%b@` or `%00` into the
/// end of the string, so that `sip:root%00x@…` would become `root`. A `?` in an address without angle brackets
/// (RFC 3261 §20).
enum AddressCheck {
    /// For a whole URI.
    static func isSound(uri bytes: UnsafeRawBufferPointer) -> Bool {
        for index in bytes.indices where bytes[index] == 0x25 && !isEscape(bytes, at: index) { return false }
        return true
    }

    /// For an address or a list of addresses: inside angle brackets, and before the parameters of an address without
    /// them. Display names and header parameters may hold a bare `%`, which is a token character.
    static func isSound(addresses bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.contains(where: { $0 == 0x25 || $0 == 0x3F }) else { return true }
        var isQuoted = false
        var isInBrackets = false
        var isInParameters = false
        // Whether a bare `%` or `?` came that is only right if a display name ends before the next delimiter.
        var isSuspect = false
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\\") where isQuoted: index += 1
            case UInt8(ascii: "\"") where !isInBrackets: isQuoted.toggle()
            case _ where isQuoted: break
            case UInt8(ascii: "<"):
                isInBrackets = true
                isSuspect = false
            case UInt8(ascii: ">"): isInBrackets = false
            case UInt8(ascii: ";") where !isInBrackets, UInt8(ascii: ",") where !isInBrackets:
                if isSuspect { return false }
                isInParameters = byte == UInt8(ascii: ";")
            case UInt8(ascii: "%") where !isEscape(bytes, at: index):
                if isInBrackets { return false }
                if !isInParameters { isSuspect = true }
            case UInt8(ascii: "?") where !isInBrackets && !isInParameters: isSuspect = true
            default: break
            }
            index += 1
        }
        return !isSuspect
    }

    /// Two hexadecimal digits, not both zero.
    private static func isEscape(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Bool {
        guard index + 2 < bytes.count, let high = SIPURI.hexValue(bytes[index + 1]),
            let low = SIPURI.hexValue(bytes[index + 2])
        else { return false }
        return high | low != 0
    }
}
