// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// The fields of an event as one JSON object, so that `sqlite3` and its `json_extract` can read them.
///
/// Written here rather than with a JSON library because names may repeat and their order counts, which
/// dictionaries lose, and because this runs for every event.
enum FieldText {
    static func encode(_ fields: [LedgerField]) -> String {
        guard !fields.isEmpty else { return "{}" }
        var out: [UInt8] = []
        // Most fields are shorter; one allocation for most events.
        out.reserveCapacity(2 + fields.count * 32)
        out.append(UInt8(ascii: "{"))
        for (index, field) in fields.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            append(field.name, to: &out)
            out.append(UInt8(ascii: ":"))
            append(field.value, to: &out)
        }
        out.append(UInt8(ascii: "}"))
        return String(decoding: out, as: UTF8.self)
    }

    private static func append(_ text: String, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        defer { out.append(UInt8(ascii: "\"")) }
        if appendPlain(text, to: &out) { return }
        let hexadecimal: StaticString = "0123456789abcdef"
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                out.append(UInt8(ascii: "\\"))
                out.append(byte)
            case 0..<32:
                out.append(contentsOf: "\\u00".utf8)
                out.append(hexadecimal.utf8Start[Int(byte >> 4)])
                out.append(hexadecimal.utf8Start[Int(byte & 15)])
            default:
                out.append(byte)
            }
        }
    }

    /// Most texts have nothing to escape and are taken over whole.
    private static func appendPlain(_ text: String, to out: inout [UInt8]) -> Bool {
        text.utf8.withContiguousStorageIfAvailable { bytes in
            guard bytes.allSatisfy({ $0 >= 32 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) else {
                return false
            }
            out.append(contentsOf: bytes)
            return true
        } ?? false
    }

    /// Reads what `encode` wrote; nil for anything else.
    static func decode(_ text: String) -> [LedgerField]? {
        var reader = Reader(bytes: Array(text.utf8))
        return reader.object()
    }

    private struct Reader {
        let bytes: [UInt8]
        var at = 0

        mutating func object() -> [LedgerField]? {
            guard take("{") else { return nil }
            var fields: [LedgerField] = []
            if !take("}") {
                repeat {
                    guard let name = string(), take(":"), let value = string() else { return nil }
                    fields.append(LedgerField(name, value))
                } while take(",")
                guard take("}") else { return nil }
            }
            return at == bytes.count ? fields : nil
        }

        private mutating func take(_ byte: Unicode.Scalar) -> Bool {
            guard at < bytes.count, bytes[at] == UInt8(ascii: byte) else { return false }
            at += 1
            return true
        }

        private mutating func string() -> String? {
            guard take("\"") else { return nil }
            var out: [UInt8] = []
            while at < bytes.count {
                let byte = bytes[at]
                at += 1
                switch byte {
                case UInt8(ascii: "\""):
                    return String(decoding: out, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let escaped = escape() else { return nil }
                    out.append(escaped)
                default:
                    out.append(byte)
                }
            }
            return nil
        }

        /// Only the escapes that `encode` makes.
        private mutating func escape() -> UInt8? {
            guard at < bytes.count else { return nil }
            let kind = bytes[at]
            at += 1
            guard kind == UInt8(ascii: "u") else { return kind }
            guard at + 4 <= bytes.count,
                let code = UInt8(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
            else { return nil }
            at += 4
            return code
        }
    }
}
