// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Configuration
internal import Diagnostics

/// What `site.toml` says, before it is joined with the other files.
struct SiteSchema {
    var name = "Martlet"
    var language = SiteLanguage.english
    var region = "us"
    var realm = "martlet"
    var sip = SIPSettings(
        listen: [
            ListenAddress(transport: .udp, address: IPAddress.loopback, port: 5060),
            ListenAddress(transport: .tcp, address: IPAddress.loopback, port: 5060),
        ], advertisedAddress: nil, digest: [.md5], registrationExpires: .seconds(60)...(.seconds(3600)),
        t1: .milliseconds(500), sessions: 4000, userAgent: "Martlet")
    var media = MediaSettings(
        address: IPAddress.loopback, advertisedAddress: nil, ports: 10000...20000, rtpTimeout: .seconds(30),
        holdTimeout: .seconds(3600), codecs: [.pcma, .pcmu], threads: 0)
    var limits = SiteLimits(
        calls: 1000, callsPerSeat: 4, callsPerOperator: 16, callDuration: .seconds(14_400), ringTimeout: .seconds(60),
        registrationsPerSeat: 8, messagesPerSecondPerSource: 200, failedLoginsPerMinute: 30)
    var recording = RecordingSettings(folder: "recordings", codec: .pcma, layout: .mono)
    var music = MusicSchema()

    /// Spots that later checks point at.
    var spots = Spots()

    struct Spots {
        var listen: [SourceLocation] = []
        var mediaPorts: SourceLocation?
    }

    /// Regions with tones of their own (ITU-T E.180 Supplement 2).
    static let regions = ["cn", "us", "uk"]
}

extension IPAddress {
    static var loopback: IPAddress { IPAddress(v4: 127, 0, 0, 1) }
}

extension SiteSchema {
    /// Reads the root of `site.toml`; what is left out or wrong keeps its default. `folder` is the site's.
    init(_ root: ConfigurationNode, folder: String, findings: Findings) {
        self.init()
        var reader = TableReader(root: root, findings: findings)
        name = reader.string("name", maximumLength: 80) ?? name
        language = reader.choice("language", of: SiteLanguage.allCases.map { ($0.rawValue, $0) }, default: language)
        region = reader.choice("region", of: SiteSchema.regions.map { ($0, $0) }, default: region)
        if let realm = reader.string("realm", maximumLength: 64) {
            if HostPort.isHost(realm) {
                self.realm = realm
            } else {
                findings.error(
                    reader.spot(of: "realm"),
                    Wording(
                        en: "\"realm\" must be a name such as \"pbx.example.com\": letters, digits, dots and hyphens",
                        zh: "\"realm\" 应为类似 \"pbx.example.com\" 的名称：字母、数字、点和连字符"))
            }
        }

        readSIP(reader.table("sip"))
        readMedia(reader.table("media"))
        readLimits(reader.table("limits"))
        readRecording(reader.table("recording"))
        music = MusicSchema(reader.table("music"), folder: folder)
        reader.finish()
    }

    private mutating func readSIP(_ table: TableReader) {
        var table = table
        if let texts = table.strings("listen", maximumCount: 16) {
            readListen(texts, table)
        }
        if let host = table.string("advertised_address") {
            if HostPort.isHost(host) {
                sip.advertisedAddress = IPAddress(host)?.description ?? host
            } else {
                reportHost(host, table.spot(of: "advertised_address"), table.findings)
            }
        }
        sip.digest = table.choices(
            "digest", of: SIPSettings.DigestAlgorithm.allCases.map { ($0.rawValue, $0) }, default: sip.digest)
        let least = table.duration(
            "minimum_expires", in: .seconds(10)...(.seconds(86_400)), default: sip.registrationExpires.lowerBound)
        let most = table.duration(
            "maximum_expires", in: .seconds(10)...(.seconds(604_800)), default: sip.registrationExpires.upperBound)
        if least <= most {
            sip.registrationExpires = least...most
        } else {
            table.findings.error(
                table.spot(of: table.has("minimum_expires") ? "minimum_expires" : "maximum_expires"),
                Wording(
                    en: "\"minimum_expires\" (\(DurationText.text(of: least))) is above \"maximum_expires\""
                        + " (\(DurationText.text(of: most)))",
                    zh: "\"minimum_expires\"（\(DurationText.text(of: least))）大于 \"maximum_expires\""
                        + "（\(DurationText.text(of: most))）"))
        }
        sip.t1 = table.duration("t1", in: .milliseconds(100)...(.seconds(5)), default: sip.t1)
        sip.sessions = table.integer("sessions", in: 2...100_000, default: sip.sessions)
        sip.userAgent = table.string("user_agent", maximumLength: 64) ?? sip.userAgent
        table.finish()
    }

    private mutating func readListen(_ texts: [(text: String, spot: SourceLocation)], _ table: TableReader) {
        var listen: [ListenAddress] = []
        for (text, spot) in texts {
            guard let address = ListenAddress(text) else {
                table.findings.error(
                    spot,
                    Wording(en: "\"\(text)\" is not an address to listen on", zh: "\"\(text)\" 不是有效的监听地址"),
                    hint: Wording(
                        en: "write \"udp:127.0.0.1:5060\", \"tcp:0.0.0.0:5060\" or \"udp:[::1]:5060\"",
                        zh: "写成 \"udp:127.0.0.1:5060\"、\"tcp:0.0.0.0:5060\" 或 \"udp:[::1]:5060\""))
                continue
            }
            if let other = listen.first(where: { $0.overlaps(address) }) {
                table.findings.error(
                    spot,
                    Wording(en: "\"\(text)\" overlaps \"\(other)\"", zh: "\"\(text)\" 与 \"\(other)\" 重叠"))
                continue
            }
            listen.append(address)
            spots.listen.append(spot)
        }
        if texts.isEmpty {
            table.findings.error(
                table.spot(of: "listen"), Wording(en: "\"listen\" must not be empty", zh: "\"listen\" 不能为空"))
        }
        if !listen.isEmpty { sip.listen = listen }
    }

    private mutating func readMedia(_ table: TableReader) {
        var table = table
        if let address = readAddress("address", &table) { media.address = address }
        if let address = readAddress("advertised_address", &table) { media.advertisedAddress = address }
        let ports = table.integerRange(
            "ports", in: 1024...65535, default: Int(media.ports.lowerBound)...Int(media.ports.upperBound))
        media.ports = UInt16(clamping: ports.lowerBound)...UInt16(clamping: ports.upperBound)
        if table.has("ports") { spots.mediaPorts = table.spot(of: "ports") }
        if ports.count < 4 {
            table.findings.error(
                table.spot(of: "ports"),
                Wording(
                    en: "\"ports\" must hold at least four ports, two for each leg of a call",
                    zh: "\"ports\" 至少要有四个端口：通话的每一方占两个"))
        }
        media.rtpTimeout = table.duration(
            "rtp_timeout", in: .seconds(1)...(.seconds(86_400)), default: media.rtpTimeout)
        media.holdTimeout = table.duration(
            "hold_timeout", in: .seconds(1)...(.seconds(86_400)), default: media.holdTimeout)
        media.codecs = table.choices("codecs", of: MediaCodec.allCases.map { ($0.rawValue, $0) }, default: media.codecs)
        media.threads = table.integer("threads", in: 0...64, default: media.threads)
        table.finish()
    }

    private mutating func readLimits(_ table: TableReader) {
        var table = table
        limits.calls = table.integer("calls", in: 1...50_000, default: limits.calls)
        limits.callsPerSeat = table.integer("calls_per_seat", in: 1...64, default: limits.callsPerSeat)
        limits.callsPerOperator = table.integer("calls_per_operator", in: 1...64, default: limits.callsPerOperator)
        limits.callDuration = table.duration(
            "call_duration", in: .seconds(10)...(.seconds(7 * 86_400)), default: limits.callDuration)
        limits.ringTimeout = table.duration(
            "ring_timeout", in: .seconds(1)...(.seconds(600)), default: limits.ringTimeout)
        limits.registrationsPerSeat = table.integer(
            "registrations_per_seat", in: 1...32, default: limits.registrationsPerSeat)
        limits.messagesPerSecondPerSource = table.integer(
            "messages_per_second_per_source", in: 1...1_000_000, default: limits.messagesPerSecondPerSource)
        limits.failedLoginsPerMinute = table.integer(
            "failed_logins_per_minute", in: 1...10_000, default: limits.failedLoginsPerMinute)
        table.finish()
    }

    private mutating func readRecording(_ table: TableReader) {
        var table = table
        if let folder = table.string("folder") {
            let steps = folder.split(separator: "/", omittingEmptySubsequences: false)
            if folder.hasPrefix("/") || steps.contains("..") || steps.contains("") || steps.contains(".") {
                table.findings.error(
                    table.spot(of: "folder"),
                    Wording(
                        en: "\"folder\" must lie within the data folder: a relative path without \"..\"",
                        zh: "\"folder\" 必须位于数据目录内：不含 \"..\" 的相对路径"))
            } else {
                recording.folder = folder
            }
        }
        recording.codec = table.choice("law", of: [("a", .pcma), ("mu", .pcmu)], default: recording.codec)
        recording.layout = table.choice(
            "channels", of: [("mono", .mono), ("stereo", .stereo)], default: recording.layout)
        table.finish()
    }

    private func readAddress(_ key: String, _ table: inout TableReader) -> IPAddress? {
        guard let text = table.string(key) else { return nil }
        if let address = IPAddress(text) { return address }
        table.findings.error(
            table.spot(of: key),
            Wording(
                en: "\"\(key)\" must be an IP address, \"\(text)\" is none", zh: "\"\(key)\" 应为 IP 地址，\"\(text)\" 不是"))
        return nil
    }
}

/// Reports a text that is neither a name nor an address.
func reportHost(_ text: String, _ spot: SourceLocation, _ findings: Findings) {
    findings.error(
        spot,
        Wording(
            en: "\"\(text)\" is neither a host name nor an IP address", zh: "\"\(text)\" 既不是主机名也不是 IP 地址"))
}
