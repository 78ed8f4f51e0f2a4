// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage

extension TransportKind {
    /// RFC 3261 §19.1.2.
    var defaultPort: UInt16 { self == .tls || self == .wss ? 5061 : 5060 }
}

extension Flow {
    /// The way over a new connection to where the owner of `uri` listens, once the connection of this flow is gone.
    ///
    /// nil when a connection there cannot reach it: its host is not the address the peer was seen at (it sits behind NAT,
    /// or the host is a name), it asks for another transport, or it is a WebSocket client, which listens nowhere.
    /// Datagrams have no connection to lose and go back to where they came from.
    public func reopened(towards uri: SIPURI) -> Flow? {
        switch transport {
        case .udp: return self
        case .ws, .wss: return nil
        case .tcp, .tls: break
        }
        let wanted = uri.transport ?? transport.uriParameter
        guard wanted == transport.uriParameter || transport == .tls && wanted == "tcp",
            NumericHost.isSame(uri.host, address),
            let port = UInt16(exactly: uri.port ?? Int(transport.defaultPort)), port != 0
        else { return nil }
        var flow = self
        flow.connection = 0
        flow.port = port
        return flow
    }
}
