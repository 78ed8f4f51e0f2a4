// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

@testable import martlet_load

@Suite("The instruments measure rightly")
struct MeasuringTests {
    @Test("quantiles are those of the delays counted")
    func quantiles() {
        var delays = DelayHistogram()
        for microseconds in (1...1_000).shuffled() { delays.add(nanoseconds: Int64(microseconds) * 1_000) }
        #expect(delays.quantile(0.5) == 500)
        #expect(delays.quantile(0.99) == 990)
        #expect(delays.quantile(1) == 1_000)
        #expect(delays.maximumMicroseconds == 1_000)
    }

    @Test("a delay of seconds is kept to the millisecond, one before its time counts as none")
    func extremes() {
        var delays = DelayHistogram()
        delays.add(nanoseconds: 2_345_678_000)
        delays.add(nanoseconds: -5_000)
        #expect(delays.quantile(0.5) == 0)
        #expect(delays.quantile(1) == 2_345_000)
        #expect(DelayHistogram().quantile(0.5) == 0)
    }

    @Test("a packet lost, doubled, late or crossed is told apart")
    func accounting() {
        var record = StreamRecord()
        record.nextNumber = 100
        record.windowBegin = 100
        record.nextNumber = 110
        record.windowEnd = 110
        // 99 and 110 were sent outside the window; 104 never comes; 103 comes twice, 106 after 107, 109 by another line.
        for number: UInt32 in [99, 100, 101, 102, 103, 103, 105, 107, 106, 108, 110] {
            _ = record.arrived(number, by: 7)
        }
        _ = record.arrived(109, by: 8)
        #expect(record.sent == 10)
        #expect(record.received == 9)
        #expect(record.duplicates == 1)
        #expect(record.reordered == 1)
        #expect(record.strays == 1)
    }

    @Test("a packet's mark is read back, and speech of others has none")
    func marks() {
        let packet = UnsafeMutableRawPointer.allocate(byteCount: StampedPacket.bytes, alignment: 16)
        defer { packet.deallocate() }
        packet.initializeMemory(as: UInt8.self, repeating: 0xD5, count: StampedPacket.bytes)
        let bytes = UnsafeRawBufferPointer(start: packet, count: StampedPacket.bytes)
        #expect(StampedPacket.read(bytes) == nil)
        StampedPacket.write(packet, payloadType: 8, stream: 41, number: 70_000, timestamp: 5)
        StampedPacket.stamp(packet, sent: 123_456_789)
        let mark = StampedPacket.read(bytes)
        #expect(mark?.stream == 41)
        #expect(mark?.number == 70_000)
        #expect(mark?.sent == 123_456_789)
        #expect(bytes[0] == 0x80 && bytes[1] == 8)
        #expect(StampedPacket.read(UnsafeRawBufferPointer(rebasing: bytes[..<20])) == nil)
    }
}

@Suite("The script reads SIP")
struct SIPTextTests {
    private let invite = """
        INVITE sip:far@127.0.0.1:5080 SIP/2.0\r
        v: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1\r
        Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK2\r
        From: <sip:a@b>;tag=1\r
        To: <sip:far@127.0.0.1>\r
        i: x@y\r
        CSeq: 1 INVITE\r
        m: "A" <sip:a@127.0.0.1:5060;transport=udp>\r
        \r
        v=0\r
        c=IN IP4 127.0.0.9\r
        m=audio 4000 RTP/AVP 8\r

        """

    @Test("headers, short ones too, and where speech goes")
    func reads() throws {
        let text = try #require(SIPText(Array(invite.utf8)))
        #expect(text.method == "INVITE")
        #expect(text.status == nil)
        #expect(text.all("via").count == 2)
        #expect(text.first("call-id") == "x@y")
        #expect(text.first("contact").map(SIPText.uri) == "sip:a@127.0.0.1:5060;transport=udp")
        #expect(text.mediaEndpoint?.host == "127.0.0.9")
        #expect(text.mediaEndpoint?.port == 4_000)
    }

    @Test("a response copies what it must and adds a tag once")
    func responds() throws {
        let text = try #require(SIPText(Array(invite.utf8)))
        let response = try #require(SIPText(Array(text.response("200 OK", toTag: "t", contact: "sip:far@h").utf8)))
        #expect(response.status == 200)
        #expect(response.method == "INVITE")
        #expect(response.all("via").count == 2)
        #expect(response.first("to") == "<sip:far@127.0.0.1>;tag=t")
    }

    @Test("a refused media line and rubbish lead nowhere", arguments: ["", "\r\n\r\n", "OPTIONS sip:a SIP/2.0"])
    func rubbish(_ text: String) {
        #expect(SIPText(Array(text.utf8)) == nil)
        #expect(SIPText(Array(invite.replacing("audio 4000", with: "audio 0").utf8))?.mediaEndpoint == nil)
    }
}
