// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
public import Timing

/// A name and a password we answer challenges with.
public struct DigestLogin: Hashable, Sendable {
    public var username: String
    public var password: String

    public init(username: String, password: String) {
        self.username = username
        self.password = password
    }

    /// The header that answers the strongest challenge of a 401 or 407 we can answer: SHA-256 before MD5,
    /// `qop=auth` or none. nil when there is none.
    ///
    /// - Parameters:
    ///   - uri: the Request-URI as it is written on the wire.
    ///   - count: how many requests this nonce has answered, this one included; from 1.
    public func authorization(
        for response: SIPMessage, method: SIPMethod, uri: String, entropy: inout Entropy, count: UInt32 = 1
    ) -> SIPHeader? {
        guard let challenge = DigestChallenge.strongest(of: response) else { return nil }
        let isProxy = response.status == 407
        let isQualified = !challenge.qop.isEmpty
        var credentials = DigestCredentials(
            username: username, realm: challenge.realm, nonce: challenge.nonce, uri: uri, response: "",
            algorithm: challenge.algorithm, cnonce: isQualified ? entropy.token() : nil, opaque: challenge.opaque,
            qop: isQualified ? "auth" : nil, nonceCount: isQualified ? count : nil)
        credentials.response = DigestResponse(credentials, method: method, password: password).value
        return SIPHeader(isProxy ? "Proxy-Authorization" : "Authorization", credentials.headerValue)
    }
}

extension DigestChallenge {
    /// The strongest challenge of a 401 or 407 we can answer: neither `-sess` nor `auth-int` alone.
    static func strongest(of response: SIPMessage) -> DigestChallenge? {
        let name = response.status == 407 ? "Proxy-Authenticate" : "WWW-Authenticate"
        let open = response.allHeaders(name).prefix(8).compactMap { DigestChallenge($0) }.filter {
            ($0.algorithm == .sha256 || $0.algorithm == .md5) && ($0.qop.isEmpty || $0.qop.contains("auth"))
        }
        return open.first { $0.algorithm == .sha256 } ?? open.first
    }
}

/// How far a login has come: each nonce is answered once, and only so many of them.
struct LoginProgress: Sendable {
    let login: DigestLogin
    private var tried: [String] = []

    /// Two challenges (a proxy's and the far end's) with one stale nonce each.
    private static let maxChallenges = 4

    init(_ login: DigestLogin) { self.login = login }

    /// The request again with an answer to the challenge, its number raised by one and its Via still the old
    /// one; nil when there is no use in trying. `sequence` is the number it gets.
    mutating func retry(
        _ request: SIPMessage, after response: SIPMessage, sequence: UInt32, entropy: inout Entropy
    ) -> SIPMessage? {
        guard let uri = request.requestURI, tried.count < Self.maxChallenges,
            let challenge = DigestChallenge.strongest(of: response), !tried.contains(challenge.nonce),
            let header = login.authorization(
                for: response, method: request.method, uri: uri.description, entropy: &entropy)
        else { return nil }
        // The same realm asking again without saying that the nonce was stale has refused the password.
        if !tried.isEmpty, !challenge.isStale, request.header(header.name) != nil { return nil }
        tried.append(challenge.nonce)
        var again = request
        again.setHeader(header.name, header.value)
        again.cseq.number = sequence
        return again
    }

    /// A request that was let through: the next one in the session may be challenged anew.
    mutating func succeeded() { tried.removeAll() }
}
