// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// An IPv4 or IPv6 address as a number; IPv4-mapped IPv6 addresses (`::ffff:192.0.2.1`) become IPv4.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 16 bytes in network order.
    public let bytes: [UInt8]

    public var isIPv6: Bool { bytes.count == 16 }

    /// 0.0.0.0 or ::, "every address of this machine".
    public var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

    /// 127.0.0.0/8 or ::1.
    public var isLoopback: Bool {
        isIPv6 ? bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1 : bytes.first == 127
    }

    public init(v4 a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) { bytes = [a, b, c, d] }

    /// Reads `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]`; no names.
    public init?(_ text: some StringProtocol) {
        var inner = text[...]
        if inner.hasPrefix("["), inner.hasSuffix("]") { inner = inner.dropFirst().dropLast() }
        guard inner.utf8.count <= 45, !inner.utf8.contains(0) else { return nil }
        let address = String(inner)
        var v4 = in_addr()
        if inet_pton(AF_INET, address, &v4) == 1 {
            bytes = withUnsafeBytes(of: &v4) { Array($0.prefix(4)) }
            return
        }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, address, &v6) == 1 else { return nil }
        let all = withUnsafeBytes(of: &v6) { Array($0.prefix(16)) }
        let isMapped = all.prefix(10).allSatisfy { $0 == 0 } && all[10] == 0xFF && all[11] == 0xFF
        bytes = isMapped ? Array(all.suffix(4)) : all
    }

    /// Without brackets.
    public var description: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = inet_ntop(isIPv6 ? AF_INET6 : AF_INET, bytes, &buffer, socklen_t(buffer.count))
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Addresses with a common prefix, CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3).
public struct AddressBlock: Hashable, Sendable, CustomStringConvertible {
    public let address: IPAddress
    /// 0…32 or 0…128.
    public let prefixLength: Int

    public enum Mistake: Error, Hashable, Sendable {
        case notAnAddress
        case badPrefixLength
        /// Bits behind the prefix are set; the block that was probably meant.
        case bitsBehindPrefix(String)
    }

    /// One address alone.
    public init(_ address: IPAddress) {
        self.address = address
        prefixLength = address.bytes.count * 8
    }

    /// Reads `192.0.2.0/24`, or a single address.
    public init(_ text: some StringProtocol) throws(Mistake) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { throw .notAnAddress }
        let whole = address.bytes.count * 8
        self.address = address
        guard parts.count > 1 else {
            prefixLength = whole
            return
        }
        guard parts.count == 2, parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let length = Int(parts[1]),
            length <= whole
        else { throw .badPrefixLength }
        prefixLength = length
        let masked = AddressBlock.masked(address.bytes, length)
        guard masked == address.bytes else {
            let groups =
                address.isIPv6
                ? stride(from: 0, to: 16, by: 2).map { String(Int(masked[$0]) << 8 | Int(masked[$0 + 1]), radix: 16) }
                    .joined(separator: ":")
                : masked.map(String.init).joined(separator: ".")
            throw .bitsBehindPrefix("\(IPAddress(groups)?.description ?? groups)/\(length)")
        }
    }

    public func contains(_ other: IPAddress) -> Bool {
        other.bytes.count == address.bytes.count
            && AddressBlock.masked(other.bytes, prefixLength) == address.bytes
    }

    public func overlaps(_ other: AddressBlock) -> Bool { contains(other.address) || other.contains(address) }

    public var description: String {
        prefixLength == address.bytes.count * 8 ? address.description : "\(address)/\(prefixLength)"
    }

    private static func masked(_ bytes: [UInt8], _ length: Int) -> [UInt8] {
        bytes.enumerated().map { index, byte in
            let kept = min(8, max(0, length - index * 8))
            return kept == 0 ? 0 : byte & (0xFF << UInt8(8 - kept))
        }
    }
}
