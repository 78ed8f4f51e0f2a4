// SPDX-License-Identifier: AGPL-3.0-or-later

/// Makes one key press of the many packets that carry it (RFC 4733 §2.5.2).
///
/// An event is known by the RTP timestamp of its packets: it begins with the first packet of a new
/// timestamp and ends with the first end packet, with the first packet of a later event, or when
/// nothing more arrives for `lostEndMilliseconds` (all three end packets lost). Retransmitted
/// and late packets of an event that is over change nothing. Events longer than 65,535 units come as
/// segments (§2.5.1.3) and count as one.
public struct TelephoneEventReceiver: Sendable, BitwiseCopyable {
    /// A finished event.
    public struct Press: Hashable, Sendable {
        public var event: UInt8
        /// In units of 125 µs; as far as was heard when the end was lost.
        public var duration: UInt32

        public init(event: UInt8, duration: UInt32) {
            self.event = event
            self.duration = duration
        }
    }

    /// Silence after which an event is taken as ended. Packets come every 20–50 ms while a key is held.
    public static let lostEndMilliseconds: Int64 = 200

    private enum State: Sendable {
        /// No event has been seen, or the last one (by timestamp) is over.
        case idle
        /// A key is down.
        case pressed
    }

    private var state = State.idle
    private var seen = false
    private var event: UInt8 = 0
    private var timestamp: UInt32 = 0
    private var earlierSegments: UInt32 = 0
    private var duration: UInt16 = 0
    private var lastMilliseconds: Int64 = 0

    public init() {}

    /// A key is down whose end has not come.
    @inline(__always)
    public var isPressed: Bool { state == .pressed }

    /// Takes one packet; returns the press that ended with it, if one did.
    public mutating func receive(
        _ packet: TelephoneEvent, timestamp: UInt32, milliseconds: Int64
    ) -> Press? {
        let distance = Int32(bitPattern: timestamp &- self.timestamp)
        if seen && distance == 0 && packet.event == event {
            guard state == .pressed else { return nil }
            lastMilliseconds = milliseconds
            duration = max(duration, packet.duration)
            return packet.end ? finish() : nil
        }
        // A timestamp a little behind is a late packet of an event that is over; one far behind a new stream.
        if seen && distance < 0 && distance > -80_000 { return nil }
        if state == .pressed && packet.event == event && isNextSegment(distance) {
            earlierSegments &+= UInt32(duration)
            self.timestamp = timestamp
            duration = packet.duration
            lastMilliseconds = milliseconds
            return packet.end ? finish() : nil
        }
        let overlapped = state == .pressed ? finish() : nil
        begin(packet, timestamp: timestamp, milliseconds: milliseconds)
        guard packet.end else { return overlapped }
        // Only an end packet of the new event came through: it is over as well. An overlapped press and
        // such an end cannot both be returned; the new one is told by the time-out.
        if overlapped != nil { return overlapped }
        return finish()
    }

    /// The stream changed its SSRC: what follows is a new numbering. An event that was down is over.
    public mutating func restart() -> Press? {
        defer { seen = false }
        return state == .pressed ? finish() : nil
    }

    /// Ends an event whose end packets were lost.
    public mutating func expire(milliseconds: Int64) -> Press? {
        guard state == .pressed, milliseconds - lastMilliseconds >= Self.lostEndMilliseconds else { return nil }
        return finish()
    }

    private func isNextSegment(_ distance: Int32) -> Bool { duration > 0xF000 && distance >= Int32(duration) }

    private mutating func begin(_ packet: TelephoneEvent, timestamp: UInt32, milliseconds: Int64) {
        state = .pressed
        seen = true
        event = packet.event
        self.timestamp = timestamp
        earlierSegments = 0
        duration = packet.duration
        lastMilliseconds = milliseconds
    }

    private mutating func finish() -> Press {
        state = .idle
        return Press(event: event, duration: earlierSegments &+ UInt32(duration))
    }
}
