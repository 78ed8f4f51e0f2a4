// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc
internal import SIPStack

/// Sockets made and bound here rather than by NIO, for the system's own answer when it cannot be, and because
/// datagrams are sent on the descriptor directly (see `DatagramPort`).
struct BoundSocket {
    let descriptor: Int32
    let listen: ListenAddress

    /// - Parameter shared: other sockets of this process will bind the same port (SO_REUSEPORT).
    static func bind(
        _ listen: ListenAddress, shared: Bool, configuration: SIPTransport.Configuration
    ) throws(SIPTransportError) -> BoundSocket {
        guard let name = SocketName(address: listen.address, port: listen.port) else {
            throw .addressNotOfThisHost(listen)
        }
        let type = listen.transport == .udp ? SOCK_DGRAM : SOCK_STREAM
        let descriptor = socket(name.family, Int32(type.rawValue) | O_NONBLOCK | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw .system(listen, errno) }
        func failed() -> SIPTransportError {
            let code = errno
            _ = Glibc.close(descriptor)
            return .system(listen, code)
        }
        if name.family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        // On UDP, SO_REUSEADDR would let a second program take the port; on TCP it only passes over old connections.
        if listen.transport != .udp { set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) }
        if shared { set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
        let tos = Int32(configuration.differentiatedServices) << 2
        if name.family == AF_INET6 {
            set(descriptor, Int32(IPPROTO_IPV6), IPV6_TCLASS, tos)
        } else {
            set(descriptor, Int32(IPPROTO_IP), IP_TOS, tos)
        }
        if listen.transport == .udp {
            setBuffer(descriptor, SO_RCVBUFFORCE, SO_RCVBUF, configuration.receiveBufferBytes)
            setBuffer(descriptor, SO_SNDBUFFORCE, SO_SNDBUF, configuration.sendBufferBytes)
        }
        guard name.withSockaddr({ Glibc.bind(descriptor, $0, $1) }) == 0 else { throw failed() }
        if listen.transport != .udp {
            guard Glibc.listen(descriptor, 1_024) == 0 else { throw failed() }
        }
        guard let own = SocketName(ofSocket: descriptor) else { throw failed() }
        var actual = listen
        actual.port = own.port
        return BoundSocket(descriptor: descriptor, listen: actual)
    }

    /// One socket per wire loop on the same port.
    ///
    /// SO_REUSEPORT would silently share the port with a second switch of the same user, so a socket without it
    /// asks first whether the port is free. Between the two another program may slip in; it then shares or fails.
    static func bindShared(
        _ listen: ListenAddress, count: Int, configuration: SIPTransport.Configuration
    ) throws(SIPTransportError) -> [BoundSocket] {
        let first = try bind(listen, shared: false, configuration: configuration)
        if count == 1 { return [first] }
        first.close()
        var sockets: [BoundSocket] = []
        do {
            for _ in 0..<count {
                sockets.append(try bind(first.listen, shared: true, configuration: configuration))
            }
        } catch {
            for socket in sockets { socket.close() }
            throw error
        }
        return sockets
    }

    func close() { _ = Glibc.close(descriptor) }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        // A refused option leaves the system's default, which works too.
        _ = setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// `force` passes the system-wide maximum and needs CAP_NET_ADMIN.
    private static func setBuffer(_ descriptor: Int32, _ force: Int32, _ plain: Int32, _ bytes: Int) {
        var value = Int32(clamping: bytes)
        if setsockopt(descriptor, SOL_SOCKET, force, &value, socklen_t(MemoryLayout<Int32>.size)) != 0 {
            set(descriptor, SOL_SOCKET, plain, value)
        }
    }
}
