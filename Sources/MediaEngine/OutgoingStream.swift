// SPDX-License-Identifier: AGPL-3.0-or-later

/// What a leg sends is one stream for its whole life: one SSRC, sequence numbers and timestamps that
/// only go on, whether packets are relayed from another leg, mixed or generated. Only the marker bit tells
/// the far side that the source changed.
struct OutgoingStream: BitwiseCopyable {
    struct Stamp: Equatable, BitwiseCopyable {
        var ssrc: UInt32
        var sequence: UInt16
        var timestamp: UInt32
        var marker: Bool
    }

    /// Source of frames made at the tick: mixes, players, tones in band.
    static let generatedSource: UInt64 = 1
    /// Source of telephone-events of our own.
    static let eventSource: UInt64 = 2

    let ssrc: UInt32
    /// Who the last packet came from; 0 before the first. A relayed source is a number above 2 that
    /// changes when the other leg's stream begins anew.
    private(set) var source: UInt64 = 0
    private(set) var packets: UInt64 = 0
    private(set) var octets: UInt64 = 0
    private(set) var lastTimestamp: UInt32
    private(set) var lastNanoseconds: Int64 = 0
    private var nextSequence: UInt16
    private var sequenceOffset: UInt16 = 0
    private var timestampOffset: UInt32 = 0
    /// Packets left after a switch during which an older number of the new source cannot be told from
    /// one already sent by the old, and is dropped.
    private var guarded: Int32 = 0
    private var firstSequence: UInt16 = 0

    init(ssrc: UInt32, sequence: UInt16, timestamp: UInt32) {
        self.ssrc = ssrc
        nextSequence = sequence
        lastTimestamp = timestamp
    }

    /// The timestamp that belongs to `now` if speech had gone on since the last packet.
    private func continued(_ now: Int64) -> UInt32 {
        guard source != 0 else { return lastTimestamp }
        let elapsed = max(0, now - lastNanoseconds) / 125_000
        return lastTimestamp &+ UInt32(truncatingIfNeeded: max(160, elapsed))
    }

    /// The stamp of a packet relayed from `source`, losses and order kept; nil when it must be dropped
    /// because it belongs before a switch. `isEvent` spares telephone-events, whose timestamp stands
    /// still, the check for jumps.
    @inline(__always)
    mutating func relay(
        source: UInt64, sequence: UInt16, timestamp: UInt32, marker: Bool, isEvent: Bool, octets count: Int, now: Int64
    ) -> Stamp? {
        var marker = marker
        if source != self.source {
            sequenceOffset = nextSequence &- sequence
            timestampOffset = continued(now) &- timestamp
            self.source = source
            guarded = 1000
            firstSequence = nextSequence
            marker = !isEvent || marker
        }
        let out = sequence &+ sequenceOffset
        if guarded > 0 {
            guarded -= 1
            if Int16(bitPattern: out &- firstSequence) < 0 { return nil }
        }
        var stampTime = timestamp &+ timestampOffset
        if !isEvent {
            let jump = Int32(bitPattern: stampTime &- continued(now))
            if jump > 24_000 || jump < -24_000 {
                timestampOffset = continued(now) &- timestamp
                stampTime = timestamp &+ timestampOffset
                marker = true
            }
        }
        if Int16(bitPattern: out &- nextSequence) >= 0 {
            nextSequence = out &+ 1
            lastTimestamp = stampTime
            lastNanoseconds = now
        }
        tally(count)
        return Stamp(ssrc: ssrc, sequence: out, timestamp: stampTime, marker: marker)
    }

    /// A packet of the source that is not sent on: the next one takes its number, so that no loss is seen. Packets said
    /// before it that come later are dropped, because their numbers are taken.
    mutating func skip(source: UInt64, sequence: UInt16) {
        guard source == self.source else { return }
        let out = sequence &+ sequenceOffset
        guard Int16(bitPattern: out &- nextSequence) >= 0 else { return }
        sequenceOffset &-= 1
        nextSequence = out
        firstSequence = out
        guarded = 1000
    }

    /// The stamp of a frame made at the tick. Ticks that were missed are missing in the timestamps too.
    @inline(__always)
    mutating func generate(octets count: Int, samples: UInt32 = 160, now: Int64) -> Stamp {
        let switched = source != Self.generatedSource
        var time = lastTimestamp &+ samples
        if switched || now - lastNanoseconds > 60_000_000 { time = continued(now) }
        source = Self.generatedSource
        return take(time, marker: switched, octets: count, now: now)
    }

    /// The stamp of a telephone-event packet of our own: all of an event carry the time it began.
    mutating func event(begins: Bool, octets count: Int, now: Int64) -> Stamp {
        let time = begins ? continued(now) : lastTimestamp
        source = Self.eventSource
        return take(time, marker: begins, octets: count, now: begins ? now : lastNanoseconds)
    }

    private mutating func take(_ time: UInt32, marker: Bool, octets count: Int, now: Int64) -> Stamp {
        let stamp = Stamp(ssrc: ssrc, sequence: nextSequence, timestamp: time, marker: marker)
        nextSequence &+= 1
        lastTimestamp = time
        lastNanoseconds = now
        tally(count)
        return stamp
    }

    @inline(__always)
    private mutating func tally(_ count: Int) {
        packets &+= 1
        octets &+= UInt64(count)
    }

    /// The RTP time of `now`, for sender reports (RFC 3550 §6.4.1).
    func timestamp(at now: Int64) -> UInt32 {
        lastTimestamp &+ UInt32(truncatingIfNeeded: max(0, now - lastNanoseconds) / 125_000)
    }
}
