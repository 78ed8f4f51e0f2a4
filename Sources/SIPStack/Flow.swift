// SPDX-License-Identifier: AGPL-3.0-or-later

/// How a SIP message travels (RFC 3261 §18, RFC 7118 for WebSocket). The raw value is what stands in Via.
public enum TransportKind: String, Hashable, Sendable, Codable, CaseIterable {
    case udp = "UDP"
    case tcp = "TCP"
    case tls = "TLS"
    case ws = "WS"
    case wss = "WSS"

    /// True for streams: no retransmission timers on the way (RFC 3261 §17.1.1.2).
    public var isReliable: Bool { self != .udp }

    /// The `transport` URI parameter that leads a peer back over this transport; nil for UDP, the default.
    public var uriParameter: String? {
        switch self {
        case .udp: nil
        case .tcp: "tcp"
        case .tls: "tls"
        case .ws, .wss: "ws"
        }
    }
}

/// Where a message came from and where its answers go: a remote address seen through one of our
/// listeners; for streams, a connection.
public struct Flow: Hashable, Sendable, Codable {
    public var transport: TransportKind
    /// The numeric IP address of the remote end, IPv6 without brackets.
    public var address: String
    public var port: UInt16
    /// The index of our listening socket, the same as in `UserAgent.Configuration.listeners`.
    public var listener: Int
    /// The transport's number of a stream connection; 0 for datagrams, and for a stream that is to be
    /// opened if none is open.
    public var connection: UInt64
    /// The address of this machine that the peer sees, where the listener stands for all of them (`0.0.0.0`, `::`): on
    /// a machine with several networks each peer is told the address of its own. nil where the listener has one.
    public var localAddress: String?

    public init(
        transport: TransportKind, address: String, port: UInt16, listener: Int = 0,
        connection: UInt64 = 0, localAddress: String? = nil
    ) {
        self.transport = transport
        self.address = address
        self.port = port
        self.listener = listener
        self.connection = connection
        self.localAddress = localAddress
    }

    /// Transport and listener are left to `==`: there are few of either.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(address)
        hasher.combine(port)
        hasher.combine(connection)
    }
}

/// What one of our listeners calls itself in Via and Contact.
public struct ListenerIdentity: Hashable, Sendable {
    public var transport: TransportKind
    /// The advertised host: a name, an IPv4 address, or an IPv6 address in brackets.
    public var host: String
    public var port: UInt16
    /// The address it is bound to, without brackets; `0.0.0.0` or `::` for every address of the machine.
    public var bound: String
    /// Whether a flow's `localAddress` takes the place of `host`: bound to every address, and no other is advertised.
    public var followsFlow: Bool

    /// - Parameter bound: the host itself when nil.
    public init(
        transport: TransportKind, host: String, port: UInt16, bound: String? = nil, followsFlow: Bool = false
    ) {
        self.transport = transport
        self.host = host
        self.port = port
        self.bound = bound ?? NumericHost.bare(host)
        self.followsFlow = followsFlow
    }

    public var isIPv6: Bool { bound.contains(":") }

    /// Whether it stands for every address of the machine of its family.
    public var isWildcard: Bool { bound == "0.0.0.0" || bound == "::" }
}
