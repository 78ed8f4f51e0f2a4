// SPDX-License-Identifier: AGPL-3.0-or-later

/// Sequence numbers, losses and jitter of what a leg receives (RFC 3550 Appendices A.1, A.3, A.8).
///
/// Unlike A.1 the first packet of a source counts at once (no probation): the address is checked before,
/// and a caller's first syllable is worth more. A change of SSRC begins anew; the figures of earlier
/// sources are kept in the totals.
struct ReceiveStatistics: BitwiseCopyable {
    enum Outcome {
        /// In order, late, twice or after a gap: a packet of the stream.
        case valid
        /// First packet of a new source, or of an old one that began its numbers anew.
        case restarted
        /// A number far off; taken only if the next one follows it (A.1, `bad_seq`).
        case doubtful
    }

    private static let maximumDropout: UInt16 = 3000
    private static let maximumMisorder: UInt16 = 100

    private(set) var ssrc: UInt32 = 0
    /// Counts restarts; 0 before the first packet.
    private(set) var epoch: UInt32 = 0
    private(set) var highest: UInt16 = 0
    private(set) var cycles: UInt32 = 0
    private var base: UInt16 = 0
    /// 0x10000: none.
    private var doubtfulNext: UInt32 = 0x10000
    private(set) var received: UInt64 = 0
    private var receivedBefore: UInt64 = 0
    private var lostBefore: UInt64 = 0
    private var expectedPrior: UInt64 = 0
    private var receivedPrior: UInt64 = 0
    /// In sixteenths of an RTP clock unit (A.8).
    private var jitterSixteenths: UInt32 = 0
    private var transit: UInt32 = 0

    /// Takes a packet that arrived at `arrival`, in RTP clock units of our own clock. Telephone-events have
    /// no part in jitter: their timestamp stands still.
    @inline(__always)
    mutating func receive(
        ssrc: UInt32, sequence: UInt16, timestamp: UInt32, arrival: UInt32, isEvent: Bool
    ) -> Outcome {
        if epoch == 0 || ssrc != self.ssrc {
            restart(ssrc: ssrc, sequence: sequence)
            transit = arrival &- timestamp
            return .restarted
        }
        let delta = sequence &- highest
        if delta < Self.maximumDropout {
            if sequence < highest { cycles &+= 0x10000 }
            highest = sequence
        } else if delta <= 0xFFFF - Self.maximumMisorder {
            if UInt32(sequence) == doubtfulNext {
                restart(ssrc: ssrc, sequence: sequence)
                transit = arrival &- timestamp
                return .restarted
            }
            doubtfulNext = UInt32(sequence &+ 1)
            return .doubtful
        }
        received &+= 1
        if !isEvent {
            let now = arrival &- timestamp
            let difference = Int32(bitPattern: now &- transit)
            transit = now
            let magnitude = min(difference.magnitude, 80_000)
            jitterSixteenths = jitterSixteenths &+ magnitude &- ((jitterSixteenths &+ 8) >> 4)
        }
        return .valid
    }

    private mutating func restart(ssrc: UInt32, sequence: UInt16) {
        lostBefore = totalLost
        receivedBefore = totalReceived
        self.ssrc = ssrc
        epoch &+= 1
        highest = sequence
        base = sequence
        cycles = 0
        doubtfulNext = 0x10000
        received = 1
        expectedPrior = 0
        receivedPrior = 0
        jitterSixteenths = 0
    }

    private var expected: UInt64 {
        guard epoch != 0 else { return 0 }
        let extended = UInt64(cycles) + UInt64(highest)
        return extended >= UInt64(base) ? extended - UInt64(base) + 1 : 1
    }

    /// Of all sources.
    var totalReceived: UInt64 { receivedBefore &+ received }
    /// Of all sources, never below 0: packets that came twice do not make up for lost ones of another source.
    var totalLost: UInt64 { lostBefore &+ (expected > received ? expected - received : 0) }
    /// In RTP clock units.
    var jitter: UInt32 { jitterSixteenths >> 4 }

    /// The loss part of a report block for the time since the last one (A.3).
    mutating func reportBlock() -> (fraction: UInt8, lost: UInt32, highest: UInt32) {
        let expectedNow = expected
        let expectedSince = expectedNow &- expectedPrior
        let receivedSince = received &- receivedPrior
        expectedPrior = expectedNow
        receivedPrior = received
        let lostSince = expectedSince > receivedSince ? expectedSince - receivedSince : 0
        let fraction = expectedSince == 0 ? 0 : min(255, lostSince << 8 / expectedSince)
        let lost = expectedNow > received ? min(expectedNow - received, 0x7F_FFFF) : 0
        return (UInt8(fraction), UInt32(lost), cycles &+ UInt32(highest))
    }
}
