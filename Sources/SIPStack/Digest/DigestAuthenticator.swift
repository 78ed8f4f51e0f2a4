// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
public import Timing

/// The server's side of digest authentication (RFC 7616, RFC 2617, RFC 8760): SHA-256 and MD5, `qop=auth`.
///
/// A nonce carries its time of issue under an HMAC, so nothing is kept for challenges nobody answers. Kept is
/// the last `nc` of nonces that were answered rightly, in a table of bounded size; what falls out of it makes
/// older nonces stale, never replayable.
public struct DigestAuthenticator: Sendable {
    /// What a request has shown.
    public enum Verdict: Hashable, Sendable {
        case accepted(username: String)
        /// Answer 401 (407 for a proxy) with these headers. `stale` means that the password was right and only the
        /// nonce too old.
        case challenge(headers: [SIPHeader], stale: Bool)
        case refused(Refusal)
    }

    public enum Refusal: Hashable, Sendable {
        /// No such user, or not his password; the two are not told apart outside. Answer 403, or challenge again
        /// with `challengeHeaders`.
        case wrongPassword(username: String)
        /// An answer outside the grammar, or with an algorithm or `qop` that was not offered.
        case malformed
    }

    public let realm: String
    public let nonceLifetime: Duration
    /// Offered in this order, and alone taken. Some phones fail on a challenge they do not know instead of taking the
    /// next (RFC 8760 §2.4 notwithstanding): baresip 1.0 and SIPp want MD5 alone.
    public let algorithms: [DigestAlgorithm]
    /// Whether an answer without `qop` is taken, as RFC 2069 phones give it. It can be replayed while its nonce lives.
    public var acceptsWithoutQuality = true
    private let secret: [UInt8]
    private var entropy: Entropy
    private var uses: NonceUses

    /// - Parameter algorithms: `SHA-256` and `MD5` by name; others are left out.
    public init(
        realm: String, entropy: Entropy, algorithms: [String] = ["SHA-256", "MD5"],
        nonceLifetime: Duration = .seconds(300), maxTrackedNonces: Int = 20_000
    ) {
        self.realm = realm
        self.algorithms = algorithms.compactMap { DigestAlgorithm(named: $0) }.filter { $0 == .sha256 || $0 == .md5 }
        self.nonceLifetime = nonceLifetime
        self.entropy = entropy
        var secret: [UInt8] = []
        for _ in 0..<4 { withUnsafeBytes(of: self.entropy.next()) { secret += $0 } }
        self.secret = secret
        uses = NonceUses(capacity: maxTrackedNonces)
    }

    /// Judges a request. `password` gives the password of a user, nil for one unknown.
    ///
    /// - Parameter proxy: reads Proxy-Authorization and challenges for 407.
    public mutating func check(
        _ request: SIPMessage, password: (String) -> String?, now: Instant, proxy: Bool = false
    ) -> Verdict {
        let header = proxy ? "Proxy-Authorization" : "Authorization"
        let texts = request.allHeaders(header).prefix(8)
        guard !texts.isEmpty else {
            return .challenge(headers: challengeHeaders(now: now, proxy: proxy), stale: false)
        }
        let offered = texts.compactMap { DigestCredentials($0) }
        guard !offered.isEmpty else { return .refused(.malformed) }
        guard let answer = offered.first(where: { $0.realm == realm }) else {
            return .challenge(headers: challengeHeaders(now: now, proxy: proxy), stale: false)
        }
        guard isWellFormed(answer, for: request) else { return .refused(.malformed) }
        guard let issued = timeOfIssue(answer.nonce) else {
            // Not a nonce of ours; after a restart every nonce is one.
            return .challenge(headers: challengeHeaders(now: now, proxy: proxy, stale: true), stale: true)
        }
        // An unknown user costs what a known one does, so that time does not tell which names exist.
        let known = password(answer.username)
        guard isRight(answer, method: request.method, password: known ?? answer.nonce), known != nil else {
            return .refused(.wrongPassword(username: answer.username))
        }
        let age = issued.duration(to: now)
        guard age >= .zero, age <= nonceLifetime,
            uses.take(
                answer.nonce, issued: issued, count: answer.nonceCount, isOld: { $0.duration(to: now) > nonceLifetime })
        else {
            return .challenge(headers: challengeHeaders(now: now, proxy: proxy, stale: true), stale: true)
        }
        return .accepted(username: answer.username)
    }

    /// A fresh challenge, a header for each algorithm (RFC 8760 §2.3), all with one nonce.
    public mutating func challengeHeaders(now: Instant, proxy: Bool = false, stale: Bool = false) -> [SIPHeader] {
        let nonce = makeNonce(now)
        return algorithms.map { algorithm in
            let challenge = DigestChallenge(realm: realm, nonce: nonce, algorithm: algorithm, isStale: stale)
            return SIPHeader(proxy ? "Proxy-Authenticate" : "WWW-Authenticate", challenge.headerValue)
        }
    }

    /// An algorithm and a `qop` we offered. Without `qop` an answer could be used again for another address, so
    /// its `uri` has to be that of the request; with it the count sees to that, and proxies may rewrite.
    private func isWellFormed(_ answer: DigestCredentials, for request: SIPMessage) -> Bool {
        guard algorithms.contains(answer.algorithm) else { return false }
        guard answer.qop == nil else { return answer.qop == "auth" && (answer.nonceCount ?? 0) > 0 }
        guard acceptsWithoutQuality, let asked = request.requestURI else { return false }
        guard let uri = SIPURI(answer.uri) else { return false }
        return uri.user == asked.user && uri.host.equalsIgnoringASCIICase(asked.host)
    }

    private func isRight(_ answer: DigestCredentials, method: SIPMethod, password: String) -> Bool {
        let response = answer.response.lowercased()
        let small = DigestResponse(answer, method: method, password: password)
        let isSmall = equalsInConstantTime(small.value, response)
        let capital = DigestResponse(answer, method: method, password: password, hasCapitalCount: true)
        // How often the nonce was used is no secret, so neither is whether its digits hold letters.
        guard capital.quality != small.quality else { return isSmall }
        return equalsInConstantTime(capital.value, response) || isSmall
    }

    // MARK: Nonces

    /// 16 digits of time, 16 of chance, 32 of HMAC.
    private mutating func makeNonce(_ now: Instant) -> String {
        let time = String(UInt64(bitPattern: now.nanoseconds), radix: 16)
        let body = String(repeating: "0", count: 16 - time.utf8.count) + time + entropy.token()
        return body + seal(body)
    }

    private func seal(_ body: String) -> String { String(keyedHash(body, key: secret).prefix(32)) }

    private func timeOfIssue(_ nonce: String) -> Instant? {
        guard nonce.utf8.count == 64 else { return nil }
        let body = String(nonce.prefix(32))
        guard equalsInConstantTime(seal(body), String(nonce.dropFirst(32))),
            let time = UInt64(body.prefix(16), radix: 16)
        else { return nil }
        return Instant(nanoseconds: Int64(bitPattern: time))
    }
}

/// The last `nc` of every nonce in use. When full, the oldest half goes and takes the validity of every nonce
/// issued before its end with it.
struct NonceUses: Sendable {
    private var last: [String: (issued: Instant, count: UInt32)] = [:]
    private var horizon: Instant?
    let capacity: Int

    init(capacity: Int) { self.capacity = max(2, capacity) }

    var count: Int { last.count }

    /// Whether this use is a new one; remembers it. Without `nc` there is nothing to remember.
    mutating func take(_ nonce: String, issued: Instant, count: UInt32?, isOld: (Instant) -> Bool) -> Bool {
        guard let count else { return true }
        if let known = last[nonce] {
            guard count > known.count else { return false }
        } else {
            if let horizon, issued <= horizon { return false }
            if last.count >= capacity { shrink(isOld) }
        }
        last[nonce] = (issued, count)
        return true
    }

    private mutating func shrink(_ isOld: (Instant) -> Bool) {
        last = last.filter { !isOld($0.value.issued) }
        guard last.count > capacity / 2 else { return }
        let times = last.values.map(\.issued).sorted()
        let limit = times[times.count / 2]
        horizon = max(horizon ?? limit, limit)
        last = last.filter { $0.value.issued > limit }
    }
}
