// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Configuration
internal import Diagnostics

/// Reads `trunks.toml`.
struct TrunkSchema {
    /// Each trunk is tried by name in the dialplan; more than this is a slip.
    static let limit = 256

    private(set) var trunks: [Trunk] = []
    /// Of all trunks of the file, those with mistakes too: nobody wants to read that those are not there.
    private(set) var names: Set<String> = []
    /// Where each trunk's context is named, for the check against the dialplan.
    private(set) var contextSpots: [String: SourceLocation] = [:]
    /// Classes of music that trunks name.
    private(set) var musicSpots: [(name: String, spot: SourceLocation)] = []
    private let site: SiteSchema
    private let findings: Findings

    /// `root` is nil when the site has no such file: it has no trunks.
    init(_ root: ConfigurationNode?, site: SiteSchema, findings: Findings) {
        self.site = site
        self.findings = findings
        guard let root else { return }
        var reader = TableReader(root: root, findings: findings)
        for table in reader.tables("trunk") {
            guard trunks.count < TrunkSchema.limit else {
                findings.error(
                    table.spot,
                    Wording(en: "more than \(TrunkSchema.limit) trunks", zh: "中继超过 \(TrunkSchema.limit) 个"))
                break
            }
            read(table)
        }
        reader.finish()
    }

    private enum KindWord { case registers, peer }

    private mutating func read(_ table: TableReader) {
        var table = table
        let name = readName(&table)
        if !table.has("kind") { table.missing("kind") }
        let word = table.choice("kind", of: [("registers", KindWord.registers), ("peer", .peer)], default: .registers)
        let kind = word == .registers ? readRegistering(&table, name: name) : readPeer(&table)
        let context = table.string("context", maximumLength: 80)
        if context == nil, !table.has("context") { table.missing("context") }
        let keepAlive = table.duration("keep_alive", in: .zero...(.seconds(3600)), default: .seconds(60))
        var trunk = Trunk(
            name: name ?? "", kind: kind ?? .registers(user: ""),
            lines: table.integer("lines", in: 1...10_000, default: 4),
            context: context ?? "", entryExtension: table.string("extension", maximumLength: 80),
            language: table.choice(
                "language", of: SiteLanguage.allCases.map { ($0.rawValue, $0) }, default: site.language),
            outgoingNumber: Trunk.NumberRule(), incomingNumber: Trunk.NumberRule(),
            incomingCaller: Trunk.NumberRule(), callerID: .own,
            codecs: table.choices(
                "codecs", of: MediaCodec.allCases.map { ($0.rawValue, $0) }, default: site.media.codecs),
            keepAlive: keepAlive == .zero ? nil : keepAlive, spot: table.spot)
        trunk.mayTransfer = table.boolean("transfer", default: false)

        trunk.holdMusic = table.string("hold_music", maximumLength: 32)
        if let music = trunk.holdMusic { musicSpots.append((music, table.spot(of: "hold_music"))) }

        var outgoing = table.table("outgoing")
        trunk.outgoingNumber = readRule(&outgoing)
        trunk.callerID = readCallerID(&outgoing)
        outgoing.finish()
        var incoming = table.table("incoming")
        trunk.incomingNumber = readRule(&incoming)
        trunk.incomingCaller = readRule(&incoming, prefix: "caller_")
        incoming.finish()
        table.finish()

        guard let name, kind != nil else { return }
        contextSpots[name] = table.spot(of: "context")
        trunks.append(trunk)
    }

    // MARK: Parts

    private mutating func readName(_ table: inout TableReader) -> String? {
        guard let name = table.string("name", maximumLength: 32) else {
            if !table.has("name") { table.missing("name") }
            return nil
        }
        guard TableReader.isName(name) else {
            findings.error(
                table.spot(of: "name"),
                Wording(
                    en: "a trunk's name has letters, digits, hyphens and underscores and begins with a letter",
                    zh: "中继名称由字母、数字、连字符和下划线组成，以字母开头"))
            return nil
        }
        if let other = trunks.first(where: { $0.name.lowercased() == name.lowercased() }) {
            findings.error(
                table.spot(of: "name"),
                Wording(
                    en: "trunk \"\(name)\" is defined twice, first in line \(other.spot.line)",
                    zh: "中继 \"\(name)\" 重复定义，首次在第 \(other.spot.line) 行"))
            return nil
        }
        names.insert(name)
        return name
    }

    private func readRegistering(_ table: inout TableReader, name: String?) -> Trunk.Kind? {
        let user = table.string("user", maximumLength: 32) ?? name
        guard let user else { return nil }
        guard TableReader.isName(user) || user.utf8.allSatisfy({ (48...57).contains($0) }) && !user.isEmpty else {
            findings.error(
                table.spot(of: "user"),
                Wording(
                    en: "\"user\" must have letters, digits, hyphens and underscores",
                    zh: "\"user\" 由字母、数字、连字符和下划线组成"))
            return nil
        }
        if let other = trunks.first(where: { $0.user == user }) {
            findings.error(
                table.spot(of: "user"),
                Wording(
                    en: "trunk \"\(other.name)\" registers as \"\(user)\" already",
                    zh: "中继 \"\(other.name)\" 已用 \"\(user)\" 注册"))
            return nil
        }
        return .registers(user: user)
    }

    private func readPeer(_ table: inout TableReader) -> Trunk.Kind? {
        var peer = Trunk.Peer(addresses: [], host: "", port: nil, transport: .udp)
        if let host = table.string("host") {
            if let (name, port) = HostPort.split(host), HostPort.isHost(name) {
                peer.host = IPAddress(name)?.description ?? name
                peer.port = port
            } else {
                reportHost(host, table.spot(of: "host"), findings)
            }
        } else if !table.has("host") {
            table.missing("host")
        }
        peer.transport = table.choice(
            "transport", of: ListenAddress.Transport.allCases.map { ($0.rawValue, $0) }, default: .udp)
        for (text, spot) in table.strings("addresses") ?? [] {
            if let block = readBlock(text, spot) { peer.addresses.append(block) }
        }
        if peer.addresses.isEmpty, !table.has("addresses"), let address = IPAddress(peer.host) {
            peer.addresses = [AddressBlock(address)]
        }
        return peer.host.isEmpty ? nil : .peer(peer)
    }

    private func readBlock(_ text: String, _ spot: SourceLocation) -> AddressBlock? {
        do throws(AddressBlock.Mistake) {
            let block = try AddressBlock(text)
            for trunk in trunks {
                guard case .peer(let other) = trunk.kind, other.addresses.contains(block) else { continue }
                findings.error(
                    spot,
                    Wording(
                        en: "\"\(block)\" belongs to trunk \"\(trunk.name)\" already",
                        zh: "\"\(block)\" 已属于中继 \"\(trunk.name)\""))
                return nil
            }
            return block
        } catch {
            let example = Wording(
                en: "write \"192.0.2.10\" or \"192.0.2.0/24\"", zh: "写成 \"192.0.2.10\" 或 \"192.0.2.0/24\"")
            switch error {
            case .notAnAddress:
                findings.error(
                    spot,
                    Wording(en: "\"\(text)\" is not an IP address or block", zh: "\"\(text)\" 不是 IP 地址或地址段"),
                    hint: example)
            case .badPrefixLength:
                findings.error(
                    spot,
                    Wording(en: "the prefix length of \"\(text)\" is out of range", zh: "\"\(text)\" 的前缀长度超出范围"),
                    hint: example)
            case .bitsBehindPrefix(let meant):
                findings.error(
                    spot,
                    Wording(
                        en: "\"\(text)\" has bits set behind its prefix", zh: "\"\(text)\" 在前缀之后还有非零位"),
                    hint: Wording(en: "did you mean \"\(meant)\"?", zh: "是否想写 \"\(meant)\"？"))
            }
            return nil
        }
    }

    private func readRule(_ table: inout TableReader, prefix: String = "") -> Trunk.NumberRule {
        let strip = table.integer(prefix + "strip", in: 0...32, default: 0)
        let prepend = table.string(prefix + "prepend", maximumLength: 32) ?? ""
        guard prepend.allSatisfy({ TrunkSchema.isDialable($0) }) else {
            findings.error(
                table.spot(of: prefix + "prepend"),
                Wording(
                    en: "\"\(prefix)prepend\" may hold digits, *, # and + only",
                    zh: "\"\(prefix)prepend\" 只能含数字、*、# 和 +"))
            return Trunk.NumberRule(strip: strip)
        }
        return Trunk.NumberRule(strip: strip, prepend: prepend)
    }

    private func readCallerID(_ table: inout TableReader) -> Trunk.CallerID {
        guard let text = table.string("caller_id", maximumLength: 32) else { return .own }
        switch text {
        case "own": return .own
        case "none": return .none
        case _ where !text.isEmpty && text.allSatisfy({ TrunkSchema.isDialable($0) }): return .number(text)
        default:
            findings.error(
                table.spot(of: "caller_id"),
                Wording(
                    en: "\"caller_id\" must be \"own\", \"none\" or a number",
                    zh: "\"caller_id\" 应为 \"own\"、\"none\" 或号码"))
            return .own
        }
    }

    private static func isDialable(_ character: Character) -> Bool { "0123456789*#+".contains(character) }
}
