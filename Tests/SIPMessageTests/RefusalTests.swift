// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing

@Suite struct RefusalTests {
    private static func options(_ extra: String = "", line: String = "OPTIONS sip:a@b SIP/2.0", body: String = "")
        -> [UInt8]
    {
        Samples.wire(
            "\(line)\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\nFrom: <sip:a@b>;tag=1\nTo: <sip:a@b>\nCall-ID: x\n"
                + "CSeq: 1 OPTIONS\n\(extra)\n\(body)")
    }

    struct Refusal: Sendable, CustomStringConvertible {
        var description: String
        var bytes: [UInt8]
        var reason: SIPParseError.Reason
        var answer: Int?
        init(_ description: String, _ bytes: [UInt8], _ reason: SIPParseError.Reason, _ answer: Int?) {
            self.description = description
            self.bytes = bytes
            self.reason = reason
            self.answer = answer
        }
    }

    static let refusals: [Refusal] = [
        Refusal("negative Content-Length", options("Content-Length: -1\n"), .contentLength, 400),
        Refusal("huge Content-Length", options("Content-Length: 99999999999999999999\n"), .contentLength, 400),
        Refusal("body shorter than told", options("Content-Length: 5\n", body: "1234"), .contentLength, 400),
        Refusal("two Content-Lengths", options("Content-Length: 0\nl: 0\n"), .duplicateHeader, 400),
        Refusal("two Call-IDs", options("i: y\n"), .duplicateHeader, 400),
        Refusal("two Froms", options("f: <sip:x@y>;tag=2\n"), .duplicateHeader, 400),
        Refusal("two CSeqs", options("CSeq: 2 OPTIONS\n"), .duplicateHeader, 400),
        Refusal("two Max-Forwards", options("Max-Forwards: 1\nMax-Forwards: 1\n"), .duplicateHeader, 400),
        Refusal("Max-Forwards above 255", options("Max-Forwards: 256\n"), .scalarOutOfRange, 400),
        Refusal("NUL in a header", options("Subject: a\0b\n"), .malformedHeader, 400),
        Refusal("bell in a header", options("Subject: a\u{7}b\n"), .malformedHeader, 400),
        Refusal("bare CR in a header", options("Subject: a\rVia: b\n"), .malformedHeader, 400),
        Refusal("header without colon", options("Subject\n"), .malformedHeader, 400),
        Refusal("header name with a space", options("Sub ject: x\n"), .malformedHeader, 400),
        Refusal("version 7.0", options(line: "OPTIONS sip:a@b SIP/7.0"), .unsupportedVersion, 505),
        Refusal("CSeq of another method", options(line: "MESSAGE sip:a@b SIP/2.0"), .methodMismatch, 400),
        Refusal("unknown scheme", options(line: "OPTIONS mailto:a@b SIP/2.0"), .unsupportedScheme, 416),
        Refusal("scheme that begins with sip", options(line: "OPTIONS sipx:a@b SIP/2.0"), .unsupportedScheme, 416),
        Refusal(
            "long Request-URI", options(line: "OPTIONS sip:" + String(repeating: "a", count: 1_100) + "@b SIP/2.0"),
            .requestURITooLong, 414),
        Refusal("port above 65535", options(line: "OPTIONS sip:a@b:65536 SIP/2.0"), .scalarOutOfRange, 400),
        Refusal("escaped NUL", options(line: "OPTIONS sip:root%00x@b SIP/2.0"), .malformedStartLine, 400),
        Refusal("broken escape", options("Contact: <sip:root%0gx@b>\n"), .malformedHeader, 400),
        Refusal("line count", options(String(repeating: "X: y\n", count: 130)), .tooLarge, 513),
        Refusal(
            "comma count", options("Contact: " + String(repeating: "<sip:a@b>,", count: 260) + "<sip:a@b>\n"),
            .tooLarge,
            513),
        Refusal(
            "parameter count", options("Contact: <sip:a@b>" + String(repeating: ";a", count: 600) + "\n"), .tooLarge,
            513),
        Refusal("size", options(body: String(repeating: "a", count: 17_000)), .tooLarge, 513),
        Refusal("no end of headers", Array(options().dropLast(2)), .unterminated, 400),
        Refusal("cut in a line", Array(options().dropLast(5)), .unterminated, nil),
        Refusal("no To", Samples.wire("OPTIONS sip:a@b SIP/2.0\nVia: SIP/2.0/UDP h\n\n"), .missingHeader, nil),
        Refusal(
            "response with a broken Contact",
            Samples.wire(
                "SIP/2.0 200 OK\nVia: SIP/2.0/UDP h\nf: <sip:a@b>\nt: <sip:a@b>\ni: x\nCSeq: 1 BYE\nm: <sip:\n\n"),
            .malformedHeader, nil),
        Refusal(
            "status below 100", Samples.wire("SIP/2.0 099 X\nVia: SIP/2.0/UDP h\n\n"), .scalarOutOfRange, nil),
        Refusal(
            "ACK with a wrong CSeq",
            Samples.wire(
                "ACK sip:a@b SIP/2.0\nVia: SIP/2.0/UDP h\nf: <sip:a@b>\nt: <sip:a@b>\ni: x\nCSeq: 1 INVITE\n\n"),
            .methodMismatch, nil),
        Refusal("garbage", Array("hello\r\n\r\n".utf8), .malformedStartLine, nil),
        Refusal("keep-alive", Array("\r\n\r\n".utf8), .keepAlive, nil),
        Refusal("nothing", [], .keepAlive, nil),
    ]

    @Test(arguments: refusals)
    func isRefusedAndAnswered(refusal: Refusal) throws {
        let error = #expect(throws: SIPParseError.self) { try SIPMessage.parse(refusal.bytes) }
        #expect(error?.reason == refusal.reason, "\(error?.detail ?? "")")
        #expect(error?.answer?.status == refusal.answer)
        if let answer = error?.answer {
            #expect(answer.vias.first?.branch == "z9hG4bK1")
            #expect(answer.callID == "x")
            #expect(answer.to.tag != nil)
            let second = #expect(throws: SIPParseError.self) { try SIPMessage.parse(refusal.bytes) }
            #expect(second?.answer == answer, "a retransmission gets the same tag")
        }
    }

    @Test func aDatagramMayCarryMoreThanContentLength() throws {
        let message = try SIPMessage.parse(Self.options("Content-Length: 2\n", body: "1234"))
        #expect(message.body == Array("12".utf8))
        #expect(try SIPMessage.parse(Self.options(body: "1234")).body == Array("1234".utf8))
    }

    @Test func aStreamNeedsContentLength() {
        let error = #expect(throws: SIPParseError.self) { try SIPMessage.parse(Self.options(), limits: .stream) }
        #expect(error?.reason == .contentLength)
    }

    @Test func lineEndsBeforeTheStartLineAreSkipped() throws {
        #expect(try SIPMessage.parse(Array("\r\n\r\n".utf8) + Self.options()).callID == "x")
    }
}
