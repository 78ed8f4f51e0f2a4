// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// Whom to ask, as the machine's administrator has it: resolv.conf(5) and hosts(5). Read anew for each lookup, because
/// DHCP rewrites the one and people the other.
struct ResolverConfiguration: Hashable, Sendable {
    static let mostServers = 3
    static let mostDomains = 6
    private static let mostBytes = 1 << 20

    struct Server: Hashable, Sendable {
        var address: String
        var port: UInt16 = 53
    }

    var servers: [Server] = []
    /// Domains that a name without a dot may lie in.
    var domains: [String] = []
    /// By name, lower case.
    var hosts: [String: [String]] = [:]

    /// Without a readable resolv.conf the name server of this machine is asked, as resolv.conf(5) says.
    static func read(resolv: String = "/etc/resolv.conf", hosts: String = "/etc/hosts") -> ResolverConfiguration {
        var configuration = ResolverConfiguration(resolv: text(of: resolv), hosts: text(of: hosts))
        if configuration.servers.isEmpty { configuration.servers = [Server(address: "127.0.0.1")] }
        return configuration
    }

    init(resolv: String, hosts hostsText: String) {
        for line in resolv.split(whereSeparator: \.isNewline) {
            let words = Self.words(line.prefix { $0 != "#" && $0 != ";" })
            guard words.count > 1 else { continue }
            switch words[0] {
            case "nameserver":
                guard servers.count < Self.mostServers, DNSRecord.isAddress(Self.withoutZone(words[1])) else {
                    continue
                }
                servers.append(Server(address: words[1]))
            case "search", "domain":
                // The last one counts.
                domains = words.dropFirst().prefix(Self.mostDomains).map { $0.lowercased() }.filter { $0 != "." }
            default: break
            }
        }
        for line in hostsText.split(whereSeparator: \.isNewline) {
            let words = Self.words(line.prefix { $0 != "#" })
            guard words.count > 1, DNSRecord.isAddress(words[0]) else { continue }
            for name in words.dropFirst() {
                hosts[name.lowercased(), default: []].append(words[0])
            }
        }
    }

    init() {}

    /// The names that `host` may stand for, in the order they are tried.
    func candidates(for host: String) -> [String] {
        guard !host.contains("."), hosts[host] == nil else { return [host] }
        return domains.map { "\(host).\($0)" } + [host]
    }

    private static func words(_ line: Substring) -> [String] {
        line.split { $0 == " " || $0 == "\t" }.map(String.init)
    }

    private static func withoutZone(_ address: String) -> String { String(address.prefix { $0 != "%" }) }

    /// Empty when it cannot be read or is absurdly long.
    private static func text(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while bytes.count <= mostBytes {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
        return ""
    }
}
