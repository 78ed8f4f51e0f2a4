// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage

extension UserAgent {
    /// Fixed for the life of a `UserAgent`.
    public struct Configuration: Sendable {
        /// By the index in `Flow.listener`: what we call ourselves in Via and Contact.
        public var listeners: [ListenerIdentity]
        /// The User-Agent header of requests and the Server header of responses.
        public var userAgentHeader: String
        public var timers: StackTimers
        /// Our own Call-IDs begin with it.
        public var callIDPrefix: String
        /// Beyond it new requests outside dialogs get 503; requests in dialogs have a quarter more room.
        public var maxTransactions: Int
        /// Beyond it new calls get 503; calls of ours fail beyond twice as many.
        public var maxSessions: Int
        /// What the Allow header says; other methods get 405.
        public var allow: [SIPMethod]
        /// Option tags a Require header may ask for (RFC 3261 §8.2.2.3), and what Supported says.
        public var supported: [String]
        /// Datagram answers go to the port the request came from even without an `rport` parameter.
        /// False follows RFC 3261 §18.2.2 to the letter: to the port in Via.
        public var forcesRport: Bool
        /// Seconds told to peers refused with 503.
        public var retryAfterSeconds: Int
        /// Event packages, templates included, whose SUBSCRIBEs reach our user; others get 489 (RFC 6665 §4.2.1.1).
        public var eventPackages: [String]
        /// Beyond it SUBSCRIBEs and REFERs get 503. A bound for each source is the user's affair, who sees the flow.
        public var maxSubscriptions: Int
        /// SUBSCRIBEs that ask for less, but not for nothing, get 423.
        public var minSubscriptionExpires: Duration
        /// SUBSCRIBEs that ask for more, or do not say, get this.
        public var maxSubscriptionExpires: Duration
        /// How long a REFER is told of, either way, should its call never end.
        public var referralLifetime: Duration

        public init(
            listeners: [ListenerIdentity], userAgentHeader: String = "Martlet",
            timers: StackTimers = StackTimers(), callIDPrefix: String = "", maxTransactions: Int = 200_000,
            maxSessions: Int = 20_000, allow: [SIPMethod] = Configuration.defaultAllow,
            supported: [String] = Configuration.defaultSupported, forcesRport: Bool = true,
            retryAfterSeconds: Int = 5, eventPackages: [String] = [], maxSubscriptions: Int = 10_000,
            minSubscriptionExpires: Duration = .seconds(60), maxSubscriptionExpires: Duration = .seconds(3600),
            referralLifetime: Duration = .seconds(600)
        ) {
            self.listeners = listeners
            self.userAgentHeader = userAgentHeader
            self.timers = timers
            self.callIDPrefix = callIDPrefix
            self.maxTransactions = maxTransactions
            self.maxSessions = maxSessions
            self.allow = allow
            self.supported = supported
            self.forcesRport = forcesRport
            self.retryAfterSeconds = retryAfterSeconds
            self.eventPackages = eventPackages
            self.maxSubscriptions = maxSubscriptions
            self.minSubscriptionExpires = minSubscriptionExpires
            self.maxSubscriptionExpires = maxSubscriptionExpires
            self.referralLifetime = referralLifetime
        }

        /// What is served: neither MESSAGE nor PUBLISH.
        public static let defaultAllow: [SIPMethod] = [
            .invite, .ack, .cancel, .bye, .options, .info, .update, .register, .refer, .subscribe, .notify,
        ]

        /// RFC 3891 and RFC 4488.
        public static let defaultSupported = ["replaces", "norefersub"]
    }

    /// What was dropped or refused, since the beginning.
    public struct Counters: Hashable, Sendable {
        /// Responses whose top Via is not ours.
        public var foreignResponses: UInt64 = 0
        /// Responses to no transaction: late, or forged.
        public var strayResponses: UInt64 = 0
        /// ACKs to no transaction and no session.
        public var strayAcks: UInt64 = 0
        /// Messages that cannot be answered: no Via, method and CSeq at odds.
        public var malformed: UInt64 = 0
        /// Requests refused with 503 because a bound was reached.
        public var overload: UInt64 = 0
        /// INVITEs that went to another next hop after one had failed.
        public var failovers: UInt64 = 0
        /// Copies of a request refused with 482.
        public var merged: UInt64 = 0
        /// Other requests refused by the stack itself without a transaction: 400, 405, 420, 423, 481, 483, 489.
        public var refused: UInt64 = 0
        /// REFERs refused by the stack: without one sound Refer-To, too early, too many. Those outside of dialogs count
        /// as `refused` too.
        public var refusedRefers: UInt64 = 0
        /// SUBSCRIBEs refused by the stack: for an unknown package, too short, too many, in no dialog. Those outside of
        /// dialogs count as `refused` or `overload` too.
        public var refusedSubscribes: UInt64 = 0
        /// NOTIFYs that no REFER of ours asked for, or that could not be read.
        public var unexpectedNotifies: UInt64 = 0
        /// Subscriptions of peers that ended because a NOTIFY was refused or lost.
        public var lostSubscriptions: UInt64 = 0
    }
}
