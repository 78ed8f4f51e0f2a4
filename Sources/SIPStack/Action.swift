// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage

/// What a `UserAgent` asks of its shell, in order.
public enum Action: Sendable {
    case send(SIPMessage, to: Flow)
    case event(Event)
}

/// What happened, for the user of the stack.
///
/// Every session ends with exactly one of `failed`, `cancelled` and `ended`; after it its number is unknown
/// to the stack and commands for it do nothing.
public enum Event: Sendable {
    /// A new call. Answer it with `progress`, `accept` or `reject`. 100 Trying has gone out.
    case incomingInvite(SessionID, SIPMessage, Flow)
    /// REGISTER, OPTIONS, REFER … outside dialogs. Answer it with `respond` within 64 × T1.
    case incomingRequest(ServerRequestID, SIPMessage, Flow)
    /// 101…199 on our INVITE.
    case provisional(SessionID, status: Int, SIPMessage)
    /// The first 2xx on our INVITE; its ACK has gone out.
    case answered(SessionID, SIPMessage)
    /// The final non-2xx response on our INVITE; 408 without a message when nobody answered in time
    /// (timer B, timer C, `ringTimeout`), 503 without one when the transport failed.
    case failed(SessionID, status: Int, SIPMessage?)
    /// The caller gave up before our answer (CANCEL, or his connection closed). `reason` is the text of the
    /// Reason header (RFC 3326).
    case cancelled(SessionID, reason: String?)
    /// The ACK of a 2xx of ours; it carries the answer when our 2xx carried the offer.
    case acknowledged(SessionID, SIPMessage)
    /// A re-INVITE, or an UPDATE with a body. Answer it with `acceptOffer` or `rejectOffer`. A re-INVITE
    /// without body asks for an offer of ours.
    case reoffered(SessionID, SIPMessage)
    /// The 2xx on our re-INVITE; its ACK has gone out.
    case reofferAnswered(SessionID, SIPMessage)
    /// Our re-INVITE was refused; the session goes on as before.
    case reofferFailed(SessionID, status: Int)
    /// INFO and whatever else `Configuration.allow` names, in the dialog; answered with 200 already.
    case inDialogRequest(SessionID, SIPMessage)
    /// A REFER with one sound Refer-To in an established call. Answer it with `acceptRefer` or `rejectRefer` within
    /// 64 × T1; later the number is unknown to the stack, as it is when the call ends before the answer.
    case referred(SessionID, ReferID, SIPMessage)
    /// The outcome of a REFER of ours: its final response, 202 when a NOTIFY came before any, 408 or 503 when none
    /// came, 491 when it could not be sent. Not told when the session ends first.
    case referAnswered(SessionID, status: Int)
    /// What the peer tells of the call our REFER asked for. After `isFinal` nothing more comes; its status is 408 when
    /// the peer fell silent. Not told when the session ends first.
    case referProgress(SessionID, status: Int, isFinal: Bool)
    /// A SUBSCRIBE for a package the configuration names. Answer it with `acceptSubscription` or `rejectSubscription`
    /// within 64 × T1. Each ends with exactly one `subscriptionEnded`; after it its number is unknown to the stack.
    case subscribed(SubscriptionID, SIPMessage, Flow)
    /// The peer renewed its subscription and wants to be told the full state (RFC 6665 §4.2.1.2). 200 has gone out.
    case subscriptionRefreshed(SubscriptionID)
    case subscriptionEnded(SubscriptionID, SubscriptionEnd)
    case ended(SessionID, EndCause)
    /// A final response to a request of ours outside dialogs.
    case response(ClientRequestID, SIPMessage)
    /// No final response: 408 in time, 503 because the transport failed.
    case requestFailed(ClientRequestID, status: Int)
}

/// Why an established session, or one we ended, is over.
public enum EndCause: Hashable, Sendable {
    /// BYE from the other side, with the text of its Reason header (RFC 3326).
    case remote(reason: String?)
    /// `hangUp` or `reject` of ours, settled or given up.
    case local
    /// No ACK of our 2xx within 64 × T1; BYE was sent (RFC 3261 §13.3.1.4).
    case notAcknowledged
    /// The other side no longer knows the dialog: 481 or 408 on a request of ours (§12.2.1.2).
    case refused(status: Int)
}
