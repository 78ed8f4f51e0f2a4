// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import SDP

/// What happens to a leg.
enum LegInput: Sendable {
    // Wishes of the switch.
    case mediaOpened(LocalMedia)
    /// The party is to be told that somebody rings.
    case ring
    /// The party is to hear us before the answer; codecs wanted first.
    case progress(preferring: [AudioCodec])
    case answer(preferring: [AudioCodec])
    case hangUp(HangupCause, by: EndedBy, reason: LegReason?)
    /// Keys are to be kept from the other side of the talk.
    case holdKeys(Bool)
    /// The other side of the talk speaks this codec.
    case prefer(AudioCodec)

    // Reports of the SIP stack.
    /// 101…199 on our INVITE.
    case provisional(status: Int, SessionDescription?)
    /// 2xx on our INVITE; a body that is there and cannot be read is nil without being empty.
    case accepted(SessionDescription?, isEmpty: Bool)
    case acknowledged(SessionDescription?)
    /// A re-INVITE or UPDATE; nil asks for an offer of ours.
    case offered(SessionDescription?)
    case offerAnswered(SessionDescription?)
    /// Ours was refused, or met theirs too often.
    case offerRefused
    case over(HangupCause, by: EndedBy, status: Int?)

    // Reports of media.
    case mediaTimedOut
    case mediaClosed(LegStatistics)
    /// Media never said that it closed.
    case mediaOverdue
}

/// What a leg asks for.
enum LegAction: Hashable, Sendable {
    /// 180, with the description where the party hears us already.
    case ring(SessionDescription?)
    /// 183 with a description.
    case progress(SessionDescription)
    /// 200 on the INVITE.
    case accept(SessionDescription)
    case reject(status: Int, LegReason)
    /// BYE, or CANCEL while unanswered.
    case bye(LegReason)
    case acceptOffer(SessionDescription)
    case rejectOffer(Int)
    /// A re-INVITE of ours.
    case reoffer(SessionDescription)
    /// One that has not gone out yet is not to.
    case withdrawOffer
    case configure(LegMedia)
    case closeMedia
    /// `mediaOverdue` is to come after this time, unless media closes before.
    case overdue(after: Duration)
    case fact(LegFact)
    case report(LegReport)
    case forget
}

/// What the ledger hears of a leg.
enum LegFact: Hashable, Sendable {
    case ringing
    case answered(String)
    case held, resumed
    case mediaTimedOut
    case ended(LegMachine.End, LegStatistics)
}

/// What whoever drives the leg hears of it.
enum LegReport: Hashable, Sendable {
    /// 101…199; `media` when a description came along that we could take.
    case rings(status: Int, media: Bool)
    case answered
    case held, resumed
    /// Another offer and answer are done, or came to nothing: the codec may have changed. `isOurs`: we had offered.
    case negotiated(isOurs: Bool)
    case ended(HangupCause, by: EndedBy, status: Int?, wasAnswered: Bool)
}

/// The text of a Reason header (RFC 3326).
enum LegReason: Hashable, Sendable {
    case cause(HangupCause)
    /// §3.1 there: without it every phone of a group but one shows a missed call.
    case answeredElsewhere

    var text: String {
        switch self {
        case .cause(let cause): "Q.850;cause=\(cause.rawValue);text=\"\(cause.text)\""
        case .answeredElsewhere: "SIP;cause=200;text=\"Call completed elsewhere\""
        }
    }
}
