// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage
internal import Timing

/// A REFER of a peer and the subscription it makes (RFC 3515 §2.4). Several may share a dialog; each is told apart by the
/// CSeq number of its REFER.
struct Referral: Sendable {
    enum State: Sendable {
        /// The REFER waits for our user. Left by his answer, 64 × T1 without one, or the end of the session.
        case asked(TransactionID)
        /// 202 has gone out. Left when the last NOTIFY is settled, or when the peer no longer wants any.
        case subscribed(NotifyQueue, until: Instant)
    }

    /// The session whose dialog the REFER came in; it may have ended since.
    let session: SessionID
    /// The CSeq number of the REFER, which is the id of its subscription (§2.4.6).
    let number: UInt32
    var state: State
    /// What was told last; the peer may ask for it again.
    var newest = StatusFragment(status: 100)

    init(session: SessionID, number: UInt32, transaction: TransactionID) {
        self.session = session
        self.number = number
        state = .asked(transaction)
    }

    var event: EventHeader { EventHeader(package: Self.package, id: String(number)) }

    /// Peers leave the id of the first REFER's subscription out (§2.4.6).
    func isMeant(by event: EventHeader) -> Bool {
        event.type == Self.package && (event.id == nil || event.id == String(number))
    }

    /// The event package of RFC 3515 §3.
    static let package = "refer"
}

/// A dialog whose call is over while REFERs of the peer still have something to be told (RFC 6665 §4.5.2, RFC 5057 §4.1):
/// it lasts until the last of them ends.
struct LingeringDialog: Sendable {
    var dialog: Dialog
    var flow: Flow
    let contactUser: String?
    /// Not empty.
    var referrals: [ReferID]
}

/// A REFER of ours. It ends with its session.
struct OutgoingReferral: Sendable {
    enum State: Hashable, Sendable {
        /// Neither a final response nor a NOTIFY has come. Left by either of them.
        case asked(TransactionID)
        /// Accepted. Left by the NOTIFY that tells the outcome, or by the timer.
        case subscribed
        /// The outcome has been told; the peer has yet to say that the subscription is over.
        case settled
    }

    /// The CSeq number of the REFER.
    var number: UInt32
    /// The subscription of an earlier one may still be told of, so that a NOTIFY without id is not for this one.
    let needsID: Bool
    var state: State

    func isMeant(by event: EventHeader) -> Bool { event.id == nil ? !needsID : event.id == String(number) }
}
