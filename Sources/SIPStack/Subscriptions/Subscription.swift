// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage
internal import Timing

/// Why a subscription is over.
public enum SubscriptionEnd: Hashable, Sendable {
    /// `rejectSubscription` or `endSubscription` of ours.
    case local
    /// The peer gave it up (`Expires: 0`).
    case unsubscribed
    /// It was not renewed in time; a SUBSCRIBE that only asks (`Expires: 0` from the beginning) has been answered.
    case expired
    /// A NOTIFY was refused; 408 when nobody answered it, 503 when it could not be delivered.
    case refused(status: Int)
    /// Our user did not answer the SUBSCRIBE in time, or its connection closed before.
    case unanswered
}

/// A peer's subscription with a dialog of its own; we are its notifier (RFC 6665 §4.2).
struct Subscription: Sendable {
    enum State: Sendable {
        /// The SUBSCRIBE waits for our user. Left by his answer, 64 × T1 without one, or its connection's end.
        case asked(TransactionID)
        /// Accepted until then. Left by its end from either side.
        case active(NotifyQueue, until: Instant)
        /// The one NOTIFY of a SUBSCRIBE that only asks is to come from our user (RFC 6665 §4.4.3).
        case fetched
        /// Our user has heard of its end; the last NOTIFY is out.
        case ending(NotifyQueue)
    }

    let event: EventHeader
    var dialog: Dialog
    /// Where NOTIFYs go: where the last SUBSCRIBE came from.
    var flow: Flow
    /// The user part of our Contact.
    let contactUser: String?
    /// What the SUBSCRIBE asked for, within our bounds.
    let lifetime: Duration
    var state: State
}

extension Instant {
    /// What a NOTIFY says is left of a subscription: whole seconds, and no more of them than there are, but one.
    func secondsLeft(until end: Instant) -> UInt32 {
        max(1, UInt32(clamping: duration(to: end).milliseconds / 1000))
    }
}

extension Duration {
    /// Whole seconds, rounded up.
    var secondsRoundedUp: Int64 { (milliseconds + 999) / 1000 }
}
