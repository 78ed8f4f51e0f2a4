// SPDX-License-Identifier: AGPL-3.0-or-later
@testable import SIPMessage

/// Messages of ordinary phones, as bases for round trips and mutations.
enum Samples {
    static func wire(_ text: String) -> [UInt8] {
        Array(text.replacing("\n", with: "\r\n").utf8)
    }

    static let invite = wire(
        """
        INVITE sip:8002@192.0.2.1:5060;transport=udp SIP/2.0
        Via: SIP/2.0/UDP 192.0.2.11:5060;branch=z9hG4bK-4711-1-0;rport
        Via: SIP/2.0/TCP [2001:db8::9]:5061;branch=z9hG4bKx;received=2001:db8::a, SIP/2.0/TLS h.example.com;branch=y
        Max-Forwards: 70
        From: "Al \\"the\\" Ice" <sip:8001@192.0.2.1>;tag=1928301774
        To: <sip:8002@192.0.2.1;user=phone>
        Call-ID: 1-4711@192.0.2.11
        CSeq: 1 INVITE
        Contact: <sip:8001@192.0.2.11:5060;transport=udp>;expires=60
        Route: <sip:p1.example.com;lr>, "P, two" <sip:p2.example.com;lr>
        Record-Route: <sip:p3.example.com;lr>
        User-Agent: phone 1.0
        Allow: INVITE, ACK, BYE
        k: replaces, timer
        X-Account: 7
        Content-Type: application/sdp
        Content-Length: 5

        v=0

        """)

    static let register = wire(
        """
        REGISTER sip:192.0.2.1 SIP/2.0
        v: SIP/2.0/UDP 192.0.2.11:5060;branch=z9hG4bK1;rport
        f: <sip:8001@192.0.2.1>;tag=a
        t: sip:8001@192.0.2.1
        i: reg-1
        CSeq: 2 REGISTER
        m: *
        Expires: 0
        Authorization: Digest username="8001", realm="m", nonce="n,1", uri="sip:192.0.2.1", response="00"
        l: 0


        """)

    static let ringing = wire(
        """
        SIP/2.0 180 Ringing
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK2;rport=5060;received=192.0.2.1
        From: <sip:8001@192.0.2.1>;tag=a
        To: Bob Smith <tel:+86-10-5555;phone-context=+86>;tag=b
        Call-ID: c2
        CSeq: 7 INVITE
        Contact: <sips:8002%40home:pa%3Ass@[2001:db8::2]:5062;ob;x=%22y?a=b&c=d%20e>
        Content-Length: 0


        """)

    static let all = [invite, register, ringing]
}

/// xorshift64*: the same numbers for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
