// SPDX-License-Identifier: AGPL-3.0-or-later

/// The payload of a telephone-event packet (RFC 4733 §2.3): four octets.
public struct TelephoneEvent: Hashable, Sendable {
    public var event: UInt8
    public var end: Bool
    /// Power below 0 dBm0 in dB, 0–63.
    public var volume: UInt8
    /// In RTP clock units (125 µs at 8 kHz), from the packet's timestamp on.
    public var duration: UInt16

    public static let size = 4

    public init(event: UInt8, end: Bool, volume: UInt8, duration: UInt16) {
        self.event = event
        self.end = end
        self.volume = min(volume, 63)
        self.duration = duration
    }

    /// Reads the first event of a payload; nil when it is shorter than four octets.
    @inline(__always)
    public init?(_ payload: UnsafePointer<UInt8>, count: Int) {
        guard count >= Self.size else { return nil }
        event = payload[0]
        end = payload[1] & 0x80 != 0
        volume = payload[1] & 0x3F
        duration = UInt16(payload[2]) << 8 | UInt16(payload[3])
    }

    /// Writes four octets.
    @inline(__always)
    public func write(to payload: UnsafeMutablePointer<UInt8>) {
        payload[0] = event
        payload[1] = (end ? 0x80 : 0) | (volume & 0x3F)
        payload[2] = UInt8(duration >> 8)
        payload[3] = UInt8(truncatingIfNeeded: duration)
    }
}
