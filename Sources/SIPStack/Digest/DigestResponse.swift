// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage

/// The computation both sides do (RFC 7616 §3.4.1; without `qop` that of RFC 2069, as RFC 2617 §3.2.2.1 keeps it).
struct DigestResponse: Hashable, Sendable {
    var algorithm: DigestAlgorithm
    var username: String
    var realm: String
    var password: String
    var method: String
    var uri: String
    var nonce: String
    /// nil when the challenge had no `qop`.
    var quality: Quality?

    /// `qop=auth` and what belongs to it.
    struct Quality: Hashable, Sendable {
        /// Eight hexadecimal digits.
        var count: String
        var clientNonce: String
    }

    var value: String {
        let secret = algorithm.hex("\(username):\(realm):\(password)")
        let request = algorithm.hex("\(method):\(uri)")
        guard let quality else { return algorithm.hex("\(secret):\(nonce):\(request)") }
        return algorithm.hex("\(secret):\(nonce):\(quality.count):\(quality.clientNonce):auth:\(request)")
    }
}

extension DigestResponse {
    /// What the credentials' `response` has to be. `nc` is hashed as it was written, in small letters unless
    /// `hasCapitalCount`.
    init(_ credentials: DigestCredentials, method: SIPMethod, password: String, hasCapitalCount: Bool = false) {
        self.init(
            algorithm: credentials.algorithm, username: credentials.username, realm: credentials.realm,
            password: password, method: method.rawValue, uri: credentials.uri, nonce: credentials.nonce,
            quality: credentials.nonceCount.map { count in
                let digits = String(count, radix: 16, uppercase: hasCapitalCount)
                return Quality(
                    count: String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits,
                    clientNonce: credentials.cnonce ?? "")
            })
    }
}
