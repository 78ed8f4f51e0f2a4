// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc
internal import NIOCore

/// A numeric address and port as the system takes it: `sockaddr_in` or `sockaddr_in6`, both with the family at
/// byte 0 and the port at 2, the IPv4 address at 4, the IPv6 address at 8 (ip(7), ipv6(7)).
///
/// IPv4 stays away from `inet_pton` and the heap, because every datagram sent passes here.
struct SocketName {
    private var storage: sockaddr_storage
    let length: socklen_t

    /// nil when `address` is neither an IPv4 nor an IPv6 number.
    init?(address: String, port: UInt16) {
        storage = sockaddr_storage()
        if let bits = SocketName.ipv4(address) {
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutableBytes(of: &storage) { raw in
                raw.storeBytes(of: sa_family_t(AF_INET), as: sa_family_t.self)
                raw.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
                raw.storeBytes(of: bits.bigEndian, toByteOffset: 4, as: UInt32.self)
            }
            return
        }
        var number: (UInt64, UInt64) = (0, 0)
        guard address.utf8.count <= 45, inet_pton(AF_INET6, address, &number) == 1 else { return nil }
        length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        withUnsafeMutableBytes(of: &storage) { raw in
            raw.storeBytes(of: sa_family_t(AF_INET6), as: sa_family_t.self)
            raw.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            raw.storeBytes(of: number, toByteOffset: 8, as: (UInt64, UInt64).self)
        }
    }

    /// The socket's own name, after binding.
    init?(ofSocket descriptor: Int32) {
        storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let done = withUnsafeMutableBytes(of: &storage) { raw in
            raw.withMemoryRebound(to: sockaddr.self) { getsockname(descriptor, $0.baseAddress, &size) }
        }
        guard done == 0 else { return nil }
        length = size
    }

    var family: Int32 { withUnsafeBytes(of: storage) { Int32($0.loadUnaligned(as: sa_family_t.self)) } }

    var port: UInt16 {
        withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
    }

    /// Writes the bare address, 4 or 16 bytes in network order.
    func copyAddress(to target: UnsafeMutableRawBufferPointer) {
        withUnsafeBytes(of: storage) { raw in
            target.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: family == AF_INET6 ? raw[8..<24] : raw[4..<8]))
        }
    }

    /// As NIO takes it.
    var nio: SocketAddress? {
        withUnsafeBytes(of: storage) { raw in
            switch family {
            case AF_INET: SocketAddress(raw.loadUnaligned(as: sockaddr_in.self))
            case AF_INET6: SocketAddress(raw.loadUnaligned(as: sockaddr_in6.self))
            default: nil
            }
        }
    }

    var addressText: String? { nio.flatMap { $0.ipAddress } }

    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// Four decimal numbers 0…255 without leading zeros, in host order; nil for anything else.
    private static func ipv4(_ text: String) -> UInt32? {
        var value: UInt32 = 0
        var part: UInt32 = 0
        var digits = 0
        var dots = 0
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39:
                if digits > 0, part == 0 { return nil }
                part = part * 10 + UInt32(byte - 0x30)
                digits += 1
                if part > 255 { return nil }
            case 0x2E:
                guard digits > 0, dots < 3 else { return nil }
                value = value << 8 | part
                part = 0
                digits = 0
                dots += 1
            default: return nil
            }
        }
        return dots == 3 && digits > 0 ? value << 8 | part : nil
    }
}

/// A source as limits count it: an IPv4 address, or the /64 an IPv6 address lies in, because one
/// IPv6 customer owns all of that.
struct SourceKey: Hashable, Sendable {
    private var high: UInt64
    private var low: UInt64

    init(_ address: SocketAddress) {
        switch address {
        case .v4(let v4):
            high = 0
            low = 0xFFFF_0000_0000 | UInt64(v4.address.hostOrderAddress)
        case .v6(let v6):
            high = withUnsafeBytes(of: v6.address) { $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self) }
            low = 0
        case .unixDomainSocket:
            high = 0
            low = 0
        }
    }

    /// nil when `address` is no IP number.
    init?(address: String) {
        guard let name = SocketName(address: address, port: 0)?.nio else { return nil }
        self.init(name)
    }
}

extension sockaddr_in {
    fileprivate var hostOrderAddress: UInt32 {
        withUnsafeBytes(of: self) { UInt32(bigEndian: $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self)) }
    }
}

extension SocketAddress {
    /// The address as `Flow` and `ListenAddress` write it: no brackets.
    var flowAddress: String {
        guard case .v4(let v4) = self else { return ipAddress ?? "" }
        // At most 15 bytes: stays inside the String, no allocation.
        var bits = v4.address.hostOrderAddress
        return String(unsafeUninitializedCapacity: 15) { out in
            var count = 0
            for _ in 0..<4 {
                let part = UInt8(truncatingIfNeeded: bits >> 24)
                bits <<= 8
                if count > 0 {
                    out[count] = 0x2E
                    count += 1
                }
                if part >= 100 {
                    out[count] = 0x30 + part / 100
                    count += 1
                }
                if part >= 10 {
                    out[count] = 0x30 + part / 10 % 10
                    count += 1
                }
                out[count] = 0x30 + part % 10
                count += 1
            }
            return count
        }
    }
}
