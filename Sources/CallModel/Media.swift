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
    /// Silence longer than this on a receiving leg is told once as `.timedOut`; nil: never.
    public var timeout: Duration?

    public init(
        codec: MediaCodec, sendPayloadType: UInt8, receivePayloadType: UInt8,
        sendEventPayloadType: UInt8?, receiveEventPayloadType: UInt8?, remoteAddress: String,
        remotePort: UInt16, packetMilliseconds: Int = 20, sends: Bool = true, receives: Bool = true,
        timeout: Duration?
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
        /// The first leg left, everybody else right.
        case stereo
    }

    /// Absolute path; folders are made (0700), the file is 0600.
    public var path: String
    public var codec: MediaCodec
    public var layout: Layout

    public init(path: String, codec: MediaCodec = .pcma, layout: Layout = .mono) {
        self.path = path
        self.codec = codec
        self.layout = layout
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
    /// One RFC 4733 key press: `0`–`9`, `*`, `#`, `A`–`D`.
    case digit(MediaLeg, Character, duration: Duration)
    /// A player came to its end or was stopped; `played` is how far it got.
    case finished(MediaInstrument, played: Duration)
    /// A recorder closed its file (or failed: `error` in words).
    case recorded(MediaInstrument, length: Duration, error: String?)
    /// Nothing arrived for the leg's time-out.
    case timedOut(MediaLeg)
    /// All digits of `sendDigits` have gone out.
    case digitsSent(MediaLeg)
    /// The leg's sockets are closed; its handle is dead.
    case legClosed(MediaLeg, LegStatistics)
}

/// Why media could not be had.
public enum MediaError: Error, Hashable, Sendable {
    /// Every port of the configured range is taken.
    case noFreePort
    /// A command ring or table is full.
    case exhausted(String)
    /// The address cannot be bound or sent to.
    case address(String)
}

/// The narrow door between call control and media: one per shard, used on that shard only.
///
/// Commands are small, never block and take effect in order at the media thread's next turn; what
/// happens comes back as events through `drain`. All members of a room live on one media thread,
/// chosen when the room is opened; legs are opened into a room.
public protocol MediaDoor: AnyObject {
    /// A room without members. `callAffinity` picks the media thread: same number, same thread.
    func openRoom(callAffinity: UInt64) throws(MediaError) -> MediaRoom
    /// Closes a room, stopping its players and recorders. Legs still in it hear silence until moved.
    func close(_ room: MediaRoom)

    /// Binds an RTP port and puts a leg into the room, silent until `configure`.
    func openLeg(in room: MediaRoom) throws(MediaError) -> (leg: MediaLeg, port: UInt16)
    /// Sets or changes what was negotiated.
    func configure(_ leg: MediaLeg, _ media: LegMedia)
    /// Moves a leg to another room of the same thread.
    func move(_ leg: MediaLeg, to room: MediaRoom)
    /// Ends a leg; `.legClosed` follows.
    func close(_ leg: MediaLeg)

    /// How loud `listener` hears `speaker`: 0 not at all, 1 as spoken. The default is 1 between
    /// different members and 0 of oneself; 1 of oneself is an echo.
    func setGain(_ room: MediaRoom, listener: MediaMember, speaker: MediaMember, gain: Float)

    /// Plays a clip into the room; heard by every leg unless gains say otherwise.
    func play(_ clip: AudioClip, in room: MediaRoom, loop: Bool) throws(MediaError) -> MediaInstrument
    func play(_ tone: MediaTone, in room: MediaRoom) throws(MediaError) -> MediaInstrument
    /// Starts a recorder: a listener that nobody hears and that does not end a relay.
    func record(_ settings: RecorderSettings, in room: MediaRoom) throws(MediaError) -> MediaInstrument
    /// Stops a player, tone or recorder; `.finished` or `.recorded` follows.
    func stop(_ instrument: MediaInstrument)

    /// Sends key presses to the far side (RFC 4733, in band when it has none). `duration` of each
    /// is 100 ms with pauses of 100 ms. At most 64 characters; others than `0-9*#A-D` are left out.
    func sendDigits(_ digits: String, to leg: MediaLeg)

    /// Takes the events that wait, in order.
    func drain(_ body: (MediaEvent) -> Void)
}
