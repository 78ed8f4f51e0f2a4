// SPDX-License-Identifier: AGPL-3.0-or-later

/// A leg's media: sockets, RTP state, codec. Valid from `openLeg` until its `.legClosed` event.
public struct MediaLeg: Hashable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A room: members and a gain matrix.
public struct MediaRoom: Hashable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A player, tone or recorder in a room. Never used again after its `.finished` or `.recorded` event.
public struct MediaInstrument: Hashable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A member of a room, as a row or column of its gain matrix.
public enum MediaMember: Hashable, Sendable {
    case leg(MediaLeg)
    case instrument(MediaInstrument)
}

/// The codecs a leg can speak, by their RTP names (RFC 3551).
public enum MediaCodec: String, Hashable, Sendable, CaseIterable {
    case pcmu = "PCMU"
    case pcma = "PCMA"
}

/// What offer and answer settled for a leg.
public struct LegMedia: Hashable, Sendable {
    public var codec: MediaCodec
    /// The payload type we send; what we accept may differ (RFC 3264 §5.1).
    public var sendPayloadType: UInt8
    public var receivePayloadType: UInt8
    /// RFC 4733 payload types, nil when the far side has none.
    public var sendEventPayloadType: UInt8?
    public var receiveEventPayloadType: UInt8?
    /// Where to send until a packet shows where the far side really is (symmetric RTP).
    public var remoteAddress: String
    public var remotePort: UInt16
    public var packetMilliseconds: Int
    /// False while the far side holds us or wants nothing.
    public var sends: Bool
    public var receives: Bool
    /// When nothing has arrived for this long, neither RTP nor RTCP of the far side, `.timedOut` is told, once for each
    /// silence; nil: never. It counts whatever `sends` and `receives` say: a peer on hold (`inactive` as much as
    /// `sendonly`) goes on with RTCP (RFC 3550 §6.2, RFC 3264 §5.1), and one that does not is given a longer time, not
    /// for ever. A change of `timeout`, `sends` or `receives` begins a new silence.
    public var timeout: Duration?
    /// Keys of the far side are kept from whoever talks with it: they are told (`MediaEvent.digit`), and call control
    /// sends on what is nobody else's. A key is kept or not as a whole, by what held when it went down.
    public var holdsKeys: Bool

    public init(
        codec: MediaCodec, sendPayloadType: UInt8, receivePayloadType: UInt8,
        sendEventPayloadType: UInt8?, receiveEventPayloadType: UInt8?, remoteAddress: String,
        remotePort: UInt16, packetMilliseconds: Int = 20, sends: Bool = true, receives: Bool = true,
        timeout: Duration?, holdsKeys: Bool = false
    ) {
        self.codec = codec
        self.sendPayloadType = sendPayloadType
        self.receivePayloadType = receivePayloadType
        self.sendEventPayloadType = sendEventPayloadType
        self.receiveEventPayloadType = receiveEventPayloadType
        self.remoteAddress = remoteAddress
        self.remotePort = remotePort
        self.packetMilliseconds = packetMilliseconds
        self.sends = sends
        self.receives = receives
        self.timeout = timeout
        self.holdsKeys = holdsKeys
    }
}

/// A key and how long it is down.
public struct KeyPress: Hashable, Sendable {
    /// `0`–`9`, `*`, `#`, `A`–`D`.
    public var key: Character
    public var duration: Duration

    /// What a key takes that nobody has pressed.
    public static let standardDuration = Duration.milliseconds(100)

    public init(_ key: Character, for duration: Duration = KeyPress.standardDuration) {
        self.key = key
        self.duration = duration
    }
}

/// Signals a room can hear without a file; their cadence is the region's (ITU-T E.180).
public enum MediaTone: Hashable, Sendable {
    case dial, ringback, busy, congestion
    /// 1004 Hz at 0 dBm0 for level tests.
    case milliwatt
    case beep
}

/// PCM16 8 kHz mono in memory, shared read-only with media threads.
public final class AudioClip: Sendable {
    /// Owned by the clip; never written after init.
    private nonisolated(unsafe) let storage: UnsafeMutableBufferPointer<Int16>

    /// Up to 4 hours (115,200,000 samples); what is longer is cut.
    public init(samples: [Int16]) {
        let bounded = samples.prefix(115_200_000)
        storage = .allocate(capacity: bounded.count)
        _ = storage.initialize(from: bounded)
    }

    deinit { storage.deallocate() }

    public var samples: UnsafeBufferPointer<Int16> { UnsafeBufferPointer(storage) }
    public var duration: Duration { .nanoseconds(Int64(storage.count) * 125_000) }
}

/// How a room is written to a WAV file.
public struct RecorderSettings: Hashable, Sendable {
    public enum Layout: Hashable, Sendable {
        /// Everybody in one channel.
        case mono
        /// One leg left (`record(_:in:left:)`), everybody else right.
        case stereo
    }

    /// Absolute path; folders are made (0700), the file is 0600. A file that is there already is never touched: the
    /// recording gets `-2`, `-3` … before its extension, and `.recording` tells the true name.
    public var path: String
    public var codec: MediaCodec
    public var layout: Layout

    public init(path: String, codec: MediaCodec = .pcma, layout: Layout = .mono) {
        self.path = path
        self.codec = codec
        self.layout = layout
    }
}

/// What became of a recording.
public struct RecordingOutcome: Hashable, Sendable {
    /// The true name of the file; nil when none could be made.
    public var path: String?
    /// The clock between start and stop, as far as the file got.
    public var length: Duration
    /// How much of it is silence because the disk stalled for longer than the recorder's memory lasts (four seconds). A
    /// warning: the recording is good, and what was said before and after is in its place.
    public var lost: Duration
    /// Why the file ended early or never came to be, in words; nil for a recording that stands.
    public var error: String?

    public init(path: String?, length: Duration, lost: Duration = .zero, error: String? = nil) {
        self.path = path
        self.length = length
        self.lost = lost
        self.error = error
    }
}

/// Counters of a leg's RTP, as CDRs keep them.
public struct LegStatistics: Hashable, Sendable {
    public var packetsReceived: UInt64 = 0
    public var packetsSent: UInt64 = 0
    /// Expected minus received, not below 0 (RFC 3550 A.3).
    public var packetsLost: UInt64 = 0
    /// Datagrams refused: wrong source, payload type or form.
    public var packetsRefused: UInt64 = 0
    /// Interarrival jitter in RTP clock units of 125 µs (RFC 3550 A.8).
    public var jitter: UInt32 = 0

    public init() {}
}

/// What media tells call control.
public enum MediaEvent: Sendable {
    /// The first valid packet came in: speech flows from this leg.
    case started(MediaLeg)
    /// One RFC 4733 key press, told when the key is up. `isHeld`: it went no further, because of `LegMedia.holdsKeys`.
    case digit(MediaLeg, KeyPress, isHeld: Bool)
    /// A player came to its end or was stopped; `played` is how far it got.
    case finished(MediaInstrument, played: Duration)
    /// A recorder has made its file, whose true name this is. Comes once, as soon as the disk allows and before
    /// `.recorded`; never when no file could be made.
    case recording(MediaInstrument, path: String)
    /// A recorder closed its file, or failed. Comes once for every recorder, late when the disk stalls.
    case recorded(MediaInstrument, RecordingOutcome)
    /// Nothing arrived for the leg's time-out (`LegMedia.timeout`).
    case timedOut(MediaLeg)
    /// All keys of one `sendKeys` have gone out.
    case digitsSent(MediaLeg)
    /// The leg's sockets are closed; its handle is dead.
    case legClosed(MediaLeg, LegStatistics)
}
