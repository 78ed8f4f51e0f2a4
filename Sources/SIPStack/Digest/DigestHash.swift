// SPDX-License-Identifier: AGPL-3.0-or-later
internal import COpenSSL
internal import SIPMessage

extension DigestAlgorithm {
    /// The hash of the text's UTF-8 in lower-case hexadecimal.
    func hex(_ text: String) -> String {
        var text = text
        let algorithm = self == .sha256 || self == .sha256Session ? COPENSSL_SHA256 : COPENSSL_MD5
        return Hexadecimal.text { out in
            text.withUTF8 { copenssl_digest(Int32(algorithm), $0.baseAddress, $0.count, out) }
        }
    }
}

enum Hexadecimal {
    /// What `fill` writes of 32 bytes, as text; it returns how many it wrote.
    static func text(_ fill: (UnsafeMutablePointer<UInt8>) -> Int) -> String {
        let digits: StaticString = "0123456789abcdef"
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { bytes in
            guard let base = bytes.baseAddress else { return "" }
            let count = min(max(fill(base), 0), 32)
            return String(unsafeUninitializedCapacity: 2 * count) { text in
                for index in 0..<count {
                    text[2 * index] = digits.utf8Start[Int(bytes[index] >> 4)]
                    text[2 * index + 1] = digits.utf8Start[Int(bytes[index] & 15)]
                }
                return 2 * count
            }
        }
    }
}

/// HMAC-SHA-256 of the text under the key, lower-case hexadecimal.
func keyedHash(_ text: String, key: [UInt8]) -> String {
    var text = text
    return Hexadecimal.text { out in
        text.withUTF8 { copenssl_hmac_sha256(key, key.count, $0.baseAddress, $0.count, out) }
    }
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
