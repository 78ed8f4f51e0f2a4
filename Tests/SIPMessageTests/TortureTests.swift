// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing

/// The cases of RFC 4475 by their names there, with what this reader makes of them.
struct TortureCase: Sendable, CustomTestStringConvertible {
    enum Verdict: Sendable {
        case reads(@Sendable (SIPMessage) -> Bool)
        /// The reason, and the status of the answer, nil for silence.
        case refused(SIPParseError.Reason, Int?)
    }

    var name: String
    var verdict: Verdict
    var wire: [UInt8]
    var testDescription: String { name }

    init(_ name: String, _ verdict: Verdict, _ text: String) {
        self.name = name
        self.verdict = verdict
        wire = Samples.wire(text)
    }

    /// A request of usual headers, for cases that are about one line.
    static func request(
        _ name: String, _ verdict: Verdict, line: String = "OPTIONS sip:user@example.org SIP/2.0",
        from: String = "<sip:caller@example.net>;tag=323", to: String = "sip:j.user@example.com",
        cseq: String = "60 OPTIONS", extra: String = ""
    ) -> TortureCase {
        TortureCase(
            name, verdict,
            "\(line)\nVia: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw\nMax-Forwards: 70\nFrom: \(from)\n"
                + "To: \(to)\nCall-ID: \(name).aksdj\nCSeq: \(cseq)\n\(extra)l: 0\n\n")
    }
}

@Suite struct TortureTests {
    @Test(arguments: valid + invalid + transactionAndApplication)
    func verdict(torture: TortureCase) throws {
        switch torture.verdict {
        case .reads(let check):
            let message = try SIPMessage.parse(torture.wire)
            #expect(check(message))
            #expect(try SIPMessage.parse(message.serialize()) == message)
        case .refused(let reason, let status):
            let error = #expect(throws: SIPParseError.self) { try SIPMessage.parse(torture.wire) }
            #expect(error?.reason == reason, "\(error?.detail ?? "")")
            #expect(error?.answer?.status == status)
        }
    }

    // MARK: §3.1.1 Valid messages

    static let valid: [TortureCase] = [
        TortureCase(
            "wsinv",
            .reads { message in
                message.vias.map(\.host) == ["192.0.2.2", "spindle.example.com", "192.168.255.111"]
                    && message.vias[1].transport == "TCP" && message.vias[2].parameters.value(of: "ttl") == "16"
                    && message.to.tag == "1918181833n" && message.maxForwards == 68
                    && message.cseq == CSeq(9, .invite) && message.from.displayName == "J Rosenberg \\\""
                    && message.routes.first?.uri.host == "services.example.com"
                    && message.contacts.first?.displayName == "Quoted string \"\""
                    && message.contacts.first?.parameters.contains("newparam") == true
                    && message.header("NewFangledHeader")?.contains("continued newfangled value") == true
            },
            """
            INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
            TO :
             sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
            from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>
              ;
              tag = 98asjd8
            MaX-fOrWaRdS: 0068
            Call-ID: wsinv.ndaksdj@192.0.2.1
            Content-Length   : 150
            cseq: 0009
              INVITE
            Via  : SIP  /   2.0
             /UDP
                192.0.2.2;branch=390skdjuw
            s :
            NewFangledHeader:   newfangled value
             continued newfangled value
            UnknownHeaderWithUnusualValue: ;;,,;;,;
            Content-Type: application/sdp
            Route:
             <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
            v:  SIP  / 2.0  / TCP     spindle.example.com   ;
              branch  =   z9hG4bK9ikj8  ,
             SIP  /    2.0   / UDP  192.168.255.111   ; branch=
             z9hG4bK30239 ; ttl=16
            m:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =
                  newvalue ;
              secondparam ; q = 0.33

            v=0
            o=mhandley 29739 7272939 IN IP4 192.0.2.3
            s=-
            c=IN IP4 192.0.2.4
            t=0 0
            m=audio 49217 RTP/AVP 0 12
            m=video 3227 RTP/AVP 31
            a=rtpmap:31 LPC

            """),
        // Valid by the standard, but refused here: a NUL cannot pass through C strings.
        .request("intmeth", .refused(.malformedHeader, 400), extra: "Subject: BEL:\u{7} NUL:\0 DEL:\u{7F}\n"),
        .request(
            "esc01",
            .reads { message in
                message.requestURI?.user == "sips:user@example.com" && message.to.uri.user == "user"
                    && message.from.uri.user == "I have spaces" && message.contacts.first?.uri.user == "caller"
                    && message.contacts.first?.uri.parameters
                        == [SIPParameter("lr"), SIPParameter("name", "value%41")]
            },
            line: "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0",
            from: "<sip:I%20have%20spaces@example.net>;tag=938", to: "sip:%75se%72@example.com", cseq: "234234 INVITE",
            extra: "Contact: <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>\n"),
        // Valid by the standard, but refused here: the user would be cut at the NUL.
        .request(
            "escnull", .refused(.malformedHeader, nil), line: "REGISTER sip:example.com SIP/2.0",
            from: "sip:null-%00-null@example.com;tag=839923423", to: "sip:null-%00-null@example.com",
            cseq: "14398234 REGISTER", extra: "Contact: <sip:%00@host5.example.com>\n"),
        .request(
            "esc02",
            .reads { message in
                message.method.rawValue == "RE%47IST%45R" && message.from.tag == "f232jadfj23"
                    && message.to.displayName == "%Z%45"
            },
            line: "RE%47IST%45R sip:registrar.example.com SIP/2.0",
            from: "<sip:resource@example.com>;tag=f232jadfj23", to: "\"%Z%45\" <sip:resource@example.com>",
            cseq: "29344 RE%47IST%45R", extra: "Contact: <sip:alias1@host1.example.com>\n"),
        .request(
            "lwsdisp", .reads { $0.from.displayName == "caller" && $0.from.tag == "323" },
            from: "caller<sip:caller@example.com>;tag=323"),
        .request(
            "longreq",
            .reads {
                $0.vias.count == 1 && $0.from.uri.parameters.count == 1 && $0.headers.first?.value.count == 4_000
            },
            from: "<sip:" + String(repeating: "amazinglylong", count: 20) + "@example.net;unknown>;tag=12",
            extra: "Unknown-" + String(repeating: "Long", count: 20) + "-Name: " + String(repeating: "v", count: 4_000)
                + "\n"),
        TortureCase(
            "dblreq", .reads { $0.method == .register && $0.body.isEmpty },
            """
            REGISTER sip:example.com SIP/2.0
            To: sip:j.user@example.com
            From: sip:j.user@example.com;tag=43251j3j324
            Max-Forwards: 8
            I: dblreq.0ha0isndaksdj99sdfafnl3lk233412
            Contact: sip:j.user@host.example.com
            CSeq: 8 REGISTER
            Via: SIP/2.0/UDP 192.0.2.125;branch=z9hG4bKkdjuw23492
            Content-Length: 0


            INVITE sip:joe@example.com SIP/2.0
            t: sip:joe@example.com

            """),
        .request(
            "semiuri",
            .reads { $0.requestURI?.user == "user;par=u@example.net" && $0.requestURI?.parameters.isEmpty == true },
            line: "OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0"),
        .request(
            "transports", .reads { $0.vias.map(\.transport) == ["UDP", "UDP", "SCTP", "TLS", "UNKNOWN", "TCP"] },
            extra: """
                Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw
                Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf
                Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj
                Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en
                Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee

                """),
        response("unreason", "200 = 2**3 * 5**2 но сто девяносто девять - простое") { message in
            message.startLine == .response(status: 200, reason: "= 2**3 * 5**2 но сто девяносто девять - простое")
        },
        response("noreason", "100 ") { $0.startLine == .response(status: 100, reason: "") },
    ]

    private static func response(
        _ name: String, _ status: String, _ check: @escaping @Sendable (SIPMessage) -> Bool
    ) -> TortureCase {
        TortureCase(
            name, .reads(check),
            "SIP/2.0 \(status)\nVia: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\nCall-ID: unreason.1234ksdfak3j2\n"
                + "CSeq: 35 INVITE\nFrom: sip:user@example.com;tag=11141343\nTo: sip:user@example.edu;tag=2229\n"
                + "Content-Length: 0\nContact: <sip:user@host198.example.com>\n\n")
    }

    // MARK: §3.1.2 Invalid messages

    static let invalid: [TortureCase] = [
        .request("badinv01", .refused(.malformedHeader, nil), extra: "Via: SIP/2.0/UDP 192.0.2.15;;,;,,\n"),
        TortureCase(
            "clerr", .refused(.contentLength, 400),
            """
            INVITE sip:user@example.com SIP/2.0
            Max-Forwards: 80
            To: sip:j.user@example.com
            From: sip:caller@example.net;tag=93942939o2
            Contact: <sip:caller@hungry.example.net>
            Call-ID: clerr.0ha0isndaksdjweiafasdk3
            CSeq: 8 INVITE
            Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bK-39234-23523
            Content-Type: application/sdp
            Content-Length: 9999

            v=0

            """),
        TortureCase(
            "ncl", .refused(.contentLength, 400),
            """
            INVITE sip:user@example.com SIP/2.0
            Max-Forwards: 254
            To: sip:j.user@example.com
            From: sip:caller@example.net;tag=32394234
            Call-ID: ncl.0ha0isndaksdj2193423r542w35
            CSeq: 0 INVITE
            Via: SIP/2.0/UDP 192.0.2.53;branch=z9hG4bKkdjuw
            Contact: <sip:caller@example53.example.net>
            Content-Type: application/sdp
            Content-Length: -999

            v=0

            """),
        // Its CSeq cannot be said in an answer, hence silence.
        .request(
            "scalar02", .refused(.scalarOutOfRange, nil), line: "REGISTER sip:example.com SIP/2.0",
            cseq: "36893488147419103232 REGISTER", extra: "Expires: 1000000000000000000000000000\n"),
        TortureCase(
            "scalarlg", .refused(.scalarOutOfRange, nil),
            "SIP/2.0 503 Service Unavailable\nVia: SIP/2.0/TCP host129.example.com;branch=z9hG4bKzzxdiwo34sw\n"
                + "To: <sip:user@example.com>\nFrom: <sip:other@example.net>;tag=2easdjfejw\n"
                + "CSeq: 9292394834772304023312 OPTIONS\nCall-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r\n"
                + "Retry-After: 949302838503028349304023988\nContent-Length: 0\n\n"),
        .request("quotbal", .refused(.malformedHeader, nil), to: "\"Mr. J. User <sip:j.user@example.com>"),
        .request("ltgtruri", .refused(.malformedStartLine, 400), line: "OPTIONS <sip:user@example.com> SIP/2.0"),
        .request("lwsruri", .refused(.malformedStartLine, 400), line: "OPTIONS sip:user@example.com; lr SIP/2.0"),
        .request("lwsstart", .refused(.malformedStartLine, 400), line: "OPTIONS  sip:user@example.com  SIP/2.0"),
        .request("trws", .refused(.malformedStartLine, 400), line: "OPTIONS sip:remote-target@example.com SIP/2.0  "),
        .request(
            "escruri", .refused(.malformedStartLine, 400),
            line: "OPTIONS sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0"),
        // The date is nobody's business here.
        .request("baddate", .reads { $0.header("Date") != nil }, extra: "Date: Fri, 01 Jan 2010 16:00:00 EST\n"),
        .request(
            "regbadct", .refused(.malformedHeader, 400), line: "REGISTER sip:example.com SIP/2.0", cseq: "8 REGISTER",
            extra: "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E\n"),
        .request("baddn", .refused(.malformedHeader, nil), from: "Bell, Alexander <sip:a.g.bell@example.com>;tag=43"),
        .request("badvers", .refused(.unsupportedVersion, 505), line: "OPTIONS sip:t.watson@example.org SIP/7.0"),
        .request("mismatch01", .refused(.methodMismatch, 400), cseq: "8 INVITE"),
        .request(
            "mismatch02", .refused(.methodMismatch, 400), line: "NEWMETHOD sip:user@example.com SIP/2.0",
            cseq: "8 INVITE"),
        TortureCase(
            "bigcode", .refused(.malformedStartLine, nil),
            "SIP/2.0 4294967301 better not break the receiver\nVia: SIP/2.0/UDP 192.0.2.105;branch=z9hG4bK2398ndaoe\n"
                + "Call-ID: bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i\nCSeq: 353494 INVITE\n"
                + "From: <sip:user@example.com>;tag=39ansfi3\nTo: <sip:user@example.edu>;tag=902jndnke3\n"
                + "Content-Length: 0\nContact: <sip:user@host105.example.com>\n\n"),
    ]

    // MARK: §3.2 to §3.4: readable; what to do with them is decided above

    static let transactionAndApplication: [TortureCase] = [
        .request(
            "badbranch", .reads { $0.vias.last?.branch == "z9hG4bK" }, extra: "Via: SIP/2.0/UDP a;branch=z9hG4bK\n"),
        TortureCase(
            "insuf", .refused(.missingHeader, nil),
            "INVITE sip:user@example.com SIP/2.0\nCSeq: 193942 INVITE\nVia: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkd.2\n"
                + "Content-Length: 0\n\n"),
        .request(
            "unkscm", .refused(.unsupportedScheme, 416),
            line: "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0"),
        .request("novelsc", .refused(.unsupportedScheme, 416), line: "OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"),
        .request(
            "unksm2", .reads { $0.to.uri.scheme == "isbn" && $0.to.uri.host == "2983792873" }, to: "isbn:2983792873",
            extra: "Contact: <name:John_Smith>\n"),
        .request("bext01", .reads { $0.header("Require") != nil }, extra: "Require: nothingSupportsThis\n"),
        .request(
            "invut", .reads { $0.contentType == "application/unknownformat" }, extra: "c: application/unknownformat\n"),
        .request(
            "regaut01", .reads { $0.header("Authorization")?.hasPrefix("NoOneKnowsThisScheme") == true },
            line: "REGISTER sip:example.com SIP/2.0", cseq: "9338 REGISTER",
            extra: "Authorization: NoOneKnowsThisScheme opaque-data=here\n"),
        .request("multi01", .refused(.duplicateHeader, 400), extra: "CSeq: 59 OPTIONS\nTo: sip:other@example.net\n"),
        .request("mcl01", .refused(.duplicateHeader, 400), extra: "Content-Length: 13\n"),
        .request("zeromf", .reads { $0.maxForwards == 0 && $0.routes.count == 0 }, extra: "").with(maxForwards: 0),
        .request(
            "cparam01",
            .reads { $0.contacts.first?.parameters.contains("unknownparam") == true },
            line: "REGISTER sip:example.com SIP/2.0", cseq: "9338 REGISTER",
            extra: "Contact: sip:+19725552222@gw1.example.net;unknownparam\n"),
        .request(
            "cparam02",
            .reads { $0.contacts.first?.uri.parameters.contains("unknownparam") == true },
            line: "REGISTER sip:example.com SIP/2.0", cseq: "9338 REGISTER",
            extra: "Contact: <sip:+19725552222@gw1.example.net;unknownparam>\n"),
        .request(
            "regescrt",
            .reads { $0.contacts.first?.uri.headers == [SIPHeader("Route", "<sip:sip.example.com>")] },
            line: "REGISTER sip:example.com SIP/2.0", cseq: "8 REGISTER",
            extra: "Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>\n"),
        TortureCase(
            "inv2543", .reads { $0.vias.first?.branch == nil && $0.from.tag == nil && $0.body.count == 5 },
            """
            INVITE sip:UserB@example.com SIP/2.0
            Via: SIP/2.0/UDP iftgw.example.com
            From: <sip:+13035551111@ift.client.example.net;user=phone>
            Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>
            To: sip:+16505552222@ss1.example.net;user=phone
            Call-ID: inv2543.1717@ift.client.example.com
            CSeq: 56 INVITE
            Content-Type: application/sdp

            v=0

            """),
    ]
}

extension TortureCase {
    fileprivate func with(maxForwards: Int) -> TortureCase {
        var copy = self
        copy.wire = Array(
            String(decoding: wire, as: UTF8.self).replacing("Max-Forwards: 70", with: "Max-Forwards: \(maxForwards)")
                .utf8)
        return copy
    }
}
