// SPDX-License-Identifier: AGPL-3.0-or-later
import COSIP

extension SIPURI: CustomStringConvertible {
    /// The longest URI or address that the text initialisers read, in bytes.
    static let longestText = 2_048

    /// Reads `sip:…`, `sips:…`, `tel:…` or an opaque URI; nil when malformed, longer than 2,048 bytes, or holding
    /// white space, control characters, a broken percent escape or an escaped NUL.
    public init?(_ text: String) {
        guard Self.isSafe(text), !text.utf8.contains(where: { $0 == 0x20 || $0 == 0x09 || $0 == 0x3C || $0 == 0x3E }),
            Array(text.utf8).withUnsafeBytes({ AddressCheck.isSound(uri: $0) }), cosip_prepare() == 0
        else { return nil }
        var handle: UnsafeMutablePointer<osip_uri_t>?
        guard osip_uri_init(&handle) == 0, let uri = handle else { return nil }
        defer { osip_uri_free(uri) }
        guard osip_uri_parse(uri, text) == 0 else { return nil }
        do throws(Flaw) { try self.init(osip: uri) } catch { return nil }
    }

    /// Whether libosip2 may see a text: bounded, no control character, few delimiters.
    static func isSafe(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= longestText else { return false }
        var delimiters = 0
        for byte in text.utf8 {
            if byte < 0x20, byte != 0x09 { return false }
            if byte == 0x3B || byte == 0x26 || byte == 0x22 || byte == 0x3C { delimiters += 1 }
        }
        return delimiters <= 256
    }

    public var description: String {
        var writer = WireWriter([], reserving: 64)
        writer.uri(self)
        return writer.text
    }

    /// RFC 3966: the number and `;name=value`.
    init(telephone text: String) throws(Flaw) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        guard let number = parts.first, !number.isEmpty else { throw Flaw(.malformedHeader, "a tel URI has no number") }
        self.init(scheme: "tel", user: Self.unescaped(number), host: "")
        for part in parts.dropFirst() where !part.isEmpty {
            guard let equals = part.firstIndex(of: "=") else {
                parameters.append(SIPParameter(Self.unescaped(part)))
                continue
            }
            parameters.append(
                SIPParameter(Self.unescaped(part[..<equals]), Self.unescaped(part[part.index(after: equals)...])))
        }
    }

    private static func unescaped(_ text: Substring) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == 0x25, index + 2 < bytes.count, let high = hexValue(bytes[index + 1]),
                let low = hexValue(bytes[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}

extension SIPURI {
    /// Equality of RFC 3261 §19.1.4: scheme, host and parameters without case, user with; no port is not the default
    /// port; `user`, `ttl`, `method`, `maddr` and `transport` count even when only one side has them, other parameters
    /// only when both have; headers always count. `tel` compares numbers without visual separators (RFC 3966 §4).
    public func isEquivalent(to other: SIPURI) -> Bool {
        guard scheme == other.scheme else { return false }
        if scheme == "tel" {
            guard Self.digits(user) == Self.digits(other.user), parameters.count == other.parameters.count else {
                return false
            }
            return parameters.allSatisfy { parameter in
                other.parameters.contains { $0.matches(parameter) }
            }
        }
        guard user == other.user, password == other.password, port == other.port,
            host.equalsIgnoringASCIICase(other.host)
        else { return false }
        return hasMatchingParameters(other) && other.hasMatchingParameters(self) && hasMatchingHeaders(other)
    }

    private func hasMatchingParameters(_ other: SIPURI) -> Bool {
        for parameter in parameters {
            if let match = other.parameters.first(where: { $0.name.equalsIgnoringASCIICase(parameter.name) }) {
                guard match.matches(parameter) else { return false }
            } else if Self.alwaysCompared.contains(parameter.name.lowercased()) {
                return false
            }
        }
        return true
    }

    private static let alwaysCompared: Set<String> = ["user", "ttl", "method", "maddr", "transport"]

    private func hasMatchingHeaders(_ other: SIPURI) -> Bool {
        headers.count == other.headers.count
            && headers.allSatisfy { header in
                other.headers.contains { $0.name.equalsIgnoringASCIICase(header.name) && $0.value == header.value }
            }
    }

    private static func digits(_ number: String?) -> String {
        (number ?? "").lowercased().filter { !"-.()".contains($0) }
    }
}

extension SIPParameter {
    fileprivate func matches(_ other: SIPParameter) -> Bool {
        guard name.equalsIgnoringASCIICase(other.name) else { return false }
        return switch (value, other.value) {
        case (let a?, let b?): a.equalsIgnoringASCIICase(b)
        case (nil, nil): true
        default: false
        }
    }
}
