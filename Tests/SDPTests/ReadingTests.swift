// SPDX-License-Identifier: AGPL-3.0-or-later
import SDP
import Testing

@Suite struct SDPReadingTests {
    @Test func everyFieldIsRead() throws {
        let description = try Offers.read(Offers.linphone)
        #expect(
            description.origin
                == .init(username: "8001", sessionID: "2542", sessionVersion: 1963, address: "192.0.2.20"))
        #expect(description.sessionName == "Talk")
        #expect(description.connectionAddress == "192.0.2.20")
        #expect(description.attributes.map(\.name) == ["rtcp-xr"])
        #expect(description.media.map(\.kind) == [.audio, .video])
        let audio = description.media[0]
        #expect(audio.port == 7078)
        #expect(audio.proto == "RTP/AVPF")
        #expect(audio.formats.map(\.token) == ["96", "97", "98", "0", "8", "99", "100", "101"])
        #expect(
            audio.formats[0]
                == MediaFormat("96", encodingName: "opus", clockRate: 48_000, channels: 2, parameters: "useinbandfec=1")
        )
        #expect(audio.formats.map(\.codec) == [nil, nil, nil, .pcmu, .pcma, nil, nil, nil])
        #expect(audio.formats.map(\.isTelephoneEvent) == [false, false, false, false, false, false, false, true])
        #expect(audio.attributes == [SDPAttribute("rtcp-fb", "* trr-int 5000")])
        let baresip = try Offers.read(Offers.baresip).media[0]
        #expect(baresip.rtcpPort == 16_395)
        #expect(baresip.direction == .sendReceive)
        #expect(baresip.ptimeMilliseconds == 20)
        let gateway = try Offers.read(Offers.gateway)
        #expect(gateway.connectionAddress == nil)
        #expect(gateway.address(of: gateway.media[0]) == "192.0.2.41")
        #expect(gateway.media[1].kind == .image)
        #expect(gateway.media[1].formats == [MediaFormat("t38")])
    }

    @Test(arguments: Offers.all)
    func writingAndReadingAgainGivesTheSameValue(bytes: [UInt8]) throws {
        let description = try Offers.read(bytes)
        #expect(try Offers.read(description.serialize()) == description)
    }

    @Test func looseLineEndsAreAccepted() throws {
        let text = String(decoding: Offers.sipp, as: UTF8.self)
        let whole = try Offers.read(Offers.sipp)
        #expect(try Offers.read(Array(text.replacing("\r\n", with: "\n").utf8)) == whole)
        #expect(try Offers.read(Array(Offers.sipp.dropLast(2))) == whole)
        #expect(try Offers.read(Offers.sipp + Array("\r\n".utf8)) == whole)
    }

    @Test func limitsAreKept() {
        let base = String(decoding: Offers.sipp, as: UTF8.self)
        let tooMuch = [
            String(repeating: "a=x\r\n", count: 300), "a=" + String(repeating: "x", count: 1_100) + "\r\n",
            String(repeating: "m=audio 1 RTP/AVP 0\r\n", count: 20),
            "m=audio 1 RTP/AVP" + String(repeating: " 0", count: 100) + "\r\n",
            String(repeating: "a=" + String(repeating: "x", count: 1_000) + "\r\n", count: 9),
        ]
        for extra in tooMuch {
            let error = #expect(throws: SDPParseError.self) { try Offers.read(Array((base + extra).utf8)) }
            #expect(error?.reason == .tooLarge)
        }
    }

    @Test(arguments: [
        ("", SDPParseError.Reason.malformed), ("hello\r\n", .malformedLine), ("v=0\0\r\n", .malformedLine),
        ("v=0\r\n", .malformed), ("v=1\r\no=- 1 1 IN IP4 h\r\ns=-\r\nt=0 0\r\n", .malformed),
        ("v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nt=0 0\r\nm=audio 65536 RTP/AVP 0\r\n", .scalarOutOfRange),
        ("v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nt=0 0\r\nm=audio -1 RTP/AVP 0\r\n", .scalarOutOfRange),
    ])
    func brokenDescriptionsAreRefused(text: String, reason: SDPParseError.Reason) {
        let error = #expect(throws: SDPParseError.self) { try Offers.read(Array(text.utf8)) }
        #expect(error?.reason == reason)
    }

    @Test func noValueCanBeginAnotherLine() {
        let evil = "x\r\nm=audio 1 RTP/AVP 0\r\n\0"
        let description = SessionDescription(
            origin: .init(username: evil, sessionID: evil, address: evil), sessionName: evil, connectionAddress: evil,
            attributes: [SDPAttribute(evil, evil)],
            media: [
                MediaDescription(
                    kind: .other(evil), port: 1, proto: evil,
                    formats: [MediaFormat(evil, encodingName: evil, parameters: evil)], connectionAddress: evil,
                    attributes: [SDPAttribute(evil, evil)])
            ])
        let text = String(decoding: description.serialize(), as: UTF8.self)
        #expect(text.split(separator: "\r\n").count { $0.hasPrefix("m=") } == 1)
        #expect(!text.contains("\0"))
    }

    /// Hostile bytes never trap, in reading or in answering, and what is read survives writing.
    @Test(arguments: [UInt64(7), 20_261_121])
    func mutatedDescriptionsNeverTrap(seed: UInt64) {
        var state = seed | 1
        func random(_ bound: Int) -> Int {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return Int(truncatingIfNeeded: (state &* 0x2545_F491_4F6C_DD1D) >> 33) % bound
        }
        let fragments = [
            "\r\n", "\0", "=", ":", " ", "/", "65536", "-1", "a=rtpmap:", "a=fmtp:", "m=", "c=IN IP4 0.0.0.0\r\n",
            "inactive",
        ].map { Array($0.utf8) }
        var accepted = 0
        var answered = 0
        for round in 0..<10_000 {
            var bytes = Offers.all[round % Offers.all.count]
            for _ in 0...random(3) {
                let at = random(bytes.count + 1)
                switch random(4) {
                case 0: bytes.insert(contentsOf: fragments[random(fragments.count)], at: at)
                case 1: if at < bytes.count { bytes[at] = UInt8(truncatingIfNeeded: random(256)) }
                case 2: bytes.removeSubrange(at..<min(bytes.count, at + random(8)))
                default:
                    bytes.insert(
                        contentsOf: Array(bytes[at..<min(bytes.count, at + random(40))]), at: random(bytes.count + 1))
                }
            }
            guard let description = try? Offers.read(bytes) else { continue }
            accepted += 1
            let same = (try? Offers.read(description.serialize())) == description
            #expect(same, "seed \(seed) round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
            if !same { return }
            let answer = OfferAnswer.answer(
                to: description, capabilities: AudioCapabilities(), sessionID: 1, localAddress: "192.0.2.1", port: 4_000
            )
            guard let (answer, audio) = answer else { continue }
            answered += 1
            #expect(answer.media.count == description.media.count, "seed \(seed) round \(round)")
            #expect(
                OfferAnswer.accept(answer: answer, of: description)?.codec == audio.codec, "seed \(seed) round \(round)"
            )
        }
        #expect(accepted > 500)
        #expect(answered > 500)
        print("seed \(seed): \(accepted) accepted, \(answered) answered")
    }
}
