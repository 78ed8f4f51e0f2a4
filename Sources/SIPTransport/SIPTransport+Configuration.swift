// SPDX-License-Identifier: AGPL-3.0-or-later
extension SIPTransport {
    /// Limits and sizes. Everything that can grow has its bound here.
    public struct Configuration: Sendable {
        /// Event loops, 1…256; each owns the calls whose Call-ID leads to it.
        public var wireLoops: Int
        /// The largest datagram taken, in bytes, 1,024…65,000; a longer one is dropped and counted.
        public var maximumDatagramBytes = 16_384
        /// The largest message on a stream, header and body, in bytes; a longer one closes the connection.
        public var maximumStreamMessageBytes = 65_536
        /// Connections of one source address (an IPv6 /64 counts as one) at a time.
        public var connectionsPerSource = 256
        /// Connections in all, those opened by the switch included.
        public var connectionsInAll = 8_192
        /// A connection without traffic for so long is closed. Phones refresh a registration within the hour.
        public var idleTimeout: Duration = .seconds(3_900)
        /// A message begun on a stream must be whole after so long, or the connection is closed.
        public var partialMessageTimeout: Duration = .seconds(30)
        /// How long opening a connection may take.
        public var connectTimeout: Duration = .seconds(5)
        /// Flood control: messages a second of one source address before dropping begins, per wire loop; 0 is no limit.
        public var messagesPerSecondPerSource = 1_000
        /// How many messages a source may send at once after a silence.
        public var messageBurstPerSource = 2_000
        /// Source addresses remembered per wire loop; when all are busy, newcomers share one allowance.
        public var sourcesRemembered = 8_192
        /// Addresses flood control and connection limits do not apply to, as numbers without port.
        /// What runs on this very host is not an attacker to be slowed.
        public var unlimitedSources: Set<String> = ["127.0.0.1", "::1"]
        /// Asked of the system for each socket; the system may grant less.
        public var receiveBufferBytes = 4 << 20
        public var sendBufferBytes = 4 << 20
        /// Unsent bytes on one connection before it is closed as too slow a reader.
        public var unsentBytesPerConnection = 1 << 20
        /// Messages on their way from a wire loop to the home loop; beyond it they are dropped and counted.
        public var messagesOnTheirWay = 8_192
        /// The DSCP of what is sent, 0…63; CS3 is what the field marks signalling with (RFC 4594 §4.1).
        public var differentiatedServices: UInt8 = 24

        public init(wireLoops: Int = 1) { self.wireLoops = wireLoops }

        /// With every number inside the range its documentation states.
        var bounded: Configuration {
            var copy = self
            copy.wireLoops = min(max(wireLoops, 1), 64)
            copy.maximumDatagramBytes = min(max(maximumDatagramBytes, 1_024), 65_000)
            copy.maximumStreamMessageBytes = min(max(maximumStreamMessageBytes, 1_024), 1 << 24)
            copy.connectionsPerSource = max(connectionsPerSource, 0)
            copy.connectionsInAll = max(connectionsInAll, 0)
            copy.messagesPerSecondPerSource = min(max(messagesPerSecondPerSource, 0), 1_000_000)
            copy.messageBurstPerSource = min(max(messageBurstPerSource, 1), 10_000_000)
            copy.sourcesRemembered = min(max(sourcesRemembered, 1), 1 << 20)
            copy.receiveBufferBytes = min(max(receiveBufferBytes, 4_096), 1 << 30)
            copy.sendBufferBytes = min(max(sendBufferBytes, 4_096), 1 << 30)
            copy.unsentBytesPerConnection = min(max(unsentBytesPerConnection, 4_096), 1 << 30)
            copy.messagesOnTheirWay = max(messagesOnTheirWay, 1)
            copy.differentiatedServices = min(differentiatedServices, 63)
            return copy
        }
    }
}
