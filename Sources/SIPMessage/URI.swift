// SPDX-License-Identifier: AGPL-3.0-or-later

/// A SIP, SIPS or TEL URI (RFC 3261 §19.1, RFC 3966), or another scheme kept as opaque text.
public struct SIPURI: Hashable, Sendable {
    /// Lower case: `sip`, `sips`, `tel`, or whatever else stood there.
    public var scheme: String
    /// Unescaped user part; for `tel` the number. nil when absent.
    public var user: String?
    /// Unescaped; nil when absent. Discouraged (RFC 3261 §19.1.1), kept so that what is forwarded stays the same.
    public var password: String?
    /// Lower-cased host, IPv6 with its brackets. Empty for `tel`; for schemes other than sip, sips and tel the whole
    /// rest of the URI.
    public var host: String
    public var port: Int?
    public var parameters: [SIPParameter]
    /// The `?name=value` part.
    public var headers: [SIPHeader]

    public init(
        scheme: String = "sip", user: String? = nil, host: String, port: Int? = nil,
        parameters: [SIPParameter] = [], headers: [SIPHeader] = []
    ) {
        self.scheme = scheme
        self.user = user
        self.host = host
        self.port = port
        self.parameters = parameters
        self.headers = headers
    }

    /// The `transport` parameter, lower case.
    public var transport: String? { parameters.value(of: "transport")?.lowercased() }
}
