// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import SDP
internal import SIPMessage
internal import SIPStack
internal import Site
internal import Timing

/// Session descriptions and media legs.
extension Call {
    var site: Site? { entry?.site }

    /// What we can do towards a seat or trunk, with `preferred` codecs in front when they are allowed there.
    func capabilities(towards party: Party, preferring preferred: [AudioCodec]) -> AudioCapabilities {
        var codecs = site?.media.codecs ?? [.pcma]
        if case .trunk(let name, _) = party, let trunk = site?.trunk(name) { codecs = trunk.codecs }
        let allowed = codecs.map(AudioCodec.init)
        let front = preferred.filter(allowed.contains)
        return AudioCapabilities(codecs: front + allowed.filter { !front.contains($0) })
    }

    var advertisedAddress: String {
        guard let media = site?.media else { return "127.0.0.1" }
        return (media.advertisedAddress ?? media.address).description
    }

    func openRoom() throws(MediaError) -> MediaRoom {
        if let room { return room }
        let opened = try board.door.openRoom(callAffinity: id.rawValue)
        room = opened
        return opened
    }

    func openMedia(of leg: Leg) throws(MediaError) {
        guard leg.media == nil else { return }
        let room = try openRoom()
        let (media, port) = try board.door.openLeg(in: room)
        leg.media = media
        leg.port = port
        board.mediaLegs[media] = leg.id
    }

    /// Tells the media engine what was settled.
    func configure(_ leg: Leg, _ audio: NegotiatedAudio) {
        guard let media = leg.media else { return }
        leg.negotiated = audio
        let receives = audio.direction.receives
        // Before the answer many phones send nothing, and who holds us or is held has a right to be silent.
        let isTalking = receives && audio.direction.sends
        let timeout =
            leg.state == .answered ? (isTalking ? site?.media.rtpTimeout : site?.media.holdTimeout) : nil
        let isHeld = leg.state == .answered && !audio.direction.sends
        if isHeld != leg.isHeld {
            leg.isHeld = isHeld
            note(isHeld ? .legHeld : .legResumed, leg: leg)
        }
        board.door.configure(
            media,
            LegMedia(
                codec: MediaCodec(audio.codec), sendPayloadType: audio.sendPayloadType,
                receivePayloadType: audio.receivePayloadType,
                sendEventPayloadType: audio.telephoneEventSendPayloadType,
                receiveEventPayloadType: audio.telephoneEventReceivePayloadType,
                remoteAddress: audio.remoteAddress, remotePort: audio.remotePort,
                packetMilliseconds: audio.ptimeMilliseconds,
                sends: audio.direction.sends, receives: receives, timeout: timeout))
    }

    /// The body of our 183 or 200 to a caller: the answer to his offer, or our offer when he sent none.
    /// nil when there is no codec in common.
    func describe(_ leg: Leg, preferring: [AudioCodec]) throws(MediaError) -> [UInt8]? {
        if let description = leg.localDescription { return description.serialize() }
        try openMedia(of: leg)
        guard let offer = leg.remoteOffer else {
            let description = makeOffer(for: leg, preferring: preferring)
            leg.localDescription = description
            return description.serialize()
        }
        guard
            let (description, audio) = OfferAnswer.answer(
                to: offer, capabilities: capabilities(towards: leg.party, preferring: preferring),
                sessionID: sessionNumber,
                localAddress: advertisedAddress, port: leg.port)
        else { return nil }
        leg.localDescription = description
        configure(leg, audio)
        return description.serialize()
    }

    func makeOffer(for leg: Leg, preferring: [AudioCodec]) -> SessionDescription {
        OfferAnswer.offer(
            capabilities: capabilities(towards: leg.party, preferring: preferring), sessionID: sessionNumber,
            localAddress: advertisedAddress, port: leg.port, after: leg.localDescription)
    }

    /// The origin line's number (RFC 4566 §5.2): the call's own, so that traces can be matched.
    var sessionNumber: UInt64 { id.rawValue >> 1 }

    // MARK: Changes by the far side

    /// An ACK carries the answer when our 200 carried the offer.
    func acknowledged(_ session: SessionID, _ message: SIPMessage) {
        guard let leg = leg(of: session), leg.isUp, leg.negotiated == nil, let offer = leg.localDescription
        else { return }
        guard let answer = try? SessionDescription.parse(message.body),
            let audio = OfferAnswer.accept(answer: answer, of: offer)
        else { return end(leg, .bearerNotAvailable, by: .system) }
        configure(leg, audio)
    }

    /// Hold, resume, a new address: a re-INVITE or UPDATE is answered from what was settled, with
    /// the codec in use first so that a relay stays one.
    func reoffered(_ session: SessionID, _ message: SIPMessage) {
        guard let leg = leg(of: session), leg.isUp else { return }
        guard !message.body.isEmpty else {
            // A re-INVITE without offer asks for ours (RFC 3261 §14.2): what we said last, once more.
            let offer = makeOffer(for: leg, preferring: leg.negotiated.map { [$0.codec] } ?? [])
            leg.localDescription = offer
            leg.negotiated = nil
            return act(board.agent.acceptOffer(session, body: offer.serialize(), now: board.now))
        }
        guard let offer = try? SessionDescription.parse(message.body),
            let (description, audio) = OfferAnswer.answer(
                to: offer,
                capabilities: capabilities(towards: leg.party, preferring: leg.negotiated.map { [$0.codec] } ?? []),
                sessionID: sessionNumber, localAddress: advertisedAddress, port: leg.port,
                after: leg.localDescription)
        else {
            return act(board.agent.rejectOffer(session, status: 488, now: board.now))
        }
        leg.localDescription = description
        configure(leg, audio)
        act(board.agent.acceptOffer(session, body: description.serialize(), now: board.now))
    }

    func reofferAnswered(_ session: SessionID, _ message: SIPMessage) {
        guard let leg = leg(of: session), leg.isUp, let offer = leg.localDescription,
            let answer = try? SessionDescription.parse(message.body),
            let audio = OfferAnswer.accept(answer: answer, of: offer)
        else { return }
        configure(leg, audio)
    }

    /// Keys that come as INFO (`application/dtmf-relay`) from phones without RFC 4733.
    func inDialog(_ session: SessionID, _ message: SIPMessage) {
        guard let leg = leg(of: session), message.method == .info,
            let type = message.contentType?.lowercased(), message.body.count <= 256
        else { return }
        let text = String(decoding: message.body, as: UTF8.self)
        let key: Character?
        if type.hasPrefix("application/dtmf-relay") {
            key = text.split(whereSeparator: \.isNewline).lazy
                .first { $0.lowercased().hasPrefix("signal") }?
                .split(separator: "=").last?.first { $0 != " " }
        } else if type.hasPrefix("application/dtmf") {
            key = text.first
        } else {
            key = nil
        }
        guard let key, "0123456789*#ABCD".contains(key) else { return }
        pressed(key, on: leg.id.index)
        // In a talk RTP carries keys to the other side by itself; this one is pressed anew.
        if let talking = dialling, talking.isBridged, let connected = talking.connected,
            let other = leg === first ? connected.media : leg === connected ? first.media : nil
        {
            board.door.sendDigits(String(key), to: other)
        }
    }
}

extension AudioCodec {
    init(_ codec: MediaCodec) {
        switch codec {
        case .pcmu: self = .pcmu
        case .pcma: self = .pcma
        }
    }
}

extension MediaCodec {
    init(_ codec: AudioCodec) {
        switch codec {
        case .pcmu: self = .pcmu
        case .pcma: self = .pcma
        }
    }
}
