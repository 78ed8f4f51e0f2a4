// SPDX-License-Identifier: AGPL-3.0-or-later

/// Reads `value *(;name[=value])`, the form of Event, Replaces, Subscription-State and Refer-Sub (RFC 3261 §25.1).
struct ParameterReader {
    /// What stands before the first semicolon, white space at both ends removed.
    let value: String
    private(set) var parameters: [SIPParameter] = []

    private static let maxParameters = 32

    /// nil for an empty value, control characters, a list, more than 2,048 bytes or 32 parameters, and for a parameter
    /// that stands twice: two readers could take different ones.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= SIPURI.longestText, !bytes.contains(where: { $0 == 0x7F || $0 < 0x20 && $0 != 0x09 })
        else { return nil }
        let end = bytes.firstIndex(of: UInt8(ascii: ";")) ?? bytes.count
        let value = Self.trimmed(bytes[..<end])
        guard !value.isEmpty, !value.contains(where: { $0.isLineSpace || $0 == UInt8(ascii: ",") }) else { return nil }
        self.value = String(decoding: value, as: UTF8.self)
        guard end < bytes.count else { return }
        for part in Self.split(bytes[(end + 1)...]) {
            guard let parameter = Self.parameter(part), !parameters.contains(parameter.name),
                parameters.count < Self.maxParameters
            else { return nil }
            parameters.append(parameter)
        }
    }

    /// The value of a parameter, without its quotes if it has any; nil when it is absent or has none.
    subscript(name: String) -> String? { parameters.value(of: name) }

    /// A parameter that has to be a token; nil when it is something else.
    func token(_ name: String) -> String? {
        guard let value = self[name], !value.isEmpty, value.utf8.allSatisfy({ $0.isTokenCharacter }) else { return nil }
        return value
    }

    /// `delta-seconds`; what is beyond 32 bits counts as the largest.
    static func seconds(_ text: String) -> UInt32? {
        guard (1...20).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return UInt32(text) ?? .max
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while bytes.first?.isLineSpace == true { bytes.removeFirst() }
        while bytes.last?.isLineSpace == true { bytes.removeLast() }
        return bytes
    }

    /// At semicolons outside of quotes.
    private static func split(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var isQuoted = false
        var index = start
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "\\") where isQuoted: index += 1
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ";") where !isQuoted:
                parts.append(bytes[start..<index])
                start = index + 1
            default: break
            }
            index += 1
        }
        parts.append(bytes[start...])
        return parts
    }

    private static func parameter(_ part: ArraySlice<UInt8>) -> SIPParameter? {
        let equals = part.firstIndex(of: UInt8(ascii: "="))
        let name = trimmed(part[..<(equals ?? part.endIndex)])
        guard !name.isEmpty, name.allSatisfy({ $0.isTokenCharacter }) else { return nil }
        let text = String(decoding: name, as: UTF8.self)
        guard let equals else { return SIPParameter(text) }
        let value = trimmed(part[(equals + 1)...])
        if value.first == UInt8(ascii: "\"") {
            return quoted(value).map { SIPParameter(text, $0) }
        }
        let isSound = value.allSatisfy { !$0.isLineSpace && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"") }
        guard isSound, !value.isEmpty else { return nil }
        return SIPParameter(text, String(decoding: value, as: UTF8.self))
    }

    /// The text of a quoted-string; nil when it does not end where it should.
    private static func quoted(_ bytes: ArraySlice<UInt8>) -> String? {
        var text: [UInt8] = []
        var index = bytes.startIndex + 1
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                return index == bytes.endIndex - 1 ? String(decoding: text, as: UTF8.self) : nil
            case UInt8(ascii: "\\"):
                index += 1
                guard index < bytes.endIndex else { return nil }
                text.append(bytes[index])
            default: text.append(bytes[index])
            }
            index += 1
        }
        return nil
    }
}
