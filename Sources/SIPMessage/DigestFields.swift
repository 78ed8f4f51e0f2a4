// SPDX-License-Identifier: AGPL-3.0-or-later

/// The hash of a digest (RFC 7616 §3.3, RFC 8760). Computing it is not this module's business.
public enum DigestAlgorithm: String, Hashable, Sendable, CaseIterable {
    case md5 = "MD5"
    case md5Session = "MD5-sess"
    case sha256 = "SHA-256"
    case sha256Session = "SHA-256-sess"

    /// By its name in any case; nil when unknown.
    public init?(named name: String) {
        guard let match = Self.allCases.first(where: { $0.rawValue.equalsIgnoringASCIICase(name) }) else { return nil }
        self = match
    }
}

/// The comma list behind `Digest` in the four authentication headers: `name=token` or `name="quoted"`.
struct DigestFields {
    private var values: [(name: String, value: String)] = []

    /// nil for another scheme, a malformed list, more than 4,096 bytes or 32 fields, or a field that stands twice:
    /// two readers could take different ones.
    init?(_ header: String) {
        let bytes = Array(header.utf8)
        guard bytes.count <= 4_096 else { return nil }
        var reader = Reader(bytes: bytes)
        guard reader.token()?.equalsIgnoringASCIICase("Digest") == true else { return nil }
        repeat {
            reader.skipSpaces()
            // Empty list elements are allowed (RFC 9110 §5.6.1).
            if reader.peek == 0x2C { continue }
            if reader.peek == nil { break }
            guard let name = reader.token() else { return nil }
            reader.skipSpaces()
            guard reader.take(0x3D) else { return nil }
            reader.skipSpaces()
            guard let value = reader.peek == 0x22 ? reader.quotedString() : reader.unquoted() else { return nil }
            guard self[name] == nil, values.count < 32 else { return nil }
            values.append((name, value))
            reader.skipSpaces()
        } while reader.take(0x2C)
        guard reader.peek == nil else { return nil }
    }

    subscript(_ name: String) -> String? {
        values.first { $0.name.equalsIgnoringASCIICase(name) }?.value
    }

    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

        mutating func skipSpaces() {
            while let byte = peek, byte.isLineSpace { index += 1 }
        }

        mutating func take(_ byte: UInt8) -> Bool {
            guard peek == byte else { return false }
            index += 1
            return true
        }

        mutating func token() -> String? {
            skipSpaces()
            let start = index
            while let byte = peek, byte.isTokenCharacter { index += 1 }
            return index > start ? String(decoding: bytes[start..<index], as: UTF8.self) : nil
        }

        /// A value without quotes: more than a token, because phones leave the quotes of a URI or nonce away.
        mutating func unquoted() -> String? {
            let start = index
            while let byte = peek, byte != 0x2C, byte != 0x22, !byte.isLineSpace { index += 1 }
            return index > start ? String(decoding: bytes[start..<index], as: UTF8.self) : nil
        }

        mutating func quotedString() -> String? {
            guard take(0x22) else { return nil }
            var text: [UInt8] = []
            while let byte = peek {
                index += 1
                switch byte {
                case 0x22: return String(decoding: text, as: UTF8.self)
                case 0x5C:
                    guard let escaped = peek else { return nil }
                    index += 1
                    text.append(escaped)
                default: text.append(byte)
                }
            }
            return nil
        }
    }
}

/// Writes the list that ``DigestFields`` reads.
struct DigestWriter {
    private var writer = WireWriter([], reserving: 256)
    private var isFirst = true

    init() { writer.literal("Digest ") }

    private mutating func name(_ name: StaticString) {
        if !isFirst { writer.literal(", ") }
        isFirst = false
        writer.literal(name)
        writer.byte(0x3D)
    }

    mutating func quoted(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        self.name(name)
        writer.quoted(value)
    }

    /// A token; what is none is left out rather than written as something else.
    mutating func token(_ name: StaticString, _ value: String?) {
        guard let value, !value.isEmpty, value.utf8.allSatisfy({ $0.isTokenCharacter }) else { return }
        self.name(name)
        writer.text(value)
    }

    var text: String { writer.text }
}
