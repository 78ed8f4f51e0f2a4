// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// Sends a datagram from one of the machine's addresses through a socket that is bound to all of them.
///
/// Left alone the kernel chooses by its routes, and a phone that asked at another address of the machine throws the answer
/// away: it comes from a stranger.
enum PacketSource {
    /// A cmsghdr (cmsg(3)): length as `size_t`, level, type; then in_pktinfo (ip(7)) or in6_pktinfo (ipv6(7)).
    private static let headerBytes = MemoryLayout<Int>.size + 8
    private static let mostBytes = 64

    /// - Returns: what `sendmsg` returns.
    static func send(
        _ bytes: UnsafeRawBufferPointer, through descriptor: Int32, to target: SocketName, from source: SocketName
    ) -> Int {
        withUnsafeTemporaryAllocation(
            byteCount: mostBytes, alignment: MemoryLayout<Int>.alignment
        ) { control in
            let length = fill(control, with: source)
            return target.withSockaddr { name, nameLength in
                var part = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    message.msg_name = UnsafeMutableRawPointer(mutating: name)
                    message.msg_namelen = nameLength
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = length
                    return sendmsg(descriptor, &message, Int32(MSG_DONTWAIT))
                }
            }
        }
    }

    /// Returns the length with padding (CMSG_SPACE).
    private static func fill(_ control: UnsafeMutableRawBufferPointer, with source: SocketName) -> Int {
        control.initializeMemory(as: UInt8.self, repeating: 0)
        let isIPv6 = source.family == AF_INET6
        let information = isIPv6 ? 20 : 12
        control.storeBytes(of: headerBytes + information, as: Int.self)
        let level = MemoryLayout<Int>.size
        control.storeBytes(of: Int32(isIPv6 ? IPPROTO_IPV6 : IPPROTO_IP), toByteOffset: level, as: Int32.self)
        control.storeBytes(of: isIPv6 ? IPV6_PKTINFO : IP_PKTINFO, toByteOffset: level + 4, as: Int32.self)
        // in6_pktinfo begins with the address; in_pktinfo has the interface's index before it, 0 for any.
        let address = headerBytes + (isIPv6 ? 0 : 4)
        source.copyAddress(to: UnsafeMutableRawBufferPointer(rebasing: control[address...]))
        let word = MemoryLayout<Int>.size
        return (headerBytes + information + word - 1) / word * word
    }
}
