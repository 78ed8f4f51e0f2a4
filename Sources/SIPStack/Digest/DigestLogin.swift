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
        guard let challenge = OpenChallenge(response) else { return nil }
        return authorization(for: challenge, method: method, uri: uri, entropy: &entropy, count: count)
    }

    func authorization(
        for challenge: OpenChallenge, method: SIPMethod, uri: String, entropy: inout Entropy, count: UInt32
    ) -> SIPHeader {
        let digits = String(count, radix: 16)
        let quality =
            challenge.offersQuality
            ? DigestResponse.Quality(
                count: String(repeating: "0", count: max(0, 8 - digits.count)) + digits,
                clientNonce: entropy.token())
            : nil
        let response = DigestResponse(
            algorithm: challenge.algorithm, username: username, realm: challenge.realm, password: password,
            method: method.rawValue, uri: uri, nonce: challenge.nonce, quality: quality)
        var text = "Digest username=\(DigestFields.quoted(username)), realm=\(DigestFields.quoted(challenge.realm))"
        text += ", nonce=\(DigestFields.quoted(challenge.nonce)), uri=\(DigestFields.quoted(uri))"
        text += ", response=\"\(response.value)\", algorithm=\(challenge.algorithm.rawValue)"
        if let opaque = challenge.opaque { text += ", opaque=\(DigestFields.quoted(opaque))" }
        if let quality { text += ", qop=auth, nc=\(quality.count), cnonce=\"\(quality.clientNonce)\"" }
        return SIPHeader(challenge.isProxy ? "Proxy-Authorization" : "Authorization", text)
    }
}

/// A challenge we are able to answer.
struct OpenChallenge: Hashable, Sendable {
    var algorithm: DigestAlgorithm
    var realm: String
    var nonce: String
    var opaque: String?
    var offersQuality: Bool
    var isStale: Bool
    var isProxy: Bool

    /// The strongest one of a 401 or 407.
    init?(_ response: SIPMessage) {
        let isProxy = response.status == 407
        let name = isProxy ? "Proxy-Authenticate" : "WWW-Authenticate"
        let open = response.allHeaders(name).prefix(8).compactMap { OpenChallenge($0, isProxy: isProxy) }
        guard let best = open.first(where: { $0.algorithm == .sha256 }) ?? open.first else { return nil }
        self = best
    }

    private init?(_ text: String, isProxy: Bool) {
        guard let fields = DigestFields(text), let realm = fields["realm"], let nonce = fields["nonce"] else {
            return nil
        }
        let name = (fields["algorithm"] ?? "MD5").uppercased()
        guard let algorithm = DigestAlgorithm(rawValue: name) else { return nil }
        var offersQuality = false
        if let qop = fields["qop"] {
            let offers = qop.lowercased().split { $0 == "," || $0 == " " }
            guard offers.contains("auth") else { return nil }
            offersQuality = true
        }
        self.algorithm = algorithm
        self.realm = realm
        self.nonce = nonce
        self.opaque = fields["opaque"]
        self.offersQuality = offersQuality
        self.isStale = fields["stale"]?.lowercased() == "true"
        self.isProxy = isProxy
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
            let challenge = OpenChallenge(response), !tried.contains(challenge.nonce)
        else { return nil }
        let header = login.authorization(
            for: challenge, method: request.method, uri: uri.description, entropy: &entropy, count: 1)
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
