// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Glibc
internal import Synchronization

/// The UDP ports of the engine, in pairs: RTP on the even one, RTCP on the odd one above. Shared by all shards;
/// used when legs open and close, never by media threads.
final class PortPool: Sendable {
    struct Pair: Sendable {
        var rtp: Int32
        var rtcp: Int32
        var port: UInt16
    }

    private let address: UInt32
    private let first: Int
    private let pairs: Int
    /// Next pair to try: round and round, so that a port rests before it is used again and late packets
    /// of an old call do not reach a new one.
    private let next = Mutex<Int>(0)

    init(address: String, ports: ClosedRange<UInt16>) throws(MediaError) {
        var binary = in_addr()
        guard inet_pton(AF_INET, address, &binary) == 1 else { throw .address(address) }
        self.address = binary.s_addr
        first = (Int(ports.lowerBound) + 1) / 2 * 2
        pairs = max(0, (Int(ports.upperBound) - first + 1) / 2)
    }

    /// Binds the next free pair.
    func open() throws(MediaError) -> Pair {
        for _ in 0..<pairs {
            let index = next.withLock { value in
                let taken = value
                value = (value + 1) % pairs
                return taken
            }
            let port = first + index * 2
            guard let rtp = try bind(port) else { continue }
            guard let rtcp = try bind(port + 1) else {
                close(rtp)
                continue
            }
            return Pair(rtp: rtp, rtcp: rtcp, port: UInt16(port))
        }
        throw .noFreePort
    }

    /// nil when the port is taken.
    private func bind(_ port: Int) throws(MediaError) -> Int32? {
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let handle = socket(AF_INET, type, 0)
        guard handle >= 0 else { throw .exhausted("sockets: \(String(cString: strerror(errno)))") }
        // Expedited forwarding (RFC 4594): telephony before other traffic.
        var service: Int32 = 0xB8
        setsockopt(handle, Int32(IPPROTO_IP), IP_TOS, &service, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(port).bigEndian
        name.sin_addr.s_addr = address
        let result = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result == 0 { return handle }
        let reason = errno
        close(handle)
        if reason == EADDRINUSE { return nil }
        throw .address(String(cString: strerror(reason)))
    }
}
