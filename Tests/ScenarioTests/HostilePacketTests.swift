// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc
import Testing

extension Scenarios {
    @Suite("Hostile packets")
    struct HostilePackets {
        @Test("junk over UDP gets an answer or silence, and the next call goes through", .timeLimit(.minutes(1)))
        func junk() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            var seed = SplitMix(state: 20_261_121)
            for packet in Self.torture + Self.random(&seed, count: 300) {
                try Self.sendDatagram(packet, to: exchange.port)
                #expect(exchange.isRunning)
            }
            // Reads of a stream that never ends a message, and of one that lies about its length.
            for bytes in [Array("INVITE sip:8001@127.0.0.1 SIP/2.0\r\nVia: ".utf8), Self.stream] {
                try Self.sendStream(bytes, to: exchange.port)
            }
            try await Task.sleep(for: .milliseconds(500))
            try #require(exchange.isRunning, "\(exchange.log.suffix(3000))")
            // Still a switch: a phone registers, is called, and answers.
            let callee = try await exchange.sippPhone("callee-hangs-up", seat: "8002")
            try await exchange.sipp("caller-waits", .init(seat: "8001", callee: "8002")).succeeds()
            try await callee.succeeds()
            #expect(try await exchange.stop() == .code(0))
        }

        /// What RFC 4475 and attackers send, each one datagram.
        static var torture: [[UInt8]] {
            let head = "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:8001@b>\r\n"
            let tail = "Call-ID: x\r\nCSeq: 1 OPTIONS\r\n"
            let texts = [
                "", "\r\n\r\n", "\0", "SIP/2.0\r\n\r\n", "SIP/2.0 200 OK\r\n\r\n", "OPTIONS\r\n\r\n",
                "OPTIONS sip:x SIP/2.0\r\n\r\n",
                "OPTIONS sip:x SIP/7.0\r\n" + head + tail + "\r\n",
                "OPTIONS sip:x SIP/2.0\r\n" + head + tail + "Content-Length: -999\r\n\r\n",
                "OPTIONS sip:x SIP/2.0\r\n" + head + tail + "Content-Length: 99999999999999999999\r\n\r\n",
                "OPTIONS sip:x SIP/2.0\r\n" + head + tail + "Content-Length: 400\r\n\r\nshort",
                "OPTIONS sip:x SIP/2.0\r\n" + head + "Call-ID: x\r\nCSeq: 99999999999 OPTIONS\r\n\r\n",
                "OPTIONS sip:x SIP/2.0\r\n" + head + "Call-ID: x\r\nCSeq: 1 INVITE\r\n\r\n",
                "OPTIONS sip:x SIP/2.0\r\n" + head + "Call-ID: x\r\nCSeq: one OPTIONS\r\n\r\n",
                "OPTIONS sip:x SIP/2.0\r\n" + tail + "\r\n",
                "OPTIONS sip:x SIP/2.0\r\n" + head + tail + "Max-Forwards: 0\r\n\r\n",
                "OPTIONS sip:x SIP/2.0\r\n" + head + tail + "Max-Forwards: 300\r\n\r\n",
                "REGISTER sip:127.0.0.1 SIP/2.0\r\n" + head
                    + "Call-ID: x\r\nCSeq: 1 REGISTER\r\nContact: *\r\nExpires: 60\r\n\r\n",
                "REGISTER sip:127.0.0.1 SIP/2.0\r\n" + head
                    + "Call-ID: x\r\nCSeq: 1 REGISTER\r\nContact: <sip:a@b>;expires=99999999999999\r\n\r\n",
                "REGISTER sip:127.0.0.1 SIP/2.0\r\n" + head
                    + "Call-ID: y\r\nCSeq: 1 REGISTER\r\nAuthorization: Digest username=\"8001\", response=\r\n\r\n",
                "INVITE sip:8001@127.0.0.1 SIP/2.0\r\n" + head
                    + "Call-ID: z\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: 9\r\n\r\nv=0\r\no=\0\r\n",
                "SIP/2.0 4294967301 Far Away\r\n" + head + tail + "\r\n",
                "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKnone\r\n" + tail + "\r\n",
                "ACK sip:8001@127.0.0.1 SIP/2.0\r\n" + head + "Call-ID: q\r\nCSeq: 1 ACK\r\n\r\n",
                "CANCEL sip:8001@127.0.0.1 SIP/2.0\r\n" + head + "Call-ID: q\r\nCSeq: 1 CANCEL\r\n\r\n",
                "BYE sip:8001@127.0.0.1 SIP/2.0\r\n" + head + "Call-ID: q\r\nCSeq: 1 BYE\r\n\r\n",
                "OPTIONS sip:x SIP/2.0\r\n" + head + tail + String(repeating: "X: y\r\n", count: 9000) + "\r\n",
                "OPTIONS sip:x SIP/2.0\r\n" + head + tail + "Allow: " + String(repeating: "A,", count: 29_000)
                    + "A\r\n\r\n",
                "OPTIONS sip:x SIP/2.0\r\n" + head + tail + "Subject: " + String(repeating: "s", count: 60_000)
                    + "\r\n\r\n",
                "OPTIONS sip:x SIP/2.0\r\nVia: " + String(repeating: "(", count: 5000) + "\r\n" + tail + "\r\n",
            ]
            return texts.map { Array($0.utf8) } + [
                [UInt8](repeating: 0xff, count: 60_000), [UInt8](repeating: 0, count: 60_000),
            ]
        }

        /// A body that claims four gigabytes.
        static let stream = Array(
            "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK1\r\nContent-Length: 4294967295\r\n\r\nabc"
                .utf8)

        /// Pure noise, and a good request with bytes of noise in it.
        static func random(_ seed: inout SplitMix, count: Int) -> [[UInt8]] {
            let good = Array(
                """
                INVITE sip:8002@127.0.0.1 SIP/2.0\r
                Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKgood;rport\r
                From: "A" <sip:8001@127.0.0.1>;tag=1\r
                To: <sip:8002@127.0.0.1>\r
                Call-ID: good\r
                CSeq: 1 INVITE\r
                Contact: <sip:8001@127.0.0.1:9>\r
                Max-Forwards: 70\r
                Content-Type: application/sdp\r
                Content-Length: 90\r
                \r
                v=0\r
                o=- 1 1 IN IP4 127.0.0.1\r
                s=-\r
                c=IN IP4 127.0.0.1\r
                t=0 0\r
                m=audio 40000 RTP/AVP 8\r

                """.utf8)
            return (0..<count).map { index in
                if index % 3 == 0 {
                    return (0..<Int(seed.next() % 1400)).map { _ in UInt8(truncatingIfNeeded: seed.next()) }
                }
                var packet = good
                for _ in 0...Int(seed.next() % 8) {
                    packet[Int(seed.next() % UInt64(packet.count))] = UInt8(truncatingIfNeeded: seed.next())
                }
                return packet
            }
        }

        static func sendDatagram(_ bytes: [UInt8], to port: UInt16) throws {
            let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            defer { close(descriptor) }
            let sent = Loopback.withAddress(port) { sendto(descriptor, bytes, bytes.count, 0, $0, $1) }
            guard sent == bytes.count else { throw ScenarioError("a datagram of \(bytes.count) bytes was not sent") }
            // A flood would test the flood control instead.
            usleep(6000)
        }

        static func sendStream(_ bytes: [UInt8], to port: UInt16) throws {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            defer { close(descriptor) }
            guard Loopback.withAddress(port, { connect(descriptor, $0, $1) }) == 0 else {
                throw ScenarioError("no connection to port \(port)")
            }
            _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
    }
}

/// A small generator of repeatable noise.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
