// SPDX-License-Identifier: AGPL-3.0-or-later

/// An RTP packet of 20 ms of G.711 (RFC 3550, RFC 3551) whose payload tells which stream it belongs to, which packet
/// of it this is, and when it left. A switch that relays leaves the payload alone; one that decodes and encodes the
/// same A-law gives the same octets back.
///
/// Bytes: 0 RTP header · 12 mark · 16 stream · 20 number · 24 time sent · 32 filler up to 172. All little-endian
/// behind the RTP header.
enum StampedPacket {
    static let bytes = 172
    static let samples = 160
    private static let mark: UInt32 = 0x4C54_524D

    /// Writes all but the time.
    static func write(
        _ packet: UnsafeMutableRawPointer, payloadType: UInt8, stream: UInt32, number: UInt32, timestamp: UInt32
    ) {
        packet.storeBytes(of: 0x80, as: UInt8.self)
        packet.storeBytes(of: payloadType, toByteOffset: 1, as: UInt8.self)
        packet.storeBytes(of: UInt16(truncatingIfNeeded: number).bigEndian, toByteOffset: 2, as: UInt16.self)
        packet.storeBytes(of: timestamp.bigEndian, toByteOffset: 4, as: UInt32.self)
        packet.storeBytes(of: (stream &* 2_654_435_761 | 1).bigEndian, toByteOffset: 8, as: UInt32.self)
        packet.storeBytes(of: mark, toByteOffset: 12, as: UInt32.self)
        packet.storeBytes(of: stream, toByteOffset: 16, as: UInt32.self)
        packet.storeBytes(of: number, toByteOffset: 20, as: UInt32.self)
    }

    /// Written last, when the packet leaves.
    static func stamp(_ packet: UnsafeMutableRawPointer, sent: Int64) {
        packet.storeBytes(of: sent, toByteOffset: 24, as: Int64.self)
    }

    struct Mark {
        var stream: UInt32
        var number: UInt32
        var sent: Int64
    }

    /// nil when it is none of ours: silence, comfort noise, a tone.
    static func read(_ packet: UnsafeRawBufferPointer) -> Mark? {
        guard packet.count >= 32, packet.loadUnaligned(fromByteOffset: 12, as: UInt32.self) == mark else { return nil }
        return Mark(
            stream: packet.loadUnaligned(fromByteOffset: 16, as: UInt32.self),
            number: packet.loadUnaligned(fromByteOffset: 20, as: UInt32.self),
            sent: packet.loadUnaligned(fromByteOffset: 24, as: Int64.self))
    }
}
