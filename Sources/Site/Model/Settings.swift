// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel

/// Prompt languages.
public enum SiteLanguage: String, Hashable, Sendable, CaseIterable {
    case english = "en"
    case chinese = "zh"
}

/// `[sip]` of `site.toml`.
public struct SIPSettings: Hashable, Sendable {
    public enum DigestAlgorithm: String, Hashable, Sendable, CaseIterable {
        case sha256 = "SHA-256"
        case md5 = "MD5"
    }

    /// At least one, at most 16, none overlapping.
    public var listen: [ListenAddress]
    /// What goes into Via and Contact instead of the address listened on, for a switch behind NAT.
    /// A host name or address, IPv6 without brackets.
    public var advertisedAddress: String?
    /// Offered in this order (RFC 8760); phones take the first they know.
    public var digest: [DigestAlgorithm]
    /// A REGISTER asking for less is answered 423 (RFC 3261 §10.3), for more is shortened.
    public var registrationExpires: ClosedRange<Duration>
    /// RFC 3261 §17.1.1.1.
    public var t1: Duration
    /// INVITE sessions at once, each leg one.
    public var sessions: Int
    /// Of the User-Agent and Server headers.
    public var userAgent: String
}

/// `[media]` of `site.toml`.
public struct MediaSettings: Hashable, Sendable {
    public var address: IPAddress
    /// What goes into SDP instead of `address`, for a switch behind NAT.
    public var advertisedAddress: IPAddress?
    /// RTP takes even ports, RTCP the odd one above.
    public var ports: ClosedRange<UInt16>
    /// A talking leg silent for this long is ended.
    public var rtpTimeout: Duration
    /// The same for a leg on hold, which has a right to be silent.
    public var holdTimeout: Duration
    /// Most wanted first.
    public var codecs: [MediaCodec]
    /// Media threads; 0: one for each two cores, at least one.
    public var threads: Int
}

/// `[limits]` of `site.toml`.
public struct SiteLimits: Hashable, Sendable {
    /// Calls at once on the whole site.
    public var calls: Int
    public var callsPerSeat: Int
    public var callsPerOperator: Int
    /// A call is ended after this time.
    public var callDuration: Duration
    /// Ringing longer than this is "no answer" where the dialplan says nothing.
    public var ringTimeout: Duration
    /// Phones at once for one seat.
    public var registrationsPerSeat: Int
    /// Requests from one source address; the rest is dropped and counted.
    public var messagesPerSecondPerSource: Int
    /// Failed logins from one source in a minute before it is ignored for a while.
    public var failedLoginsPerMinute: Int
}

/// `[recording]` of `site.toml`.
public struct RecordingSettings: Hashable, Sendable {
    /// Within the data folder.
    public var folder: String
    public var codec: MediaCodec
    public var layout: RecorderSettings.Layout
}
