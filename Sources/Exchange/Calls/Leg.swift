// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import SDP
internal import SIPMessage
internal import SIPStack
internal import Timing

/// One party's connection within a call: a SIP session and a media leg under one identity.
/// Owned by its `Call`, confined to the call's shard.
final class Leg {
    enum State: Hashable {
        /// No answer yet; on an outgoing leg nothing was heard yet either.
        case trying
        /// 180 or 183 went one way or the other.
        case ringing
        case answered
        /// The SIP side is over; the media side may still be closing.
        case ended
    }

    let id: LegID
    let party: Party
    /// The party called us.
    let isIncoming: Bool
    let sipCallID: String
    let flow: Flow
    let session: SessionID
    var state: State = .trying
    var startedAt: WallTime
    var answeredAt: WallTime?

    /// What an incoming leg's INVITE leaves to those it causes, so that a call that goes round in circles ends
    /// (Max-Forwards, RFC 3261 §8.1.1.6).
    var hopsLeft = 70

    /// Open from the first need of media until `.legClosed`.
    var media: MediaLeg?
    var port: UInt16 = 0
    /// The offer we got, or nil when the INVITE had none and ours goes into the 200.
    var remoteOffer: SessionDescription?
    /// What we last offered or answered.
    var localDescription: SessionDescription?
    var negotiated: NegotiatedAudio?
    /// The far side wants nothing from us (`sendonly`, `inactive`).
    var isHeld = false

    /// Given back when the leg ends.
    var places: [Occupancy.Place] = []
    var ending: (cause: HangupCause, by: EndedBy, status: Int?)?
    /// The ledger has the leg's end.
    var isClosed = false

    init(
        id: LegID, party: Party, isIncoming: Bool, sipCallID: String, flow: Flow, session: SessionID,
        startedAt: WallTime
    ) {
        self.id = id
        self.party = party
        self.isIncoming = isIncoming
        self.sipCallID = sipCallID
        self.flow = flow
        self.session = session
        self.startedAt = startedAt
    }

    var isUp: Bool { state != .ended }
}
