// SPDX-License-Identifier: AGPL-3.0-or-later

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
