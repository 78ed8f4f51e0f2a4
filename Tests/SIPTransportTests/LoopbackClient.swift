// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// A plain blocking socket on 127.0.0.1, as a phone would have; reads give up after five seconds.
final class LoopbackClient {
    let descriptor: Int32
    private(set) var isOpen = true

    enum Kind { case udp, tcp }

    struct Failed: Error { var code: Int32 }

    /// - Parameter address: of the switch; on 127.0.0.0/8 the client is 127.0.0.1.
    init(_ kind: Kind, address: String = "127.0.0.1", port: UInt16? = nil) throws {
        let type = kind == .udp ? SOCK_DGRAM : SOCK_STREAM
        if address.contains(":") {
            descriptor = socket(AF_INET6, Int32(type.rawValue), 0)
            var limit = timeval(tv_sec: 5, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            var peer = sockaddr_in6()
            peer.sin6_family = sa_family_t(AF_INET6)
            peer.sin6_port = (port ?? 0).bigEndian
            inet_pton(AF_INET6, address, &peer.sin6_addr)
            let done = withUnsafePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
            guard done == 0 else { throw Failed(code: errno) }
            return
        }
        descriptor = socket(AF_INET, Int32(type.rawValue), 0)
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var own = LoopbackClient.name(0)
        let done = withUnsafePointer(to: &own) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, 16) }
        }
        guard done == 0 else { throw Failed(code: errno) }
        if let port {
            var peer = LoopbackClient.name(port)
            inet_pton(AF_INET, address, &peer.sin_addr)
            let done = withUnsafePointer(to: &peer) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, 16) }
            }
            guard done == 0 else { throw Failed(code: errno) }
        }
    }

    deinit { end() }

    func end() {
        if isOpen { close(descriptor) }
        isOpen = false
    }

    static func end(_ descriptor: Int32) { close(descriptor) }

    static func peerAddress(of descriptor: Int32) -> String? {
        var peer = sockaddr_in()
        var size: socklen_t = 16
        _ = withUnsafeMutablePointer(to: &peer) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &size) }
        }
        var text = [CChar](repeating: 0, count: 64)
        guard inet_ntop(AF_INET, &peer.sin_addr, &text, 64) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func name(_ port: UInt16) -> sockaddr_in {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return name
    }

    var port: UInt16 {
        var own = sockaddr_in()
        var size: socklen_t = 16
        _ = withUnsafeMutablePointer(to: &own) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return UInt16(bigEndian: own.sin_port)
    }

    func send(_ bytes: [UInt8]) {
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// One datagram, or what a stream holds; nil after five seconds, empty when the other end closed.
    func receive() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 70_000)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0 { return errno == ECONNRESET ? [] : nil }
        return Array(buffer[..<count])
    }

    /// A listening stream's next connection, as a descriptor.
    func listenAndAccept(_ body: () async throws -> Void) async throws -> Int32 {
        guard listen(descriptor, 4) == 0 else { throw Failed(code: errno) }
        try await body()
        return accept(descriptor, nil, nil)
    }
}

/// A message with what the transport looks at.
func message(callID: String, body: String = "", padding: Int = 0) -> [UInt8] {
    Array(
        """
        OPTIONS sip:switch@127.0.0.1 SIP/2.0\r
        Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1;rport\r
        X-Padding: \(String(repeating: "x", count: padding))\r
        Call-ID: \(callID)\r
        Content-Length: \(body.utf8.count)\r
        \r
        \(body)
        """.utf8)
}
