// SPDX-License-Identifier: AGPL-3.0-or-later

/// Appends header text to bytes. CR, LF and NUL never get through: each becomes a space, so no value, wherever it came
/// from, can end its line and begin another header.
struct WireWriter {
    var bytes: [UInt8]

    init(_ bytes: [UInt8], reserving count: Int) {
        self.bytes = bytes
        self.bytes.reserveCapacity(self.bytes.count + count)
    }

    /// Text of our own.
    @inline(__always)
    mutating func literal(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    mutating func byte(_ byte: UInt8) { bytes.append(byte) }

    mutating func number(_ value: Int) {
        if value >= 0, value < 10 {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: value))
        } else {
            bytes.append(contentsOf: String(value).utf8)
        }
    }

    /// Text from anywhere.
    mutating func text(_ text: String) {
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        var isClean = true
        bytes.withUnsafeBufferPointer { buffer in
            var index = start
            while index < buffer.count {
                let byte = buffer[index]
                if byte == 0x0D || byte == 0x0A || byte == 0 { isClean = false }
                index += 1
            }
        }
        guard !isClean else { return }
        for index in start..<bytes.count where bytes[index] == 0x0D || bytes[index] == 0x0A || bytes[index] == 0 {
            bytes[index] = 0x20
        }
    }

    /// Percent-escapes what `isAllowed` refuses (RFC 3261 §19.1.2).
    mutating func escaped(_ text: String, allowing isAllowed: (UInt8) -> Bool) {
        for byte in text.utf8 {
            if isAllowed(byte) {
                bytes.append(byte)
            } else {
                bytes.append(0x25)
                bytes.append(Self.hexDigit(byte >> 4))
                bytes.append(Self.hexDigit(byte & 15))
            }
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x41 + value - 10 }

    /// A quoted-string (RFC 3261 §25.1).
    mutating func quoted(_ text: String) {
        byte(0x22)
        for byte in text.utf8 {
            if byte == 0x22 || byte == 0x5C { bytes.append(0x5C) }
            bytes.append(byte == 0x0D || byte == 0x0A || byte == 0 ? 0x20 : byte)
        }
        byte(0x22)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension UInt8 {
    /// RFC 3261 §25.1 `unreserved`.
    @inline(__always)
    var isUnreserved: Bool {
        if isAlphanumeric { return true }
        switch self {
        case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "~"),
            UInt8(ascii: "*"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"):
            return true
        default: return false
        }
    }

    /// `user` without escapes.
    var isUserCharacter: Bool {
        if isUnreserved { return true }
        switch self {
        case UInt8(ascii: "&"), UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "$"), UInt8(ascii: ","),
            UInt8(ascii: ";"), UInt8(ascii: "?"), UInt8(ascii: "/"):
            return true
        default: return false
        }
    }

    /// `password` without escapes.
    var isPasswordCharacter: Bool {
        if isUnreserved { return true }
        switch self {
        case UInt8(ascii: "&"), UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "$"), UInt8(ascii: ","):
            return true
        default: return false
        }
    }

    /// `paramchar` without escapes.
    var isURIParameterCharacter: Bool {
        if isUnreserved { return true }
        switch self {
        case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "&"),
            UInt8(ascii: "+"), UInt8(ascii: "$"):
            return true
        default: return false
        }
    }

    /// `hname` and `hvalue` without escapes.
    var isURIHeaderCharacter: Bool {
        if isUnreserved { return true }
        switch self {
        case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: ":"),
            UInt8(ascii: "+"), UInt8(ascii: "$"):
            return true
        default: return false
        }
    }
}
