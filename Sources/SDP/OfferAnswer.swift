// SPDX-License-Identifier: AGPL-3.0-or-later

/// What our side of a call can do with voice.
public struct AudioCapabilities: Hashable, Sendable {
    /// Most wanted first. The order decides which codec an answer takes, and the order of an offer.
    public var codecs: [AudioCodec]
    /// Whether RFC 4733 key presses are offered and accepted.
    public var allowsTelephoneEvents: Bool
    /// The payload type an offer gives to telephone-event, 96…127; an answer takes the offer's.
    public var telephoneEventPayloadType: UInt8
    /// What we like to receive.
    public var ptimeMilliseconds: Int

    public init(
        codecs: [AudioCodec] = [.pcma, .pcmu], allowsTelephoneEvents: Bool = true,
        telephoneEventPayloadType: UInt8 = 101, ptimeMilliseconds: Int = 20
    ) {
        self.codecs = codecs
        self.allowsTelephoneEvents = allowsTelephoneEvents
        self.telephoneEventPayloadType = telephoneEventPayloadType
        self.ptimeMilliseconds = ptimeMilliseconds
    }
}

/// What offer and answer came to, for the media engine.
public struct NegotiatedAudio: Hashable, Sendable {
    public var codec: AudioCodec
    /// The payload type of packets we send: what the other side wants to receive.
    public var sendPayloadType: UInt8
    /// The payload type of packets we get.
    public var receivePayloadType: UInt8
    /// Every voice payload type the other side may send by the agreement, `codec` among them: an answer may leave
    /// several codecs open (RFC 3264 §6.1).
    public var receivableCodecs: [UInt8: AudioCodec]
    /// nil when the other side did not agree to telephone-event.
    public var telephoneEventSendPayloadType: UInt8?
    public var telephoneEventReceivePayloadType: UInt8?
    /// IPv4, IPv6 without brackets, or a name. The unspecified address while the other side holds the old way.
    public var remoteAddress: String
    public var remotePort: UInt16
    public var remoteRTCPPort: UInt16
    /// What the other side likes to receive, 10…60, else 20.
    public var ptimeMilliseconds: Int
    /// From our point of view.
    public var direction: MediaDirection
    /// Which `m=` line carries the voice.
    public var mediaIndex: Int
}

/// Offer and answer (RFC 3264) for one voice stream, as functions of values.
public enum OfferAnswer {
    /// An offer of one audio line.
    ///
    /// - Parameters:
    ///   - sessionID: for `o=`, a number; ignored when `previous` is given.
    ///   - localAddress: IPv4 or IPv6 without brackets.
    ///   - port: our RTP port.
    ///   - previous: the description we last sent in this session. Its id stays, its version grows by one when anything
    ///     changed, its media lines keep their places, those not voice are refused, and telephone-event keeps its
    ///     payload type (RFC 3264 §8).
    public static func offer(
        capabilities: AudioCapabilities, sessionID: UInt64, localAddress: String, port: UInt16,
        direction: MediaDirection = .sendReceive, after previous: SessionDescription? = nil
    ) -> SessionDescription {
        var audio = MediaDescription(
            kind: .audio, port: port, direction: direction, ptimeMilliseconds: capabilities.ptimeMilliseconds)
        let voice = previous.flatMap { previous in previous.media.firstIndex { $0.isActiveVoice } }
        audio.formats = capabilities.codecs.map { MediaFormat(voice: $0, payloadType: $0.staticPayloadType) }
        if capabilities.allowsTelephoneEvents {
            let earlier = voice.flatMap { previous?.media[$0].formats.first { $0.isTelephoneEvent }?.payloadType }
            audio.formats.append(
                .telephoneEvent(payloadType: earlier ?? capabilities.telephoneEventPayloadType))
        }
        var offer = SessionDescription(
            origin: .init(sessionID: String(sessionID), address: localAddress), connectionAddress: localAddress,
            media: [audio])
        if let previous {
            offer.media = previous.media.map { $0.refused }
            if let voice {
                audio.proto = previous.media[voice].proto
                offer.media[voice] = audio
            } else {
                offer.media.append(audio)
            }
            offer.continueOrigin(of: previous)
        }
        return offer
    }

    /// The answer to an offer, or nil when no audio line of it can be accepted (488).
    ///
    /// The first live RTP/AVP or RTP/AVPF audio line with a common codec is taken, with the one codec that comes first in
    /// `capabilities`; all other lines are refused with port 0. `direction` is what we would like; the answer never
    /// promises more than the offer allows. An offered address 0.0.0.0 or :: (the hold of RFC 2543) counts as
    /// `sendonly`. The other parameters are those of ``offer(capabilities:sessionID:localAddress:port:direction:after:)``.
    public static func answer(
        to offer: SessionDescription, capabilities: AudioCapabilities, sessionID: UInt64, localAddress: String,
        port: UInt16, direction: MediaDirection = .sendReceive, after previous: SessionDescription? = nil
    ) -> (SessionDescription, NegotiatedAudio)? {
        for (index, media) in offer.media.enumerated() where media.isActiveVoice {
            guard let address = offer.address(of: media),
                let (codec, payloadType) = media.preferred(among: capabilities.codecs)
            else { continue }
            let agreed = offer.effectiveDirection(of: media).reversed.intersection(direction)
            var events: UInt8?
            if capabilities.allowsTelephoneEvents {
                events = media.formats.first { $0.isTelephoneEvent }?.payloadType
            }

            var audio = MediaDescription(
                kind: .audio, port: port, proto: media.proto,
                formats: [MediaFormat(voice: codec, payloadType: payloadType)], direction: agreed,
                ptimeMilliseconds: capabilities.ptimeMilliseconds)
            if let events { audio.formats.append(.telephoneEvent(payloadType: events)) }
            var answer = SessionDescription(
                origin: .init(sessionID: String(sessionID), address: localAddress), connectionAddress: localAddress,
                media: offer.media.map { $0.refused })
            answer.media[index] = audio
            if let previous { answer.continueOrigin(of: previous) }

            let negotiated = NegotiatedAudio(
                codec: codec, sendPayloadType: payloadType, receivePayloadType: payloadType,
                receivableCodecs: [payloadType: codec], telephoneEventSendPayloadType: events,
                telephoneEventReceivePayloadType: events, remoteAddress: address, remotePort: media.port,
                remoteRTCPPort: media.effectiveRTCPPort, ptimeMilliseconds: media.effectivePtimeMilliseconds,
                direction: agreed, mediaIndex: index)
            return (answer, negotiated)
        }
        return nil
    }

    /// What an answer to our offer came to, or nil when it refused the voice line or took nothing we offered.
    public static func accept(answer: SessionDescription, of offer: SessionDescription) -> NegotiatedAudio? {
        for (index, ours) in offer.media.enumerated() where ours.isActiveVoice && index < answer.media.count {
            if let negotiated = accept(answer, of: offer, at: index) { return negotiated }
        }
        return nil
    }

    private static func accept(
        _ answer: SessionDescription, of offer: SessionDescription, at index: Int
    ) -> NegotiatedAudio? {
        let ours = offer.media[index]
        let theirs = answer.media[index]
        guard theirs.isActiveVoice, let address = answer.address(of: theirs) else { return nil }

        var chosen: (codec: AudioCodec, send: UInt8, receive: UInt8)?
        var receivable: [UInt8: AudioCodec] = [:]
        for format in theirs.formats {
            guard let codec = format.codec, let send = format.payloadType,
                let receive = ours.formats.first(where: { $0.codec == codec })?.payloadType
            else { continue }
            receivable[receive] = codec
            if chosen == nil { chosen = (codec, send, receive) }
        }
        guard let chosen else { return nil }
        let eventsReceive = ours.formats.first { $0.isTelephoneEvent }?.payloadType
        let eventsSend = theirs.formats.first { $0.isTelephoneEvent }?.payloadType
        let haveEvents = eventsReceive != nil && eventsSend != nil
        return NegotiatedAudio(
            codec: chosen.codec, sendPayloadType: chosen.send, receivePayloadType: chosen.receive,
            receivableCodecs: receivable, telephoneEventSendPayloadType: haveEvents ? eventsSend : nil,
            telephoneEventReceivePayloadType: haveEvents ? eventsReceive : nil, remoteAddress: address,
            remotePort: theirs.port, remoteRTCPPort: theirs.effectiveRTCPPort,
            ptimeMilliseconds: theirs.effectivePtimeMilliseconds,
            direction: answer.effectiveDirection(of: theirs).reversed.intersection(offer.direction(of: ours)),
            mediaIndex: index)
    }
}
