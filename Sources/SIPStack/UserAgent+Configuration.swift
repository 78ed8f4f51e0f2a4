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
        /// Our own Call-IDs begin with it, so that a transport can tell the shard from the message.
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

        public init(
            listeners: [ListenerIdentity], userAgentHeader: String = "Martlet",
            timers: StackTimers = StackTimers(), callIDPrefix: String = "", maxTransactions: Int = 200_000,
            maxSessions: Int = 20_000, allow: [SIPMethod] = Configuration.defaultAllow,
            supported: [String] = [], forcesRport: Bool = true, retryAfterSeconds: Int = 5
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
        }

        public static let defaultAllow: [SIPMethod] = [
            .invite, .ack, .cancel, .bye, .options, .info, .update, .register, .message, .notify,
        ]
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
        /// Copies of a request refused with 482.
        public var merged: UInt64 = 0
        /// Other requests refused by the stack itself: 400, 405, 420, 481, 483.
        public var refused: UInt64 = 0
    }
}
