// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPStack

/// Where to listen: a transport, an address of this host as a number, and a port.
///
/// Written `udp:127.0.0.1:5060`, `tcp:[::1]:5060`; without a port 5060 (RFC 3261 §19.1.2). Port 0 lets the
/// system choose; `0.0.0.0` and `[::]` stand for every address of the host of that family.
public struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    public var transport: TransportKind
    /// Dotted IPv4, or IPv6 without brackets.
    public var address: String
    public var port: UInt16

    /// nil unless `transport` is UDP or TCP and `address` an IPv4 or IPv6 number.
    public init?(transport: TransportKind, address: String, port: UInt16) {
        guard transport == .udp || transport == .tcp else { return nil }
        guard SocketName(address: address, port: port) != nil else { return nil }
        self.transport = transport
        self.address = address
        self.port = port
    }

    /// nil when `text` is not `transport:address[:port]`; host names are not looked up.
    public init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let transport: TransportKind
        switch text[..<colon].lowercased() {
        case "udp": transport = .udp
        case "tcp": transport = .tcp
        default: return nil
        }
        let rest = text[text.index(after: colon)...]
        let address: Substring
        let tail: Substring
        if rest.hasPrefix("[") {
            guard let close = rest.firstIndex(of: "]") else { return nil }
            address = rest[rest.index(after: rest.startIndex)..<close]
            tail = rest[rest.index(after: close)...]
            guard address.contains(":") else { return nil }
        } else {
            let end = rest.firstIndex(of: ":") ?? rest.endIndex
            address = rest[..<end]
            tail = rest[end...]
        }
        var port: UInt16 = 5060
        if !tail.isEmpty {
            let digits = tail.dropFirst()
            guard tail.first == ":", digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = UInt16(digits)
            else { return nil }
            port = number
        }
        self.init(transport: transport, address: String(address), port: port)
    }

    /// The form `init(_:)` reads.
    public var description: String {
        let host = address.contains(":") ? "[\(address)]" : address
        return "\(transport.rawValue.lowercased()):\(host):\(port)"
    }

    /// Whether it stands for every address of the host.
    public var isWildcard: Bool { address == "0.0.0.0" || address == "::" }
}

extension SIPTransport {
    /// For files that know another `ListenAddress` too: the module and the class share a name, so the module cannot
    /// qualify it.
    public typealias Address = ListenAddress
}

/// A listener as it came to be: `Flow.listener` is its `index`.
public struct BoundListener: Hashable, Sendable {
    public var index: Int
    /// With the port the system chose when 0 was asked for.
    public var listen: ListenAddress

    public init(index: Int, listen: ListenAddress) {
        self.index = index
        self.listen = listen
    }
}
