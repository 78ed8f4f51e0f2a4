// SPDX-License-Identifier: AGPL-3.0-or-later
import SDP
import Testing

@Suite struct OfferAnswerTests {
    private func answer(
        _ offer: [UInt8], _ codecs: [AudioCodec] = [.pcma, .pcmu], direction: MediaDirection = .sendReceive,
        events: Bool = true, after previous: SessionDescription? = nil
    ) throws -> (SessionDescription, NegotiatedAudio)? {
        OfferAnswer.answer(
            to: try Offers.read(offer),
            capabilities: AudioCapabilities(codecs: codecs, allowsTelephoneEvents: events), sessionID: 5,
            localAddress: "192.0.2.1", port: 4_000, direction: direction, after: previous)
    }

    private func offer(_ codecs: [AudioCodec] = [.pcma, .pcmu], after previous: SessionDescription? = nil)
        -> SessionDescription
    {
        OfferAnswer.offer(
            capabilities: AudioCapabilities(codecs: codecs), sessionID: 5, localAddress: "192.0.2.1", port: 4_000,
            after: previous)
    }

    private func replacing(_ old: String, _ new: String, in offer: [UInt8]) -> [UInt8] {
        Array(String(decoding: offer, as: UTF8.self).replacing(old, with: new).utf8)
    }

    @Test func ourPreferenceDecidesTheCodec() throws {
        #expect(try answer(Offers.baresip, [.pcmu, .pcma])?.1.codec == .pcmu)
        let (description, audio) = try #require(try answer(Offers.baresip))
        #expect(audio.codec == .pcma)
        #expect(audio.sendPayloadType == 8)
        #expect(audio.receivePayloadType == 8)
        #expect(audio.receivableCodecs == [8: .pcma])
        #expect(audio.telephoneEventSendPayloadType == 101)
        #expect(audio.telephoneEventReceivePayloadType == 101)
        #expect(audio.remoteAddress == "127.0.0.1")
        #expect(audio.remotePort == 16_394)
        #expect(audio.remoteRTCPPort == 16_395)
        #expect(audio.ptimeMilliseconds == 20)
        #expect(audio.direction == .sendReceive)
        #expect(
            String(decoding: description.serialize(), as: UTF8.self)
                == """
                v=0
                o=- 5 1 IN IP4 192.0.2.1
                s=-
                c=IN IP4 192.0.2.1
                t=0 0
                m=audio 4000 RTP/AVP 8 101
                a=rtpmap:8 PCMA/8000
                a=rtpmap:101 telephone-event/8000
                a=fmtp:101 0-16
                a=ptime:20
                a=sendrecv

                """.replacing("\n", with: "\r\n"))
    }

    @Test func otherMediaLinesAreRefusedInTheirPlaces() throws {
        let (linphone, audio) = try #require(try answer(Offers.linphone))
        #expect(linphone.media.map(\.kind) == [.audio, .video])
        #expect(linphone.media.map(\.port) == [4_000, 0])
        #expect(linphone.media.map(\.proto) == ["RTP/AVPF", "RTP/AVPF"])
        #expect(audio.telephoneEventSendPayloadType == 101)
        let (phone, voice) = try #require(try answer(Offers.deskPhone))
        #expect(phone.media.map(\.port) == [0, 4_000])
        #expect(phone.media.map(\.proto) == ["RTP/SAVP", "RTP/AVP"])
        #expect(voice.mediaIndex == 1)
        #expect(voice.codec == .pcma)
        #expect(voice.sendPayloadType == 110)
        #expect(voice.remoteAddress == "2001:db8::50")
        #expect(voice.direction == .receiveOnly)
        #expect(phone.media[1].direction == .receiveOnly)
    }

    @Test func staticTypesNeedNoRtpmapAndTheMediaLinesAddressCounts() throws {
        let (description, audio) = try #require(try answer(Offers.gateway))
        #expect(audio.codec == .pcma)
        #expect(audio.remoteAddress == "192.0.2.41")
        #expect(audio.remoteRTCPPort == 18_405)
        #expect(audio.ptimeMilliseconds == 30)
        #expect(audio.telephoneEventSendPayloadType == 100)
        #expect(description.media[1].port == 0)
        #expect(description.media[1].proto == "udptl")
        #expect(try answer(Offers.sipp)?.1.telephoneEventSendPayloadType == nil)
        #expect(try answer(Offers.baresip, events: false)?.1.telephoneEventReceivePayloadType == nil)
    }

    @Test func nothingInCommonIsNoAnswer() throws {
        #expect(try answer(Offers.sipp, [.pcma]) == nil)
        #expect(try answer(replacing("m=audio 6000", "m=audio 0", in: Offers.sipp)) == nil)
        #expect(try answer(replacing("RTP/AVP", "RTP/SAVP", in: Offers.sipp)) == nil)
        #expect(try answer(replacing("c=IN IP4 192.0.2.30\r\n", "", in: Offers.sipp)) == nil)
        #expect(try answer(replacing("PCMU/8000", "PCMU/16000", in: Offers.sipp)) == nil)
    }

    /// RFC 3264 §6.1 and §8.4: what is offered, what we would like, what is answered.
    @Test(arguments: [
        ("sendrecv", MediaDirection.sendReceive, MediaDirection.sendReceive), ("sendrecv", .sendOnly, .sendOnly),
        ("sendrecv", .inactive, .inactive), ("sendonly", .sendReceive, .receiveOnly),
        ("sendonly", .sendOnly, .inactive),
        ("recvonly", .sendReceive, .sendOnly), ("recvonly", .receiveOnly, .inactive),
        ("inactive", .sendReceive, .inactive),
    ])
    func directions(offered: String, wanted: MediaDirection, expected: MediaDirection) throws {
        let bytes = replacing("a=sendrecv", "a=" + offered, in: Offers.baresip)
        let (description, audio) = try #require(try answer(bytes, direction: wanted))
        #expect(audio.direction == expected)
        #expect(description.media[0].direction == expected)
        // The same at session level.
        let session = replacing(
            "a=sendrecv\r\n", "", in: replacing("a=tool:client 1.0.0", "a=" + offered, in: Offers.baresip))
        #expect(try answer(session, direction: wanted)?.1.direction == expected)
    }

    @Test func theOldHoldIsAHold() throws {
        let (_, audio) = try #require(
            try answer(replacing("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0", in: Offers.baresip)))
        #expect(audio.direction == .receiveOnly)
        #expect(audio.remoteAddress == "0.0.0.0")
    }

    @Test func versionsGrowOnlyWithChanges() throws {
        let (first, _) = try #require(try answer(Offers.baresip))
        let (same, _) = try #require(try answer(Offers.baresip, after: first))
        #expect(same == first)
        let held = replacing("a=sendrecv", "a=sendonly", in: Offers.baresip)
        let (second, _) = try #require(try answer(held, after: first))
        #expect(second.origin.sessionVersion == first.origin.sessionVersion + 1)
        #expect(second.origin.sessionID == first.origin.sessionID)
    }

    @Test func aReOfferKeepsLinesAndPayloadTypes() throws {
        let (answered, _) = try #require(try answer(Offers.gateway))
        let again = offer(after: answered)
        #expect(again.media.map(\.kind) == [.audio, .image])
        #expect(again.media.map(\.port) == [4_000, 0])
        #expect(again.media[0].formats.map(\.token) == ["8", "0", "100"])
        #expect(again.origin.sessionVersion == answered.origin.sessionVersion + 1)
        #expect(offer(after: again) == again)
    }

    @Test func anAnswerToOurOfferIsAccepted() throws {
        let ours = offer([.pcmu, .pcma])
        #expect(ours.media[0].formats.map(\.token) == ["0", "8", "101"])
        let answer = try Offers.read(
            Offers.wire(
                """
                v=0
                o=- 1 1 IN IP4 192.0.2.7
                s=-
                c=IN IP4 192.0.2.7
                t=0 0
                m=audio 9000 RTP/AVP 8 0 96
                a=rtpmap:96 telephone-event/8000
                a=recvonly
                a=rtcp:9100

                """))
        let audio = try #require(OfferAnswer.accept(answer: answer, of: ours))
        #expect(audio.codec == .pcma)
        #expect(audio.receivableCodecs == [8: .pcma, 0: .pcmu])
        // Each side names the payload type it wants to receive.
        #expect(audio.telephoneEventSendPayloadType == 96)
        #expect(audio.telephoneEventReceivePayloadType == 101)
        #expect(audio.remoteRTCPPort == 9_100)
        #expect(audio.direction == .sendOnly)
        var refused = answer
        refused.media[0].port = 0
        #expect(OfferAnswer.accept(answer: refused, of: ours) == nil)
        refused.media = []
        #expect(OfferAnswer.accept(answer: refused, of: ours) == nil)
        var foreign = answer
        foreign.media[0].formats = [MediaFormat("9")]
        #expect(OfferAnswer.accept(answer: foreign, of: ours) == nil)
    }
}
