// SPDX-License-Identifier: AGPL-3.0-or-later
internal import COpenSSL
internal import SIPMessage

extension DigestAlgorithm {
    /// The hash of the text's UTF-8 in lower-case hexadecimal.
    func hex(_ text: String) -> String {
        var text = text
        var out = [UInt8](repeating: 0, count: 32)
        let algorithm = self == .sha256 || self == .sha256Session ? COPENSSL_SHA256 : COPENSSL_MD5
        let length = text.withUTF8 { bytes in
            copenssl_digest(Int32(algorithm), bytes.baseAddress, bytes.count, &out)
        }
        return Hexadecimal.text(out.prefix(length))
    }
}

enum Hexadecimal {
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// HMAC-SHA-256 of the text under the key, lower-case hexadecimal.
func keyedHash(_ text: String, key: [UInt8]) -> String {
    var text = text
    var out = [UInt8](repeating: 0, count: 32)
    let length = text.withUTF8 { bytes in
        copenssl_hmac_sha256(key, key.count, bytes.baseAddress, bytes.count, &out)
    }
    return Hexadecimal.text(out.prefix(length))
}

/// Compares without telling by its duration where the difference is.
func equalsInConstantTime(_ a: String, _ b: String) -> Bool {
    let x = Array(a.utf8)
    let y = Array(b.utf8)
    guard x.count == y.count else { return false }
    var difference: UInt8 = 0
    for i in x.indices { difference |= x[i] ^ y[i] }
    return difference == 0
}
