// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing

@Suite struct ReadingTests {
    @Test func everyFieldOfAnInviteIsRead() throws {
        let message = try SIPMessage.parse(Samples.invite)
        #expect(message.startLine == .request(.invite, try #require(SIPURI("sip:8002@192.0.2.1:5060;transport=udp"))))
        #expect(message.vias.map(\.transport) == ["UDP", "TCP", "TLS"])
        #expect(message.vias.map(\.host) == ["192.0.2.11", "[2001:db8::9]", "h.example.com"])
        #expect(message.vias.map(\.port) == [5060, 5061, nil])
        #expect(message.vias[0].rport == .requested)
        #expect(message.vias[0].branch == "z9hG4bK-4711-1-0")
        #expect(message.vias[1].received == "2001:db8::a")
        #expect(message.from.displayName == "Al \"the\" Ice")
        #expect(message.from.tag == "1928301774")
        #expect(message.to.displayName == nil)
        #expect(message.to.tag == nil)
        #expect(message.callID == "1-4711@192.0.2.11")
        #expect(message.cseq == CSeq(1, .invite))
        #expect(message.maxForwards == 70)
        #expect(message.contacts.map(\.uri.user) == ["8001"])
        #expect(message.contacts[0].parameters == [SIPParameter("expires", "60")])
        #expect(message.routes.map(\.uri.host) == ["p1.example.com", "p2.example.com"])
        #expect(message.routes[1].displayName == "P, two")
        #expect(message.recordRoutes.map(\.uri.host) == ["p3.example.com"])
        #expect(message.contentType == "application/sdp")
        #expect(
            message.headers == [
                SIPHeader("User-Agent", "phone 1.0"), SIPHeader("Allow", "INVITE, ACK, BYE"),
                SIPHeader("Supported", "replaces, timer"), SIPHeader("X-Account", "7"),
            ])
        #expect(message.body == Array("v=0\r\n".utf8))
    }

    @Test func compactNamesAndWildcardContactAreRead() throws {
        let message = try SIPMessage.parse(Samples.register)
        #expect(message.hasWildcardContact)
        #expect(message.contacts.isEmpty)
        #expect(message.callID == "reg-1")
        #expect(message.header("expires") == "0")
    }

    @Test func escapesAreUndoneOnReadingAndMadeOnWriting() throws {
        let message = try SIPMessage.parse(Samples.ringing)
        #expect(message.status == 180)
        #expect(message.vias[0].rport == .port(5060))
        #expect(message.to.displayName == "Bob Smith")
        #expect(message.to.uri.scheme == "tel")
        #expect(message.to.uri.user == "+86-10-5555")
        let uri = message.contacts[0].uri
        #expect(uri.user == "8002@home")
        #expect(uri.password == "pa:ss")
        #expect(uri.host == "[2001:db8::2]")
        #expect(uri.port == 5062)
        #expect(uri.parameters == [SIPParameter("ob"), SIPParameter("x", "\"y")])
        #expect(uri.headers == [SIPHeader("a", "b"), SIPHeader("c", "d e")])
        #expect(uri.description == "sips:8002%40home:pa%3Ass@[2001:db8::2]:5062;ob;x=%22y?a=b&c=d%20e")
    }

    @Test(arguments: Samples.all)
    func writingAndReadingAgainGivesTheSameValue(bytes: [UInt8]) throws {
        let message = try SIPMessage.parse(bytes)
        #expect(try SIPMessage.parse(message.serialize()) == message)
        #expect(try SIPMessage.parse(message.serialize(), limits: .stream) == message)
        var appended: [UInt8] = [1, 2]
        message.serialize(into: &appended)
        #expect(appended == [1, 2] + message.serialize())
    }

    @Test(arguments: [
        "o": "Event", "r": "Refer-To", "u": "Allow-Events", "b": "Referred-By", "x": "Session-Expires",
        "j": "Reject-Contact", "a": "Accept-Contact", "d": "Request-Disposition", "e": "Content-Encoding",
        "y": "Identity", "n": "Identity-Info", "k": "Supported", "s": "Subject", "S": "Subject", "q": "q",
    ])
    func compactHeaderNamesAreWrittenOut(compact: String, long: String) throws {
        let text = "OPTIONS sip:a@b SIP/2.0\nVia: SIP/2.0/UDP h\nFrom: <sip:a@b>;tag=1\nTo: <sip:a@b>\nCall-ID: x\n"
        let message = try SIPMessage.parse(Samples.wire(text + "CSeq: 1 OPTIONS\n\(compact): v\n\n"))
        #expect(message.headers == [SIPHeader(long, "v")])
    }

    @Test func foldedLinesAreJoined() throws {
        let text =
            "OPTIONS sip:a@b SIP/2.0\nVia: SIP/2.0/UDP h\n ;branch=1\nFrom: <sip:a@b>\n\t;tag=1\nTo: <sip:a@b>\n"
            + "Call-ID: x\nCSeq: 1\n OPTIONS\nSubject: one\n two\n\n"
        let message = try SIPMessage.parse(Samples.wire(text))
        #expect(message.vias[0].branch == "1")
        #expect(message.from.tag == "1")
        #expect(message.cseq.method == .options)
        #expect(message.header("Subject")?.split(separator: " ") == ["one", "two"])
    }
}
