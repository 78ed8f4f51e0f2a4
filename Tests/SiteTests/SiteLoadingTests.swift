// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Configuration
import Dialplan
import Site
import Testing

@Suite("A right site is loaded as written")
struct SiteLoadingTests {
    private func site(_ changes: [String: String?] = [:], listen: [ListenAddress] = []) throws -> Site {
        let load = SiteFolder(changes).load(listen: listen)
        #expect(load.diagnostics.isEmpty, "\(load.diagnostics.map { $0.text() })")
        return try #require(load.site)
    }

    @Test("What the file leaves out is safe: this machine only")
    func safeDefaults() throws {
        let site = try site(["site.toml": ""])
        #expect(site.sip.listen.map(\.description) == ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"])
        #expect(site.media.address.isLoopback)
        #expect(site.limits.callsPerSeat == 4)
        #expect(site.limits.callsPerOperator == 16)
        #expect(site.media.rtpTimeout == .seconds(30))
    }

    @Test("The command line's addresses take the place of the file's")
    func listenOverride() throws {
        let address = try #require(ListenAddress("udp:127.0.0.1:0"))
        #expect(try site(listen: [address]).sip.listen == [address])
    }

    @Test("A seat of a row may differ, the rest of the row stays")
    func rowAndException() throws {
        let site = try site([
            "seats.toml": """
            [[seats]]
            first = 8001
            last = 8003
            name = "Desk {number}"
            language = "zh"
            calls = 2
            [[seat]]
            number = 8002
            name = "Operator"
            operator = true
            """
        ])
        #expect(site.seats.map(\.number) == ["8001", "8002", "8003"])
        #expect(site.seats.map(\.name) == ["Desk 8001", "Operator", "Desk 8003"])
        #expect(site.seats.map(\.calls) == [2, 16, 2])
        #expect(site.seats.map(\.language) == [.chinese, .chinese, .chinese])
        #expect(site.seat("8002")?.isOperator == true)
        #expect(site.seat("8004") == nil)
    }

    @Test("Numbers with leading zeros keep them")
    func leadingZeros() throws {
        let load = SiteFolder(["seats.toml": "[[seats]]\nfirst = \"0098\"\nlast = \"0101\"\n[[seat]]\nnumber = 8001"])
            .load()
        #expect(load.site?.seats.map(\.number) == ["0098", "0099", "0100", "0101", "8001"])
    }

    @Test("A call from an address belongs to the peer with the longest prefix, and to nobody else")
    func peers() throws {
        let site = try site([
            "trunks.toml": """
            [[trunk]]
            name = "wide"
            kind = "peer"
            host = "sip.example.com:5070"
            addresses = ["192.0.2.0/24", "2001:db8::/32"]
            context = "in"
            [[trunk]]
            name = "gateway"
            kind = "peer"
            host = "192.0.2.7"
            transport = "tcp"
            context = "in"
            keep_alive = 0
            [trunk.outgoing]
            strip = 1
            prepend = "0086"
            caller_id = "02155550000"
            """
        ])
        func owner(_ text: String) throws -> String? { site.trunk(from: try #require(IPAddress(text)))?.name }
        #expect(try owner("192.0.2.7") == "gateway")
        #expect(try owner("192.0.2.8") == "wide")
        #expect(try owner("::ffff:192.0.2.8") == "wide")
        #expect(try owner("2001:db8:1::5") == "wide")
        #expect(try owner("192.0.3.8") == nil)
        let gateway = try #require(site.trunk("gateway"))
        #expect(gateway.outgoingNumber.applied(to: "013800138000") == "008613800138000")
        #expect(gateway.outgoingNumber.applied(to: "") == "0086")
        #expect(gateway.callerID == .number("02155550000"))
        #expect(gateway.keepAlive == nil)
        guard case .peer(let peer) = try #require(site.trunk("wide")).kind else {
            Issue.record("not a peer")
            return
        }
        #expect(peer.host == "sip.example.com")
        #expect(peer.port == 5070)
    }

    @Test("A peer by name needs neither port nor addresses: DNS knows both")
    func namedPeer() throws {
        let site = try site([
            "trunks.toml": """
            [[trunk]]
            name = "gateway"
            kind = "peer"
            host = "sip.example.com"
            context = "in"
            """
        ])
        guard case .peer(let peer) = try #require(site.trunk("gateway")).kind else {
            Issue.record("not a peer")
            return
        }
        #expect(peer.port == nil)
        #expect(peer.addresses.isEmpty)
    }

    @Test("A code can be changed or turned off; others keep the module's")
    func features() throws {
        let site = try site(["features.toml": "[codes]\necho = \"*99\"\ntone = false"])
        #expect(site.feature(dialled: "*99")?.application == "Echo")
        #expect(site.feature(dialled: "*43") == nil)
        #expect(site.feature(dialled: "*431") == nil)
        #expect(site.feature(dialled: "*432")?.name == "readback")
    }

    @Test("Includes are read, patterns in order, and nothing outside the folder")
    func includes() throws {
        let folder = SiteFolder([
            "extensions.conf": "#include extra/*.conf\n" + SiteFolder.files["extensions.conf"]!,
            "extra/a.conf": "[one]\nexten => 1,1,Answer()", "extra/b.conf": "[two]\nexten => 2,1,Answer()",
        ])
        let load = folder.load()
        #expect(load.files.suffix(3) == ["extensions.conf", "extra/a.conf", "extra/b.conf"])
        #expect(load.site?.dialplan.context("two") != nil)
        for outside in ["../x.conf", "/etc/hostname"] {
            let load = SiteFolder([
                "extensions.conf": "#include \(outside)\n" + SiteFolder.files["extensions.conf"]!
            ]).load()
            #expect(load.site == nil)
        }
    }

    @Test("A mistake in an included file is told with that file's name")
    func includedMistake() {
        let told = SiteFolder.findings([
            "extensions.conf": "#include more.conf\n" + SiteFolder.files["extensions.conf"]!,
            "more.conf": "[more]\nexten => 1,1,Ansewr()",
        ])
        #expect(told == ["more.conf:2:14: error: unknown application 'Ansewr' (did you mean 'Answer'?)"])
    }

    @Test("The reference site has no mistake")
    func referenceSite() throws {
        let folder = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/Dialplans/default"
        let load = SiteLoader.load(folder: folder, offer: SiteFolder.offer)
        #expect(load.diagnostics.map { $0.text() } == [])
        let site = try #require(load.site)
        #expect(site.seats.count == 16)
        #expect(site.seat("8001")?.isOperator == true)
        #expect(site.trunk(registeringAs: "gateway")?.lines == 4)
        for address in site.sip.listen { #expect(address.address.isLoopback) }
        for dialled in ["0", "8001", "8016", "913800138000"] {
            #expect(
                site.dialplan.match(context: "seats", extension: dialled, callerID: nil)?.context != "unknown-number")
        }
        for dialled in ["8000", "8017", "5"] {
            #expect(
                site.dialplan.match(context: "seats", extension: dialled, callerID: nil)?.context == "unknown-number")
        }
        #expect(site.dialplan.canMatchMore(context: "from-gateway", extension: "8", callerID: nil))
        #expect(!site.dialplan.canMatchMore(context: "from-gateway", extension: "2", callerID: nil))
    }
}
