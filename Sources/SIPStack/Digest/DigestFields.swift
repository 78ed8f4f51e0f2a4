// SPDX-License-Identifier: AGPL-3.0-or-later

/// `Digest name=value, name="value" …`: a challenge or an answer to one (RFC 7616 §3.3, §3.4).
struct DigestFields: Hashable, Sendable {
    /// Lower-case names; values without quotes and escapes.
    private var values: [String: String] = [:]

    /// More fields than this are no digest.
    private static let maxFields = 32

    subscript(name: String) -> String? { values[name] }

    /// nil for another scheme, or text that is none of this grammar.
    init?(_ text: String) {
        var bytes = Substring(text).utf8
        Self.skipBlanks(&bytes)
        guard Self.token(&bytes).equalsASCII("digest") else { return nil }
        while true {
            Self.skipBlanks(&bytes)
            while bytes.first == UInt8(ascii: ",") {
                bytes.removeFirst()
                Self.skipBlanks(&bytes)
            }
            if bytes.isEmpty { break }
            let name = Self.token(&bytes).lowercased()
            Self.skipBlanks(&bytes)
            guard !name.isEmpty, bytes.first == UInt8(ascii: "="), values.count < Self.maxFields else {
                return nil
            }
            bytes.removeFirst()
            Self.skipBlanks(&bytes)
            guard let value = Self.value(&bytes) else { return nil }
            // A name said twice could be read differently by two parties.
            guard values.updateValue(value, forKey: name) == nil else { return nil }
        }
    }

    private static func skipBlanks(_ bytes: inout Substring.UTF8View) {
        while let byte = bytes.first, byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A {
            bytes.removeFirst()
        }
    }

    private static func token(_ bytes: inout Substring.UTF8View) -> String {
        let end = bytes.firstIndex { $0 <= 0x20 || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "=") }
        let token = bytes[..<(end ?? bytes.endIndex)]
        bytes = bytes[token.endIndex...]
        return String(Substring(token))
    }

    private static func value(_ bytes: inout Substring.UTF8View) -> String? {
        guard bytes.first == UInt8(ascii: "\"") else {
            let end = bytes.firstIndex { $0 <= 0x20 || $0 == UInt8(ascii: ",") } ?? bytes.endIndex
            let value = String(Substring(bytes[..<end]))
            bytes = bytes[end...]
            return value
        }
        bytes.removeFirst()
        var value: [UInt8] = []
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: "\"") { return String(decoding: value, as: UTF8.self) }
            if byte == UInt8(ascii: "\\") {
                guard let escaped = bytes.popFirst() else { return nil }
                value.append(escaped)
            } else {
                value.append(byte)
            }
        }
        return nil
    }

    /// A quoted-string (RFC 3261 §25.1).
    static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { out.unicodeScalars.append("\\") }
            if scalar.value >= 0x20 { out.unicodeScalars.append(scalar) }
        }
        return out + "\""
    }
}

extension String {
    fileprivate func equalsASCII(_ lowercase: String) -> Bool { lowercased() == lowercase }
}
