// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import CallModel

// The tables of a media thread: rows of plain memory, linked by slot numbers (−1: none).

/// How packets that come in for a leg go on.
enum LegMode: UInt8, BitwiseCopyable {
    /// Counted, heard by recorders and the digit receiver, else dropped: nobody hears the leg.
    case sink
    /// Sent on to `peer` the moment they come.
    case relay
    /// Read at the tick through the jitter buffer.
    case decode
}

struct LegSlot: BitwiseCopyable {
    var handle = Handle(rawValue: 0)
    var room: Int32 = -1
    var previous: Int32 = -1
    var next: Int32 = -1
    /// Place in the dense list of open legs.
    var openIndex: Int32 = -1
    /// What listeners without a cell of their own hear of it.
    var defaultGain = Mix.unity
    /// Somebody hears it, as far as gains go.
    var isHeard = false
    /// First cell of this listener's row of the gain matrix.
    var cells: Int32 = -1
    var peer: Int32 = -1
    var mode = LegMode.sink
    var isOpen = false
    var isConfigured = false
    var hasStarted = false
    var timedOut = false
    /// Its packets are to be decoded, and there is no decoder yet.
    var lacksDecoder = false
    /// One was asked for, on this thread.
    var wantsDecoder = false
    var audioIsALaw = false
    /// Frame of this tick in the arena, −1 when the leg said nothing.
    var frame: Int32 = -1
    var rtpSocket: Int32 = -1
    var rtcpSocket: Int32 = -1
    var shard: Int32 = 0
    var settings: LegSettings
    var latch = SourceLatch()
    var statistics = ReceiveStatistics()
    var stream: OutgoingStream
    var refused: UInt64 = 0
    /// Where the recording timeline is anchored: a packet with this timestamp was said at this time.
    var anchorTimestamp: UInt32 = 0
    var anchorNanoseconds: Int64 = 0
    var isAnchored = false
    /// The least that packets have come after their time since then: what remains is a clock slower than ours.
    var slackNanoseconds: Int64 = .max
    var slackSince: Int64 = 0
    /// Last packet, or since when one is awaited.
    var lastHeard: Int64 = 0
    var digits = TelephoneEventReceiver()
    /// Whether the key that is down, or was last, is kept from others.
    var keyHold = KeyHold()
    var sender = DigitSender()
    var tone: ToneGenerator
    var decoder: UnsafeMutablePointer<LegDecoder>?
    var report = ReportState()
    /// The thread's order of reports when it let go.
    var order: UInt64 = 0
}

/// RTCP of a leg (RFC 3550 §6.4).
struct ReportState: BitwiseCopyable {
    var nextNanoseconds: Int64 = 0
    /// Middle 32 bits of the NTP time of the last sender report received, and when that was.
    var lastSenderReport: UInt32 = 0
    var lastSenderReportNanoseconds: Int64 = 0
    /// What the far side told about our stream.
    var farLost: UInt32 = 0
    var farJitter: UInt32 = 0
}

struct RoomSlot: BitwiseCopyable {
    var handle = Handle(rawValue: 0)
    var isOpen = false
    var isRelayed = false
    var isActive = false
    var firstLeg: Int32 = -1
    var lastLeg: Int32 = -1
    var legCount: Int32 = 0
    var firstInstrument: Int32 = -1
    var speakerCount: Int32 = 0
    var recorderCount: Int32 = 0
    /// Among the rooms whose plan is to be made anew at the end of the turn.
    var isStale = false
    var nextStale: Int32 = -1
    /// Among the rooms the tick visits.
    var previousActive: Int32 = -1
    var nextActive: Int32 = -1
    var shard: Int32 = 0
}

enum InstrumentKind: UInt8, BitwiseCopyable {
    case none, player, tone, stream, recorder
}

struct InstrumentSlot: BitwiseCopyable {
    var handle = Handle(rawValue: 0)
    var kind = InstrumentKind.none
    /// On this thread; another may have it, or read this row to take it in.
    var isHere = false
    var room: Int32 = -1
    var previous: Int32 = -1
    var next: Int32 = -1
    var cells: Int32 = -1
    var frame: Int32 = -1
    var shard: Int32 = 0
    /// What listeners without a cell of their own hear of it.
    var defaultGain = Mix.unity
    var clip: ClipSamples?
    var position = 0
    var played: UInt64 = 0
    var tone: ToneGenerator
    var stream: AudioStream.ReadSide?
    var buffer: RecorderBuffer?
    /// The thread's order of reports when it let go.
    var order: UInt64 = 0
}

/// A cell of a gain matrix that was set, in the list of its listener.
struct GainCell: BitwiseCopyable {
    /// Slot of the leg, or its complement for an instrument.
    var speaker: Int32
    var gain: Int32
    var next: Int32
}
