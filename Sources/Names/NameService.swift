// SPDX-License-Identifier: AGPL-3.0-or-later

/// A SIP server as a site names it: what has to be looked up before a message can go there (RFC 3263 §4).
public struct NameService: Hashable, Sendable, CustomStringConvertible {
    public enum Transport: String, Hashable, Sendable {
        case udp, tcp
    }

    /// A DNS name or an IP address, lower case, no brackets and no final dot.
    public var host: String
    /// nil: whatever the domain's SRV records say, else 5060.
    public var port: UInt16?
    public var transport: Transport

    public init(host: String, port: UInt16?, transport: Transport) {
        var host = host.lowercased()
        if host.hasSuffix(".") { host.removeLast() }
        self.host = host
        self.port = port
        self.transport = transport
    }

    public var description: String { "\(transport.rawValue):\(host)" + (port.map { ":\($0)" } ?? "") }

    /// Where its SRV records lie (RFC 3263 §4.2).
    var serviceName: String { "_sip._\(transport.rawValue).\(host)" }
}

/// One address to send to.
public struct ServerTarget: Hashable, Sendable, CustomStringConvertible {
    /// Without brackets.
    public var address: String
    public var port: UInt16

    public init(address: String, port: UInt16) {
        self.address = address
        self.port = port
    }

    public var isIPv6: Bool { address.contains(":") }
    public var description: String { isIPv6 ? "[\(address)]:\(port)" : "\(address):\(port)" }
}

/// Why a name leads nowhere.
public enum NameFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name does not exist, or has no address.
    case noSuchName(String)
    /// The domain says that it offers no such service: an SRV record with the target `.` (RFC 2782).
    case notOffered(String)
    /// No name server answered in time.
    case noAnswer(String)
    /// A name server refused or failed; its response code (RFC 1035 §4.1.1).
    case refused(String, code: Int)
    /// More questions wait than the resolver takes.
    case overloaded

    public var description: String {
        switch self {
        case .noSuchName(let name): "\(name) has no address"
        case .notOffered(let name): "\(name) says that it is not offered"
        case .noAnswer(let name): "no name server answers for \(name)"
        case .refused(let name, let code): "the name server fails for \(name) (code \(code))"
        case .overloaded: "too many names are being looked up"
        }
    }
}

/// Looks names up somewhere else than on the thread that asks. A simulated world gives its own.
public protocol NameResolving: Sendable {
    /// `done` is called once, on any thread.
    func resolve(
        _ service: NameService, done: @escaping @Sendable (Result<ServerList, NameFailure>) -> Void)
}

/// Knows no name: for worlds in which all peers are numbers.
public struct NoNames: NameResolving {
    public init() {}

    public func resolve(
        _ service: NameService, done: @escaping @Sendable (Result<ServerList, NameFailure>) -> Void
    ) {
        done(.failure(.noSuchName(service.host)))
    }
}
