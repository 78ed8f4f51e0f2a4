// SPDX-License-Identifier: AGPL-3.0-or-later

/// The voice codecs that can be negotiated.
public enum AudioCodec: String, Hashable, Sendable, CaseIterable {
    /// G.711 µ-law.
    case pcmu
    /// G.711 A-law.
    case pcma

    /// As in `a=rtpmap` (RFC 3551 §6), compared without case.
    public var encodingName: String {
        switch self {
        case .pcmu: "PCMU"
        case .pcma: "PCMA"
        }
    }

    /// Of the RTP time stamp, in Hz.
    public var clockRate: Int { 8_000 }

    /// The payload type RFC 3551 gives it.
    public var staticPayloadType: UInt8 {
        switch self {
        case .pcmu: 0
        case .pcma: 8
        }
    }
}

/// Who sends, seen from the side that wrote the description (RFC 4566 §6).
public enum MediaDirection: String, Hashable, Sendable, CaseIterable {
    case sendReceive = "sendrecv"
    case sendOnly = "sendonly"
    case receiveOnly = "recvonly"
    case inactive

    public var sends: Bool { self == .sendReceive || self == .sendOnly }
    public var receives: Bool { self == .sendReceive || self == .receiveOnly }

    public init(sends: Bool, receives: Bool) {
        self = sends ? (receives ? .sendReceive : .sendOnly) : (receives ? .receiveOnly : .inactive)
    }

    /// The same stream seen from the other side.
    public var reversed: MediaDirection { MediaDirection(sends: receives, receives: sends) }

    /// What both allow.
    public func intersection(_ other: MediaDirection) -> MediaDirection {
        MediaDirection(sends: sends && other.sends, receives: receives && other.receives)
    }
}
