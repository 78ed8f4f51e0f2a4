// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import CallModel

// What passes the rings between call control and a media thread: plain bytes, no references that are counted.
// A handle is generation (24 bits), thread (8), slot (32); 0 is none.

/// Names a leg, room or instrument. The thread is where it was born: a room's for ever, while legs and instruments may
/// have moved on.
struct Handle: Hashable, BitwiseCopyable {
    let rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    init(generation: UInt32, thread: Int, slot: Int) {
        rawValue = UInt64(generation & 0xFF_FFFF) << 40 | UInt64(thread & 0xFF) << 32 | UInt64(UInt32(slot))
    }

    var thread: Int { Int((rawValue >> 32) & 0xFF) }
    var slot: Int { Int(rawValue & 0xFFFF_FFFF) }
}

/// A row or column of a gain matrix.
struct MemberKey: Hashable, BitwiseCopyable {
    var handle: Handle
    var isLeg: Bool
}

/// A new leg's sockets and where its stream begins.
struct LegOpening: BitwiseCopyable {
    var rtpSocket: Int32
    var rtcpSocket: Int32
    var ssrc: UInt32
    var sequence: UInt16
    var timestamp: UInt32
}

/// What was negotiated, as numbers.
struct LegSettings: BitwiseCopyable {
    static let noPayloadType: UInt8 = 255

    var isALaw: Bool
    var sendType: UInt8
    var receiveType: UInt8
    /// `noPayloadType`: the far side has no telephone-event.
    var sendEventType: UInt8
    var receiveEventType: UInt8
    var remote: MediaAddress
    var sends: Bool
    var receives: Bool
    /// 0: never.
    var timeoutNanoseconds: Int64
    /// Keys of the far side go no further.
    var holdsKeys = false
}

/// What a player reads: the samples of a clip that call control keeps alive until `.finished`.
struct ClipSamples: BitwiseCopyable {
    var base: UnsafePointer<Int16>
    var count: Int
    var loops: Bool
}

/// Keys to press, as `DigitSender` keeps them.
struct KeyList: BitwiseCopyable {
    private var sender = DigitSender()

    mutating func append(_ event: UInt8, ticks: UInt8) { _ = sender.append(event, ticks: ticks) }
    var count: Int { sender.count }
    subscript(index: Int) -> (event: UInt8, ticks: UInt8) { (sender.key(index), sender.ticks(index)) }
}

/// The mark by which one media thread hands a member to another. `number` rises with each move of a shard.
struct Handover: BitwiseCopyable {
    var number: UInt64
    var from: Int32
    var to: Int32
}

/// Call control to media.
enum Command: BitwiseCopyable {
    case openRoom(Handle)
    case closeRoom(Handle)
    case openLeg(Handle, room: Handle, LegOpening)
    case configure(Handle, LegSettings)
    /// To another room of the same thread.
    case move(MemberKey, room: Handle)
    /// To another thread: the old one is told to let go, the new one to take in.
    case letGo(MemberKey, Handover)
    case takeIn(MemberKey, Handover, room: Handle)
    case closeLeg(Handle)
    /// nil: no cell.
    case setGain(room: Handle, listener: MemberKey, speaker: MemberKey, gain: Int32?)
    case setDefaultGain(room: Handle, speaker: MemberKey, gain: Int32)
    case play(Handle, room: Handle, ClipSamples)
    case playTone(Handle, room: Handle, Tone)
    case playStream(Handle, room: Handle, AudioStream.ReadSide)
    case record(Handle, room: Handle, RecorderBuffer)
    case pause(Handle, Bool)
    case stop(Handle)
    case sendKeys(Handle, KeyList)
}

/// Figures of a leg at its end.
struct LegFigures: BitwiseCopyable {
    var received: UInt64
    var sent: UInt64
    var lost: UInt64
    var refused: UInt64
    var jitter: UInt32
}

/// A report and its place in the order of things: what a thread tells of a member after it has taken it in has a higher
/// number than what the thread before told of it.
struct OrderedReport: BitwiseCopyable {
    var order: UInt64
    var report: Report
}

/// Media to call control.
enum Report: BitwiseCopyable {
    case started(Handle)
    case digit(Handle, event: UInt8, duration: UInt32, isHeld: Bool)
    case timedOut(Handle)
    case digitsSent(Handle)
    /// A player, tone or recorder is gone; `samples` is how far a player got.
    case ended(Handle, samples: UInt64)
    /// Sockets and decoder come back to be closed and freed.
    case legClosed(Handle, LegFigures, rtpSocket: Int32, rtcpSocket: Int32, decoder: UnsafeMutablePointer<LegDecoder>?)
    case roomClosed(Handle)
}

/// Media to the service thread and back: a decoder is made off the media thread.
enum ServiceRequest: BitwiseCopyable {
    case makeDecoder(Handle)
    /// The leg closed before its decoder came.
    case freeDecoder(UnsafeMutablePointer<LegDecoder>)
}

enum ServiceReply: BitwiseCopyable {
    /// nil when memory is out: the leg is heard as silence.
    case decoder(Handle, UnsafeMutablePointer<LegDecoder>?)
}
