// SPDX-License-Identifier: AGPL-3.0-or-later

/// The fixed header of an RTP packet and where its payload lies (RFC 3550 §5.1).
struct RTPHeader: BitwiseCopyable {
    static let size = 12

    var payloadType: UInt8
    var marker: Bool
    var sequence: UInt16
    var timestamp: UInt32
    var ssrc: UInt32
    /// Behind CSRC list and extension.
    var payloadOffset: Int
    /// Without padding.
    var payloadCount: Int

    /// nil for what is not RTP version 2 or whose lengths do not add up.
    @inline(__always)
    init?(_ bytes: UnsafePointer<UInt8>, count: Int) {
        guard count >= Self.size, bytes[0] >> 6 == 2 else { return nil }
        var offset = Self.size + Int(bytes[0] & 15) * 4
        if bytes[0] & 0x10 != 0 {
            guard count >= offset + 4 else { return nil }
            offset += 4 + Int(Self.big16(bytes + offset + 2)) * 4
        }
        var end = count
        if bytes[0] & 0x20 != 0 {
            let padding = Int(bytes[count - 1])
            guard padding > 0 else { return nil }
            end -= padding
        }
        guard offset <= end else { return nil }
        payloadOffset = offset
        payloadCount = end - offset
        marker = bytes[1] & 0x80 != 0
        payloadType = bytes[1] & 0x7F
        sequence = Self.big16(bytes + 2)
        timestamp = Self.big32(bytes + 4)
        ssrc = Self.big32(bytes + 8)
    }

    /// Writes a header without extension, CSRCs or padding: twelve octets.
    @inline(__always)
    static func write(_ stamp: OutgoingStream.Stamp, payloadType: UInt8, to bytes: UnsafeMutablePointer<UInt8>) {
        bytes[0] = 0x80
        bytes[1] = (stamp.marker ? 0x80 : 0) | (payloadType & 0x7F)
        put(stamp.sequence, at: bytes + 2)
        put(stamp.timestamp, at: bytes + 4)
        put(stamp.ssrc, at: bytes + 8)
    }

    @inline(__always)
    static func big16(_ p: UnsafePointer<UInt8>) -> UInt16 { UInt16(p[0]) << 8 | UInt16(p[1]) }

    @inline(__always)
    static func big32(_ p: UnsafePointer<UInt8>) -> UInt32 { UInt32(big16(p)) << 16 | UInt32(big16(p + 2)) }

    @inline(__always)
    static func put(_ value: UInt16, at p: UnsafeMutablePointer<UInt8>) {
        p[0] = UInt8(value >> 8)
        p[1] = UInt8(truncatingIfNeeded: value)
    }

    @inline(__always)
    static func put(_ value: UInt32, at p: UnsafeMutablePointer<UInt8>) {
        put(UInt16(value >> 16), at: p)
        put(UInt16(truncatingIfNeeded: value), at: p + 2)
    }
}
