// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage
internal import Timing

/// What a session waits for.
enum SessionTimer: UInt8, Hashable, Sendable, CaseIterable {
    /// The user's `ringTimeout`.
    case ring
    /// Timer C (RFC 3261 §16.6): provisional responses on an INVITE or re-INVITE of ours stopped coming.
    case silence
    /// The next hop says nothing and there is another to try.
    case nextHop
    /// CANCEL was sent and no final response came (§9.1).
    case cancelled
    /// A provisional response of ours is due again (§13.3.1.1).
    case provisional
    /// Our 2xx is due again (§13.3.1.4).
    case answer
    /// No ACK came.
    case acknowledgement
    /// A re-INVITE refused with 491 may be tried again (§14.1).
    case reoffer
    /// A NOTIFY for a REFER of ours is due.
    case referral
}

/// One INVITE session and its dialog, from either side.
struct Session: Sendable {
    enum Phase: Hashable, Sendable {
        /// Our INVITE is out. Left by a final response, a time-out or a transport failure.
        case calling
        /// An incoming INVITE waits for our answer. Left by our answer or a CANCEL.
        case ringing
        /// Our 2xx is out, no ACK yet. Left by the ACK, by giving up, or by BYE from the caller.
        case accepted
        /// ACK sent or received. Left by BYE from either side.
        case confirmed
        /// Our BYE is out. Left when it is settled.
        case leaving
    }

    enum Cancellation: Hashable, Sendable {
        case none
        /// To be sent with the first provisional response (§9.1).
        case wanted
        case sent
    }

    /// Offers behind the first one (§14); one at a time, from either side.
    enum Renegotiation: Sendable {
        case none
        /// Our re-INVITE is out.
        case offering(TransactionID, [UInt8], attempt: Int)
        /// Our re-INVITE met one of theirs and waits.
        case waiting([UInt8], attempt: Int)
        /// Theirs waits for our user.
        case offered(TransactionID, SIPMethod)
    }

    /// A 2xx of ours on an INVITE, repeated until its ACK.
    struct UnacknowledgedAnswer: Sendable {
        var response: HeldMessage
        var flow: Flow
        var interval: Duration
    }

    var phase: Phase
    let isCaller: Bool
    var dialog: Dialog
    /// Where requests in the dialog go: where the peer's last message came from.
    var flow: Flow
    /// Where the INVITE goes if `flow` fails, in order.
    var alternatives: [Flow] = []
    /// The user part of our Contact.
    let contactUser: String?
    /// The INVITE transaction while `calling` or `ringing`.
    var invite: TransactionID?
    var cancellation: Cancellation = .none
    /// Headers for the CANCEL or BYE that is still to come (Reason).
    var farewell: [SIPHeader] = []
    /// `hangUp` came before the ACK of our 2xx; BYE must wait for it (§15).
    var leavesWhenAcknowledged = false
    /// The one event that ends a session for its user has been given.
    var isOver = false
    /// What that event will be when we leave on our own.
    var cause: EndCause = .local
    var login: LoginProgress?
    var unacknowledged: UnacknowledgedAnswer?
    var renegotiation: Renegotiation = .none
    /// An offer of ours that waits for its turn; a newer one replaces it.
    var queuedOffer: [UInt8]?
    /// REFERs of the peer that are not over.
    var referrals: [ReferID] = []
    /// The last REFER of ours, unless it is over.
    var referral: OutgoingReferral?
}
