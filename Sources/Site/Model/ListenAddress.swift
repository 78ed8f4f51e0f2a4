// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where the switch listens for SIP: `udp:127.0.0.1:5060`, `tcp:[::1]:5060`.
public struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    public enum Transport: String, Hashable, Sendable, CaseIterable {
        case udp, tcp
    }

    public var transport: Transport
    public var address: IPAddress
    /// 0 lets the system choose, for tests.
    public var port: UInt16

    public init(transport: Transport, address: IPAddress, port: UInt16) {
        self.transport = transport
        self.address = address
        self.port = port
    }

    /// Reads `transport:address[:port]`; the port is 5060 when left out. nil when malformed.
    public init?(_ text: some StringProtocol) {
        guard let colon = text.firstIndex(of: ":"),
            let transport = Transport(rawValue: text[..<colon].lowercased()),
            let (host, port) = HostPort.split(text[text.index(after: colon)...]), let address = IPAddress(host)
        else { return nil }
        self.init(transport: transport, address: address, port: port ?? 5060)
    }

    /// The address as a SIP URI writes it, IPv6 in brackets.
    public var host: String { address.isIPv6 ? "[\(address)]" : address.description }
    public var description: String { "\(transport.rawValue):\(host):\(port)" }

    /// Whether both cannot be bound at once.
    public func overlaps(_ other: ListenAddress) -> Bool {
        guard transport == other.transport, port == other.port, port != 0 else { return false }
        return address == other.address
            || address.isIPv6 == other.address.isIPv6 && (address.isUnspecified || other.address.isUnspecified)
    }
}

enum HostPort {
    /// Splits `host`, `host:port`, `[v6]:port`; brackets stay off. nil when malformed.
    static func split(_ text: some StringProtocol) -> (host: String, port: UInt16?)? {
        let text = Substring(text)
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            let host = String(text[text.index(after: text.startIndex)..<close])
            let rest = text[text.index(after: close)...]
            if rest.isEmpty { return (host, nil) }
            guard rest.first == ":", let port = number(rest.dropFirst()) else { return nil }
            return (host, port)
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty, parts.count <= 2 else { return nil }
        guard parts.count == 2 else { return (String(host), nil) }
        guard let port = number(parts[1]) else { return nil }
        return (String(host), port)
    }

    private static func number(_ digits: Substring) -> UInt16? {
        digits.utf8.allSatisfy { (48...57).contains($0) } ? UInt16(digits) : nil
    }

    /// A DNS name (RFC 1123 §2.1) or an address.
    static func isHost(_ text: String) -> Bool {
        if IPAddress(text) != nil { return true }
        guard !text.isEmpty, text.utf8.count <= 253 else { return false }
        // An all-numeric last label would be a mistyped address.
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let last = labels.last, !last.utf8.allSatisfy({ (48...57).contains($0) }) else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.unicodeScalars.allSatisfy {
                    $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "-")
                }
        }
    }
}
