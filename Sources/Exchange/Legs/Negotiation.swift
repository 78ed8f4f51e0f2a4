// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import SDP

/// Where a leg's speech is received: known once its media is open.
struct LocalMedia: Hashable, Sendable {
    /// What the far side is told: an address by which this very peer reaches us.
    var address: String
    var port: UInt16
}

/// What a leg may speak and how long it may be silent, fixed when the leg is made.
struct LegProfile: Hashable, Sendable {
    /// Most wanted first.
    var codecs: [AudioCodec]
    /// A talking leg silent for this long is missed.
    var rtpTimeout: Duration
    /// The same while somebody holds it.
    var holdTimeout: Duration
}

/// Offer and answer of one leg (RFC 3264): what was offered to us, what we said last, what was settled.
///
/// It knows no order of SIP messages; `LegMachine` does.
struct Negotiation: Sendable {
    /// The number of the origin line (RFC 4566 §5.2): the leg's own, so that traces can be matched.
    let sessionNumber: UInt64
    let profile: LegProfile
    /// An offer of theirs that has no answer yet.
    private(set) var theirOffer: SessionDescription?
    /// What we last offered or answered.
    private(set) var ours: SessionDescription?
    private(set) var settled: NegotiatedAudio?
    /// The codecs of the last offer of theirs, or of their answer to one of ours that had several; nil as long as neither came.
    private var offeredByThem: [AudioCodec]?

    init(sessionNumber: UInt64, profile: LegProfile, offer: SessionDescription? = nil) {
        self.sessionNumber = sessionNumber
        self.profile = profile
        theirOffer = offer
        offeredByThem = offer.map(Self.codecs)
    }

    private static func codecs(of description: SessionDescription) -> [AudioCodec] {
        description.media.first { $0.kind == .audio }?.formats.compactMap(\.codec) ?? []
    }

    /// Both sides may speak it, as far as is known.
    func mayBeSpoken(_ codec: AudioCodec) -> Bool {
        profile.codecs.contains(codec) && offeredByThem?.contains(codec) ?? true
    }

    /// The codecs of ours with `preferred` in front as far as they are allowed here.
    private func capabilities(preferring preferred: [AudioCodec]) -> AudioCapabilities {
        let front = preferred.filter(profile.codecs.contains)
        return AudioCapabilities(codecs: front + profile.codecs.filter { !front.contains($0) })
    }

    /// The voice codecs the far side is known to speak, in its order.
    var theirCodecs: [AudioCodec] {
        if let settled { return [settled.codec] }
        return theirOffer.map(Self.codecs) ?? []
    }

    /// What goes into our 183 or 200 on the first INVITE: the answer to its offer, or an offer of ours where it had none.
    /// Once said it stays (RFC 3261 §13.2.1). nil when there is no codec in common.
    mutating func describe(at local: LocalMedia, preferring: [AudioCodec]) -> SessionDescription? {
        if let ours { return ours }
        guard let theirs = theirOffer else { return offer(at: local, preferring: preferring) }
        return answer(theirs, at: local, preferring: preferring)
    }

    /// An offer of ours, the first or a further one.
    mutating func offer(
        at local: LocalMedia, preferring: [AudioCodec], direction: MediaDirection = .sendReceive
    ) -> SessionDescription {
        let offer = OfferAnswer.offer(
            capabilities: capabilities(preferring: preferring), sessionID: sessionNumber, localAddress: local.address,
            port: local.port, direction: direction, after: ours)
        ours = offer
        return offer
    }

    /// A further offer of this codec alone: many phones take the codec they like best of an offer, whatever its order.
    mutating func offer(at local: LocalMedia, only codec: AudioCodec) -> SessionDescription {
        let offer = OfferAnswer.offer(
            capabilities: AudioCapabilities(codecs: [codec]), sessionID: sessionNumber, localAddress: local.address,
            port: local.port, after: ours)
        ours = offer
        return offer
    }

    /// Answers an offer of theirs; nil (488) leaves everything as it was.
    mutating func answer(
        _ theirs: SessionDescription, at local: LocalMedia, preferring: [AudioCodec]
    ) -> SessionDescription? {
        guard
            let (description, audio) = OfferAnswer.answer(
                to: theirs, capabilities: capabilities(preferring: preferring), sessionID: sessionNumber,
                localAddress: local.address, port: local.port, after: ours)
        else { return nil }
        theirOffer = nil
        offeredByThem = Self.codecs(of: theirs)
        ours = description
        settled = audio
        return description
    }

    /// Takes their answer to our last offer; false when it took nothing of it.
    mutating func accept(_ answer: SessionDescription) -> Bool {
        guard let ours, let audio = OfferAnswer.accept(answer: answer, of: ours) else { return false }
        settled = audio
        // An answer lists what its maker is willing to use of the offer (RFC 3264 §6.1): a codec that was offered beside it and is
        // left out is not asked for again. Some phones end the call at a re-INVITE they do not like.
        if Self.codecs(of: ours).count > 1 { offeredByThem = Self.codecs(of: answer) }
        return true
    }

    /// Our last description is an offer that waits for its answer.
    mutating func awaitAnswer() { settled = nil }
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
