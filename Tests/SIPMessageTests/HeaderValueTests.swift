// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing

/// Headers with a grammar of their own, by the examples of their RFCs.
@Suite struct HeaderValueTests {
    static func message(_ lines: String) throws -> SIPMessage {
        try SIPMessage.parse(
            Samples.wire(
                "REFER sip:a@b SIP/2.0\nVia: SIP/2.0/UDP h\nFrom: <sip:a@b>;tag=1\nTo: <sip:a@b>\nCall-ID: x\n"
                    + "CSeq: 1 REFER\n\(lines)\n\n"))
    }

    // MARK: Replaces

    @Test(arguments: [
        (
            "98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff",
            ReplacesHeader(callID: "98732@sip.example.com", toTag: "ff87ff", fromTag: "r33th4x0r")
        ),
        (
            "87134@192.0.2.23;to-tag=24796;from-tag=0",
            ReplacesHeader(callID: "87134@192.0.2.23", toTag: "24796", fromTag: "0")
        ),
        (
            "a\"b<c>:\\/[]?{}@h ; TO-TAG = 1 ;from-tag=2;Early-Only;x=\"a;b\"",
            ReplacesHeader(callID: "a\"b<c>:\\/[]?{}@h", toTag: "1", fromTag: "2", isEarlyOnly: true)
        ),
    ])
    func replacesIsReadAndWritten(text: String, expected: ReplacesHeader) {
        #expect(ReplacesHeader(text) == expected)
        #expect(ReplacesHeader(expected.headerValue) == expected)
    }

    @Test(arguments: [
        "", ";", "call", "call;to-tag=1", "call;from-tag=1", "call;to-tag=;from-tag=1", "call;to-tag;from-tag=1",
        "call;to-tag=1;from-tag=2;to-tag=3", "call;to-tag=1;from-tag=2, other;to-tag=1;from-tag=2",
        "one,two;to-tag=1;from-tag=2", "a b;to-tag=1;from-tag=2", "call;to-tag=\"1;from-tag=2", ";to-tag=1;from-tag=2",
        "call;to-tag=a b;from-tag=2", "call;to-tag=1;from-tag=2\r\nVia: x", "call;to-tag=1;from-tag=2\0",
        "call;to-tag=<1>;from-tag=2", "call;to-tag=1;from-tag=2;", "call;to-tag=1;from-tag=2;=x",
        "call;to-tag=1;from-tag=" + String(repeating: "2", count: 2_100),
        "call;to-tag=1;from-tag=2" + (0..<40).map { ";p\($0)" }.joined(),
    ])
    func brokenReplacesIsRefused(text: String) { #expect(ReplacesHeader(text) == nil) }

    @Test func replacesStandsOnceOrCountsForNothing() throws {
        let one = "Replaces: c;to-tag=1;from-tag=2"
        #expect(try Self.message("X: y").single(ReplacesHeader.self) == .absent)
        #expect(try Self.message(one).single(ReplacesHeader.self).value?.callID == "c")
        #expect(try Self.message(one + "\n" + one).single(ReplacesHeader.self) == .malformed)
        #expect(try Self.message("Replaces: c").single(ReplacesHeader.self) == .malformed)
    }

    // MARK: Refer-To

    @Test(arguments: [
        ("sip:alice@atlanta.example.com", "sip:alice@atlanta.example.com", "INVITE"),
        ("<sip:carol@cleveland.example.org;method=SUBSCRIBE>", "sip:carol@cleveland.example.org", "SUBSCRIBE"),
        ("\"C, D\" <sip:1@b;user=phone?Subject=a%20b>;x=y", "sip:1@b;user=phone", "INVITE"),
        ("<tel:+86-10-5555>", "tel:+86-10-5555", "INVITE"), ("http://www.ietf.org", "http://www.ietf.org", "INVITE"),
    ])
    func referToIsRead(text: String, target: String, method: String) throws {
        let header = try #require(ReferToHeader(text))
        #expect(header.target.description == target)
        #expect(header.method.rawValue == method)
        #expect(header.replaces == .absent)
        #expect(ReferToHeader(header.headerValue) == header)
    }

    @Test(arguments: [
        "", "*", "nobody", "<sip:a@b>, <sip:c@d>", "<sip:a@b>,", "sip:a@b;method=INVITE?Replaces=x>",
        "<sip:a@b>;x=<y>;z=>", "sip:a@b,sip:c@d", "<sip:a@b", "sip:a@b?Replaces=x",
        "<sip:a%00b@c>", "<sip:a@b?x=%0>", "<sip:a@b>\r\nVia: x",
        "<sip:a@" + String(repeating: "b", count: 2_100) + ">",
    ])
    func brokenReferToIsRefused(text: String) { #expect(ReferToHeader(text) == nil) }

    /// RFC 3515 §2.1 and RFC 5589 §7.
    @Test func referToCarriesAnEscapedReplaces() throws {
        let message = try Self.message(
            "r: <sip:dave@denver.example.org?Replaces=12345%40192.168.118.3%3Bto-tag%3D12345%3Bfrom-tag%3D5FFE-3994>")
        let header = try #require(message.single(ReferToHeader.self).value)
        let replaces = ReplacesHeader(callID: "12345@192.168.118.3", toTag: "12345", fromTag: "5FFE-3994")
        #expect(header.replaces == .one(replaces))
        #expect(header.target.description == "sip:dave@denver.example.org")
        let made = ReferToHeader(
            address: NameAddress(uri: try #require(SIPURI("sip:dave@denver.example.org"))), replacing: replaces)
        #expect(made == header)
        #expect(
            made.headerValue
                == "<sip:dave@denver.example.org?Replaces=12345%40192.168.118.3%3Bto-tag%3D12345%3Bfrom-tag%3D5FFE-3994>"
        )
        #expect(ReferToHeader(made.headerValue) == made)
    }

    @Test func everyCallIDSurvivesTheEscapesOfAURI() throws {
        for callID in ["a&b=c@h", "a%41b", "a?b@[2001:db8::1]", "x\"<>{}\\", "ü@h", "1:2/3+4"] {
            let replaces = ReplacesHeader(callID: callID, toTag: "t%41", fromTag: "f.g~", isEarlyOnly: true)
            let made = ReferToHeader(address: NameAddress(uri: SIPURI(user: "1", host: "h")), replacing: replaces)
            let read = try #require(ReferToHeader(made.headerValue), "\(made.headerValue)")
            #expect(read.replaces == .one(replaces))
        }
    }

    @Test(arguments: [
        "<sip:a@b?Replaces=c%3Bto-tag%3D1>", "<sip:a@b?Replaces=>",
        "<sip:a@b?Replaces=c%3Bto-tag%3D1%3Bfrom-tag%3D2&Replaces=c%3Bto-tag%3D1%3Bfrom-tag%3D2>",
        "<sip:a@b?Replaces=c%3Bto-tag%3D1%3Bfrom-tag%3D2%0d%0aVia:%20x>",
    ])
    func brokenReplacesInReferToIsSeen(text: String) throws {
        #expect(try #require(ReferToHeader(text)).replaces == .malformed)
    }

    // MARK: Referred-By, Refer-Sub

    @Test func referredByIsReadByEitherName() throws {
        let text = "<sip:referror@referror.example>;cid=\"20398823.2UWQFN309shb3@referror.example\""
        for name in ["Referred-By", "b"] {
            let header = try #require(Self.message("\(name): \(text)").single(ReferredByHeader.self).value)
            #expect(header.address.uri.description == "sip:referror@referror.example")
            #expect(header.headerValue == text)
        }
        #expect(ReferredByHeader("<sip:a@b>, <sip:c@d>") == nil)
    }

    @Test(arguments: [("true", true), ("FALSE ; x=y", false), ("no", nil), ("", nil), ("true, false", nil)])
    func referSub(text: String, expected: Bool?) { #expect(ReferSubHeader(text)?.isWanted == expected) }

    // MARK: Event, Subscription-State

    @Test(arguments: [
        ("dialog", EventHeader(package: "dialog")),
        ("refer;id=93809824", EventHeader(package: "refer", id: "93809824")),
        ("presence.winfo ; id=a", EventHeader(package: "presence", templates: ["winfo"], id: "a")),
        (
            "dialog;sla;call-id=\"x\\\"y;z\"",
            EventHeader(package: "dialog", parameters: [SIPParameter("sla"), SIPParameter("call-id", "x\"y;z")])
        ),
    ])
    func eventIsReadAndWritten(text: String, expected: EventHeader) throws {
        #expect(EventHeader(text) == expected)
        #expect(EventHeader(expected.headerValue) == expected)
        #expect(try Self.message("o: \(text)").single(EventHeader.self).value == expected)
    }

    @Test(arguments: [
        "", "dialog, presence", ".x", "dialog.", "a..b", "dia log", "dialog;id", "dialog;id=", "dialog;id=1;id=2",
        "dialog;id=\"a b\"", "\"dialog\"", "dialog;id=a b",
    ])
    func brokenEventIsRefused(text: String) { #expect(EventHeader(text) == nil) }

    /// RFC 6665 §8.2.1.
    @Test func eventsMatchByTypeAndId() {
        let plain = EventHeader(package: "dialog")
        #expect(plain.matches(EventHeader(package: "dialog", parameters: [SIPParameter("sla")])))
        #expect(!plain.matches(EventHeader(package: "Dialog")))
        #expect(!plain.matches(EventHeader(package: "dialog", id: "1")))
        #expect(!plain.matches(EventHeader(package: "dialog", templates: ["winfo"])))
    }

    @Test(arguments: [
        ("active;expires=600", SubscriptionStateHeader(.active, expires: 600)), ("Pending", .init(.pending)),
        ("terminated;reason=NoResource", .init(.terminated, reason: "noresource")),
        ("terminated;reason=probation;retry-after=30", .init(.terminated, reason: "probation", retryAfter: 30)),
        ("active;expires=99999999999", .init(.active, expires: .max)), ("active;expires=-1", .init(.active)),
    ])
    func subscriptionStateIsReadAndWritten(text: String, expected: SubscriptionStateHeader) {
        #expect(SubscriptionStateHeader(text) == expected)
        #expect(SubscriptionStateHeader(expected.headerValue) == expected)
    }

    @Test(arguments: ["", "over", "active, pending", "active;expires=1;expires=2", ";active"])
    func brokenSubscriptionStateIsRefused(text: String) { #expect(SubscriptionStateHeader(text) == nil) }

    // MARK: message/sipfrag

    @Test(arguments: [
        ("SIP/2.0 100 Trying", 100, "Trying"), ("SIP/2.0 200 OK\r\nServer: x\r\n", 200, "OK"),
        ("sip/2.0 603 Declined by user\r\n", 603, "Declined by user"), ("SIP/2.0 486 ", 486, ""),
        ("SIP/2.0 503", 503, ""),
    ])
    func statusFragmentIsRead(text: String, status: Int, reason: String) {
        let fragment = StatusFragment(Array(text.utf8))
        #expect(fragment?.status == status)
        #expect(fragment?.reason == reason)
    }

    @Test(arguments: [
        "", "\r\nSIP/2.0 200 OK", "SIP/2.0", "SIP/2.0 99 X", "SIP/2.0 700 X", "SIP/2.0 0200 OK", "SIP/2.0 +20 X",
        "HTTP/1.1 200 OK", "INVITE sip:a@b SIP/2.0", "SIP/2.0  200 OK",
        "SIP/2.0 200 " + String(repeating: "x", count: 600),
    ])
    func brokenStatusFragmentIsRefused(text: String) { #expect(StatusFragment(Array(text.utf8)) == nil) }

    @Test func statusFragmentIsOneLineWhateverTheReasonHolds() {
        #expect(StatusFragment(status: 180).bytes == Array("SIP/2.0 180 Ringing\r\n".utf8))
        #expect(StatusFragment(status: 486, reason: "a\r\nb").bytes == Array("SIP/2.0 486 a  b\r\n".utf8))
        #expect(StatusFragment.isType("Message/SIPfrag ; version=2.0"))
        #expect(!StatusFragment.isType("message/sip"))
        #expect(!StatusFragment.isType(nil))
    }

    @Test(arguments: [("3600", 3600), (" 0 ", 0), ("x", nil), ("-1", nil), ("4294967296", .max), ("", nil)])
    func expires(text: String, expected: UInt32?) throws {
        var message = try SIPMessage.parse(Samples.invite)
        message.headers.append(SIPHeader("Expires", text))
        #expect(message.expires == expected)
    }

    @Test func mutatedHeadersNeverTrapAndReadBackTheSame() {
        var random = SeededGenerator(seed: 3891)
        let bases = [
            "a@b;to-tag=1;from-tag=2;early-only", "presence.winfo;id=a;x=\"y\"",
            "terminated;reason=noresource;expires=1",
            "<sip:a@b;method=INVITE?Replaces=c%3Bto-tag%3D1%3Bfrom-tag%3D2>", "SIP/2.0 200 OK",
        ]
        let parts = [
            ";", ",", "\"", "\\", "%", "%00", "=", " ", "\r\n", "\0", "<", ">", "?", "&", "id=", "to-tag=", "é",
        ]
        var accepted = 0
        for round in 0..<20_000 {
            var text = bases[round % bases.count]
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let at = text.index(text.startIndex, offsetBy: Int.random(in: 0...text.count, using: &random))
                if Bool.random(using: &random) || at == text.endIndex {
                    text.insert(contentsOf: parts.randomElement(using: &random)!, at: at)
                } else {
                    text.remove(at: at)
                }
            }
            if let value = ReplacesHeader(text) { #expect(ReplacesHeader(value.headerValue) == value, "\(text)") }
            if let value = EventHeader(text) { #expect(EventHeader(value.headerValue) == value, "\(text)") }
            if let value = SubscriptionStateHeader(text) {
                #expect(SubscriptionStateHeader(value.headerValue) == value, "\(text)")
            }
            if let value = ReferToHeader(text) {
                accepted += 1
                #expect(ReferToHeader(value.headerValue) == value, "\(text)")
                _ = value.replaces
            }
            if let value = StatusFragment(Array(text.utf8)) { #expect(StatusFragment(value.bytes) == value, "\(text)") }
        }
        #expect(accepted > 100)
    }
}
