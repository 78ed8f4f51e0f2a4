// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// IP addresses as they stand in URIs and flows.
enum NumericHost {
    /// Without the brackets of IPv6.
    static func bare(_ host: String) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }

    /// As a URI or Via writes it: IPv6 in brackets.
    static func bracketed(_ address: String) -> String {
        address.contains(":") && !address.hasPrefix("[") ? "[\(address)]" : address
    }

    /// Whether a host of a URI is this address; a name never is.
    static func isSame(_ host: String, _ address: String) -> Bool {
        let host = bare(host)
        if host == address { return true }
        // IPv6 has many spellings.
        guard host.contains(":"), address.contains(":"), let one = ipv6(host), let other = ipv6(address) else {
            return false
        }
        return one == other
    }

    private static func ipv6(_ text: String) -> [UInt8]? {
        guard text.utf8.count <= 45, !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
    }
}
