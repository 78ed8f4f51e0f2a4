// SPDX-License-Identifier: AGPL-3.0-or-later

extension Via {
    /// RFC 3581: a client asks with `;rport`, a server answers with `;rport=5060`.
    public enum RPort: Hashable, Sendable {
        /// `;rport` without a value.
        case requested
        case port(Int)
    }

    /// `SIP/2.0/UDP` and so on.
    public var sentProtocol: String { "SIP/2.0/" + transport }

    /// nil when absent or when its value is no port.
    public var rport: RPort? {
        get {
            guard let parameter = parameters.first(where: { $0.name.equalsIgnoringASCIICase("rport") }) else {
                return nil
            }
            guard let value = parameter.value, !value.isEmpty else { return .requested }
            guard let port = Int(value), (1...65_535).contains(port) else { return nil }
            return .port(port)
        }
        set {
            parameters.removeAll { $0.name.equalsIgnoringASCIICase("rport") }
            switch newValue {
            case nil: break
            case .requested: parameters.append(SIPParameter("rport"))
            case .port(let port): parameters.append(SIPParameter("rport", String(port)))
            }
        }
    }

    /// The address the request really came from (RFC 3261 §18.2.1), without brackets.
    public var received: String? {
        get {
            guard let value = parameters.value(of: "received") else { return nil }
            return value.hasPrefix("[") && value.hasSuffix("]") ? String(value.dropFirst().dropLast()) : value
        }
        set { parameters.setValue(newValue, of: "received") }
    }
}

extension Via: CustomStringConvertible {
    public var description: String {
        var writer = WireWriter([], reserving: 96)
        writer.via(self)
        return writer.text
    }
}
