// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing

@Suite struct WritingTests {
    @Test func noValueCanBeginAnotherHeader() throws {
        let evil = "x\r\nEvil: 1\r\n\r\n\0"
        let address = NameAddress(
            displayName: evil,
            uri: SIPURI(
                user: evil, host: "h" + evil, parameters: [SIPParameter(evil, evil)], headers: [SIPHeader(evil, evil)]),
            parameters: [SIPParameter("p" + evil, evil)])
        for line in [
            SIPMessage.StartLine.request(SIPMethod(rawValue: "INVITE" + evil), address.uri),
            .response(status: 200, reason: evil),
        ] {
            let message = SIPMessage(
                startLine: line,
                vias: [Via(transport: evil, host: evil, parameters: [SIPParameter(evil, evil)])], from: address,
                to: address, callID: evil, cseq: CSeq(1, SIPMethod(rawValue: evil)), contacts: [address],
                routes: [address], recordRoutes: [address], contentType: evil, headers: [SIPHeader(evil, evil)])
            let text = String(decoding: message.serialize(), as: UTF8.self)
            #expect(!text.contains("\0"))
            let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
            #expect(!lines.contains { $0.hasPrefix("Evil") })
            // Start line, eleven headers, the empty line, and nothing behind it.
            #expect(lines.count == 14)
            #expect(lines.suffix(2) == ["", ""])
        }
    }

    @Test func contentLengthIsAlwaysTheBodysOwn() throws {
        var message = try SIPMessage.parse(Samples.invite)
        message.setHeader("Content-Length", "9999")
        message.headers.append(SIPHeader("l", "7"))
        message.body = Array("abc".utf8)
        let text = String(decoding: message.serialize(), as: UTF8.self)
        #expect(text.hasSuffix("Content-Length: 3\r\n\r\nabc"))
        #expect(!text.contains("9999"))
        #expect(!text.contains("l: 7"))
    }

    @Test func aResponseCopiesWhatTheStandardSays() throws {
        let request = try SIPMessage.parse(Samples.invite)
        let ringing = request.response(180, toTag: "b")
        #expect(ringing.startLine == .response(status: 180, reason: "Ringing"))
        #expect(ringing.vias == request.vias)
        #expect(ringing.from == request.from)
        #expect(ringing.to.tag == "b")
        #expect(ringing.callID == request.callID)
        #expect(ringing.cseq == request.cseq)
        #expect(ringing.recordRoutes == request.recordRoutes)
        #expect(ringing.contacts.isEmpty)
        #expect(ringing.headers.isEmpty)
        #expect(ringing.body.isEmpty)
        #expect(request.response(100, toTag: "b").to.tag == nil)
        #expect(request.response(486, toTag: "b").recordRoutes.isEmpty)
        #expect(request.response(486, reason: "No", toTag: "b").startLine == .response(status: 486, reason: "No"))
        var inDialog = request
        inDialog.to.tag = "kept"
        #expect(inDialog.response(200, toTag: "other").to.tag == "kept")
        var stamped = request
        stamped.setHeader("Timestamp", "54")
        #expect(stamped.response(100).header("Timestamp") == "54")
    }

    @Test func rportWithoutAndWithValueAreToldApart() {
        var via = Via(transport: "UDP", host: "h")
        #expect(via.rport == nil)
        via.rport = .requested
        #expect(via.description == "SIP/2.0/UDP h;rport")
        #expect(via.rport == .requested)
        via.rport = .port(5070)
        #expect(via.description == "SIP/2.0/UDP h;rport=5070")
        #expect(via.rport == .port(5070))
        #expect(via.sentProtocol == "SIP/2.0/UDP")
        via.received = "192.0.2.7"
        #expect(via.parameters.value(of: "received") == "192.0.2.7")
    }
}
