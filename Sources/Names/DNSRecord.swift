// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// What is asked (RFC 1035 §4.1.2), class IN.
struct DNSQuestion: Hashable, Sendable {
    /// Lower case, without the final dot.
    var name: String
    var type: DNSRecord.Kind
}

/// A record of an answer (RFC 1035 §3.2, RFC 3596, RFC 2782).
struct DNSRecord: Hashable, Sendable {
    enum Kind: UInt16, Hashable, Sendable {
        case a = 1
        case cname = 5
        case aaaa = 28
        case srv = 33
    }

    enum Data: Hashable, Sendable {
        /// As a number: dotted IPv4, or IPv6 without brackets.
        case address(String)
        case alias(String)
        /// `target` is empty for the root: the service is not offered.
        case srv(priority: UInt16, weight: UInt16, port: UInt16, target: String)
    }

    var name: String
    var kind: Kind
    /// How long it may be kept. More than 2³¹ − 1 counts as 0 (RFC 2181 §8).
    var seconds: UInt32
    var data: Data

    var alias: String? {
        if case .alias(let name) = data { name } else { nil }
    }

    static func isAddress(_ text: String) -> Bool {
        guard text.utf8.count <= 45, !text.utf8.contains(0) else { return false }
        var room: (UInt64, UInt64) = (0, 0)
        return inet_pton(AF_INET, text, &room) == 1 || inet_pton(AF_INET6, text, &room) == 1
    }

    /// 4 or 16 bytes as text; nil for any other length.
    static func addressText(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, Array(bytes), &buffer, socklen_t(buffer.count)) != nil else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
