// SPDX-License-Identifier: AGPL-3.0-or-later

/// The value of WWW-Authenticate or Proxy-Authenticate (RFC 7616 §3.3, RFC 3261 §22.4).
public struct DigestChallenge: Hashable, Sendable {
    public var realm: String
    public var nonce: String
    public var opaque: String?
    /// ``DigestAlgorithm/md5`` when the header names none.
    public var algorithm: DigestAlgorithm
    /// What the server takes, e.g. `["auth", "auth-int"]`; empty for a server of RFC 2069.
    public var qop: [String]
    /// The credentials were right but their nonce is too old: try again without asking the user.
    public var isStale: Bool
    public var domain: String?

    public init(
        realm: String, nonce: String, opaque: String? = nil, algorithm: DigestAlgorithm = .md5,
        qop: [String] = ["auth"], isStale: Bool = false, domain: String? = nil
    ) {
        self.realm = realm
        self.nonce = nonce
        self.opaque = opaque
        self.algorithm = algorithm
        self.qop = qop
        self.isStale = isStale
        self.domain = domain
    }

    /// Reads a header value; nil when it is no digest, malformed, without realm or nonce, or of an unknown algorithm
    /// (such challenges are to be passed over, RFC 7616 §3.3).
    public init?(_ headerValue: String) {
        guard let fields = DigestFields(headerValue), let realm = fields["realm"], let nonce = fields["nonce"],
            let algorithm = DigestAlgorithm(named: fields["algorithm"] ?? "MD5")
        else { return nil }
        self.init(
            realm: realm, nonce: nonce, opaque: fields["opaque"], algorithm: algorithm,
            qop: (fields["qop"] ?? "").split(whereSeparator: { $0 == "," || $0 == " " }).map { $0.lowercased() },
            isStale: fields["stale"]?.lowercased() == "true", domain: fields["domain"])
    }

    public var headerValue: String {
        var writer = DigestWriter()
        writer.quoted("realm", realm)
        writer.quoted("domain", domain)
        writer.quoted("nonce", nonce)
        writer.quoted("opaque", opaque)
        if isStale { writer.token("stale", "TRUE") }
        writer.token("algorithm", algorithm.rawValue)
        if !qop.isEmpty { writer.quoted("qop", qop.joined(separator: ",")) }
        return writer.text
    }
}

/// The value of Authorization or Proxy-Authorization (RFC 7616 §3.4, RFC 3261 §22.4).
public struct DigestCredentials: Hashable, Sendable {
    public var username: String
    public var realm: String
    public var nonce: String
    /// The digest-uri as written; a server must compare it with the Request-URI.
    public var uri: String
    /// Hexadecimal.
    public var response: String
    public var algorithm: DigestAlgorithm
    public var cnonce: String?
    public var opaque: String?
    /// `auth` or `auth-int`; nil for the form of RFC 2069.
    public var qop: String?
    /// `nc`, how often the nonce was used; nil without qop.
    public var nonceCount: UInt32?

    public init(
        username: String, realm: String, nonce: String, uri: String, response: String,
        algorithm: DigestAlgorithm = .md5, cnonce: String? = nil, opaque: String? = nil, qop: String? = nil,
        nonceCount: UInt32? = nil
    ) {
        self.username = username
        self.realm = realm
        self.nonce = nonce
        self.uri = uri
        self.response = response
        self.algorithm = algorithm
        self.cnonce = cnonce
        self.opaque = opaque
        self.qop = qop
        self.nonceCount = nonceCount
    }

    /// Reads a header value; nil when it is no digest, malformed, lacks a mandatory field, names an unknown algorithm,
    /// or has qop without cnonce and an eight-digit nc.
    public init?(_ headerValue: String) {
        guard let fields = DigestFields(headerValue), let username = fields["username"], let realm = fields["realm"],
            let nonce = fields["nonce"], let uri = fields["uri"], let response = fields["response"],
            let algorithm = DigestAlgorithm(named: fields["algorithm"] ?? "MD5")
        else { return nil }
        let count = fields["nc"].flatMap { $0.utf8.count == 8 ? UInt32($0, radix: 16) : nil }
        let qop = fields["qop"]?.lowercased()
        guard qop == nil || (count != nil && fields["cnonce"] != nil) else { return nil }
        self.init(
            username: username, realm: realm, nonce: nonce, uri: uri, response: response, algorithm: algorithm,
            cnonce: fields["cnonce"], opaque: fields["opaque"], qop: qop, nonceCount: count)
    }

    public var headerValue: String {
        var writer = DigestWriter()
        writer.quoted("username", username)
        writer.quoted("realm", realm)
        writer.quoted("nonce", nonce)
        writer.quoted("uri", uri)
        writer.quoted("response", response)
        writer.token("algorithm", algorithm.rawValue)
        writer.quoted("cnonce", cnonce)
        writer.quoted("opaque", opaque)
        writer.token("qop", qop)
        if let nonceCount {
            let hex = String(nonceCount, radix: 16)
            writer.token("nc", String(repeating: "0", count: 8 - hex.count) + hex)
        }
        return writer.text
    }
}
