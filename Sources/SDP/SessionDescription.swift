// SPDX-License-Identifier: AGPL-3.0-or-later

/// `a=name` or `a=name:value`.
public struct SDPAttribute: Hashable, Sendable {
    public var name: String
    public var value: String?
    public init(_ name: String, _ value: String? = nil) {
        self.name = name
        self.value = value
    }
}

/// A session description as a value (RFC 4566). Kept are the lines that offer and answer need and every attribute;
/// i=, u=, e=, p=, b=, z=, k= and the times are not.
public struct SessionDescription: Hashable, Sendable {
    /// `o=`: who made the description; id and version tell a changed one from a repeated one (RFC 3264 §8).
    public struct Origin: Hashable, Sendable {
        public var username: String
        /// A number by the standard; kept as text because not all senders keep to it.
        public var sessionID: String
        /// 0 when what stood there is no 64-bit number.
        public var sessionVersion: UInt64
        /// IPv4, IPv6 without brackets, or a name.
        public var address: String

        public init(username: String = "-", sessionID: String, sessionVersion: UInt64 = 1, address: String) {
            self.username = username
            self.sessionID = sessionID
            self.sessionVersion = sessionVersion
            self.address = address
        }
    }

    public var origin: Origin
    public var sessionName: String
    /// The session's `c=` address, IPv6 without brackets; a media line's own goes before it.
    public var connectionAddress: String?
    /// The session's direction attribute; a media line's own goes before it.
    public var direction: MediaDirection?
    /// The session's other attributes, in order.
    public var attributes: [SDPAttribute]
    public var media: [MediaDescription]

    public init(
        origin: Origin, sessionName: String = "-", connectionAddress: String? = nil, direction: MediaDirection? = nil,
        attributes: [SDPAttribute] = [], media: [MediaDescription] = []
    ) {
        self.origin = origin
        self.sessionName = sessionName
        self.connectionAddress = connectionAddress
        self.direction = direction
        self.attributes = attributes
        self.media = media
    }

    /// The address packets of that media line go to: its own `c=` or the session's.
    public func address(of media: MediaDescription) -> String? { media.connectionAddress ?? connectionAddress }

    /// The direction of that media line: its own, the session's, or `sendrecv` (RFC 4566 §6).
    public func direction(of media: MediaDescription) -> MediaDirection {
        media.direction ?? direction ?? .sendReceive
    }
}

/// One `m=` line with what stands below it.
public struct MediaDescription: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case audio, video, image
        case other(String)
    }

    public var kind: Kind
    /// 0 means refused or switched off (RFC 3264 §5.1, §6).
    public var port: UInt16
    /// E.g. `RTP/AVP`, `udptl`.
    public var proto: String
    /// In order of preference.
    public var formats: [MediaFormat]
    public var connectionAddress: String?
    /// nil when the line has no direction attribute of its own.
    public var direction: MediaDirection?
    /// The packet length this side would like to receive.
    public var ptimeMilliseconds: Int?
    /// `a=rtcp` (RFC 3605); nil means the port after `port`.
    public var rtcpPort: UInt16?
    /// `a=rtcp-mux` (RFC 5761).
    public var hasRTCPMux: Bool
    /// The other attributes, in order.
    public var attributes: [SDPAttribute]

    public init(
        kind: Kind, port: UInt16, proto: String = "RTP/AVP", formats: [MediaFormat] = [],
        connectionAddress: String? = nil, direction: MediaDirection? = nil, ptimeMilliseconds: Int? = nil,
        rtcpPort: UInt16? = nil, hasRTCPMux: Bool = false, attributes: [SDPAttribute] = []
    ) {
        self.kind = kind
        self.port = port
        self.proto = proto
        self.formats = formats
        self.connectionAddress = connectionAddress
        self.direction = direction
        self.ptimeMilliseconds = ptimeMilliseconds
        self.rtcpPort = rtcpPort
        self.hasRTCPMux = hasRTCPMux
        self.attributes = attributes
    }

    /// The value of the first attribute of that name among `attributes`.
    public func attribute(_ name: String) -> String? { attributes.first { $0.name == name }?.value }
}

/// One format of an `m=` line with its `rtpmap` and `fmtp`.
public struct MediaFormat: Hashable, Sendable {
    /// As in the `m=` line: a payload type, or a word such as `t38`.
    public var token: String
    /// From `a=rtpmap`; nil when there is none, as static payload types may (RFC 3551 §6).
    public var encodingName: String?
    public var clockRate: Int?
    public var channels: Int?
    /// The text of `a=fmtp` behind the format.
    public var parameters: String?

    public init(
        _ token: String, encodingName: String? = nil, clockRate: Int? = nil, channels: Int? = nil,
        parameters: String? = nil
    ) {
        self.token = token
        self.encodingName = encodingName
        self.clockRate = clockRate
        self.channels = channels
        self.parameters = parameters
    }

    /// The RTP payload type, 0…127; nil for other formats.
    public var payloadType: UInt8? {
        guard let number = UInt8(token), number < 128 else { return nil }
        return number
    }

    /// The codec it names, by its rtpmap or by its static payload type.
    public var codec: AudioCodec? {
        guard let payloadType else { return nil }
        guard let encodingName else { return AudioCodec.allCases.first { $0.staticPayloadType == payloadType } }
        guard channels ?? 1 == 1 else { return nil }
        let name = encodingName.uppercased()
        return AudioCodec.allCases.first { $0.encodingName == name && $0.clockRate == clockRate }
    }

    /// RFC 4733 events at the 8 kHz clock of our codecs; other clocks do not fit their time stamps.
    public var isTelephoneEvent: Bool {
        payloadType != nil && clockRate == 8_000 && encodingName?.lowercased() == "telephone-event"
    }
}
