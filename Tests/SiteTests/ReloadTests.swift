// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Diagnostics
import Dialplan
import Site
import Testing

/// What a running switch takes over from a site that was changed, and what it says of the rest.
@Suite struct ReloadTests {
    private static let text = """
        name = "Test"
        language = "en"
        region = "cn"
        realm = "martlet"
        [sip]
        listen = ["udp:127.0.0.1:5060"]
        advertised_address = "203.0.113.5"
        digest = ["MD5"]
        minimum_expires = "1 min"
        maximum_expires = "1 h"
        sessions = 4000
        t1 = "500 ms"
        user_agent = "Martlet"
        [media]
        address = "127.0.0.1"
        advertised_address = "203.0.113.5"
        ports = [10000, 20000]
        rtp_timeout = "30 s"
        hold_timeout = "1 h"
        codecs = ["PCMA", "PCMU"]
        threads = 0
        [limits]
        calls = 1000
        calls_per_seat = 4
        calls_per_operator = 16
        call_duration = "4 h"
        ring_timeout = "1 min"
        registrations_per_seat = 8
        messages_per_second_per_source = 200
        failed_logins_per_minute = 30
        [recording]
        folder = "recordings"
        law = "a"
        channels = "mono"
        """

    private static func site(_ line: String = "", _ other: String = "") throws -> Site {
        var lines = text.split(separator: "\n").map(String.init)
        if !line.isEmpty {
            let index = try #require(lines.firstIndex(of: line), "\(line)")
            lines[index] = other
        }
        let load = SiteFolder(["site.toml": lines.joined(separator: "\n") + "\n"]).load()
        return try #require(load.site, "\(load.diagnostics.map { $0.text() })")
    }

    @Test(arguments: [
        ("region = \"cn\"", "region = \"us\"", "region"),
        ("realm = \"martlet\"", "realm = \"pbx\"", "realm"),
        ("listen = [\"udp:127.0.0.1:5060\"]", "listen = [\"udp:127.0.0.1:5062\"]", "[sip] listen"),
        (
            "advertised_address = \"203.0.113.5\"", "advertised_address = \"203.0.113.6\"",
            "[sip] advertised_address"
        ),
        ("digest = [\"MD5\"]", "digest = [\"SHA-256\", \"MD5\"]", "[sip] digest"),
        ("minimum_expires = \"1 min\"", "minimum_expires = 90", "[sip] minimum_expires, maximum_expires"),
        ("maximum_expires = \"1 h\"", "maximum_expires = \"2 h\"", "[sip] minimum_expires, maximum_expires"),
        ("sessions = 4000", "sessions = 400", "[sip] sessions"),
        ("t1 = \"500 ms\"", "t1 = \"1 s\"", "[sip] t1"),
        ("user_agent = \"Martlet\"", "user_agent = \"PBX\"", "[sip] user_agent"),
        ("address = \"127.0.0.1\"", "address = \"127.0.0.2\"", "[media] address"),
        ("ports = [10000, 20000]", "ports = [10000, 20002]", "[media] ports"),
        ("threads = 0", "threads = 2", "[media] threads"),
        ("registrations_per_seat = 8", "registrations_per_seat = 9", "[limits] registrations_per_seat"),
        (
            "messages_per_second_per_source = 200", "messages_per_second_per_source = 100",
            "[limits] messages_per_second_per_source"
        ),
        ("failed_logins_per_minute = 30", "failed_logins_per_minute = 3", "[limits] failed_logins_per_minute"),
        ("folder = \"recordings\"", "folder = \"calls\"", "[recording] folder"),
    ])
    func whatARunningSwitchIsBuiltOnIsKeptAndNamed(line: String, changed: String, name: String) throws {
        let running = try Self.site()
        let (site, pending) = try Self.site(line, changed).replacing(running)
        #expect(pending.map(\.name) == [name])
        // Once more changes nothing: what is in force is what was kept.
        #expect(try Self.site(line, changed).replacing(site).pending == pending)
        #expect(try Self.site().replacing(site).pending.isEmpty)
    }

    @Test(arguments: [
        ("name = \"Test\"", "name = \"Other\""), ("language = \"en\"", "language = \"zh\""),
        ("rtp_timeout = \"30 s\"", "rtp_timeout = 10"), ("hold_timeout = \"1 h\"", "hold_timeout = 60"),
        ("codecs = [\"PCMA\", \"PCMU\"]", "codecs = [\"PCMU\"]"), ("calls = 1000", "calls = 10"),
        ("calls_per_seat = 4", "calls_per_seat = 1"), ("calls_per_operator = 16", "calls_per_operator = 2"),
        ("call_duration = \"4 h\"", "call_duration = 60"), ("ring_timeout = \"1 min\"", "ring_timeout = 20"),
        ("law = \"a\"", "law = \"mu\""), ("channels = \"mono\"", "channels = \"stereo\""), ("", ""),
    ])
    func theRestIsTakenOverWithoutAWord(line: String, changed: String) throws {
        #expect(try Self.site(line, changed).replacing(Self.site()).pending.isEmpty)
    }

    @Test func whatIsTakenOverAndWhatIsKeptAreOfOneSite() throws {
        let running = try Self.site()
        let wanted = try #require(
            SiteFolder([
                "site.toml": "name = \"New\"\nrealm = \"pbx\"\n[media]\naddress = \"127.0.0.9\"\nrtp_timeout = 12\n"
            ]).load().site)
        let (site, _) = wanted.replacing(running)
        #expect(site.name == "New")
        #expect(site.media.rtpTimeout == .seconds(12))
        // Phones are told to send speech to where media listens, not to where the file wants it.
        #expect(site.media.address == running.media.address)
        #expect(site.realm == "martlet")
    }

    @Test func itIsSaidInBothLanguagesWithBothValues() throws {
        let (_, pending) = try Self.site("t1 = \"500 ms\"", "t1 = \"1 s\"").replacing(Self.site())
        let message = try #require(pending.first).message
        #expect(
            message.text(in: .english) == "site.toml: [sip] t1 = \"1 s\" takes a restart; till then it stays \"500 ms\""
        )
        #expect(message.text(in: .chinese) == "site.toml：[sip] t1 = \"1 s\" 需重启后生效，在此之前仍为 \"500 ms\"")
    }
}
