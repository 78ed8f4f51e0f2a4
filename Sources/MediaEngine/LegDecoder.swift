// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import CORTP

/// The decoded side of a leg: an oRTP session with its jitter buffer, and what of its last packet is
/// left over when packets are not 20 ms long. Made and freed off the media thread, used on it alone; about 15 kB,
/// so legs that are only relayed have none.
struct LegDecoder {
    private static let fifoCapacity = 960

    let jitter: OpaquePointer
    /// Where the leg is now.
    var core: UnsafePointer<MediaCore>
    let slot: Int
    /// Law of the packet read last.
    var isALaw: Bool
    private var timestamp: UInt32 = 0
    private var waiting: Int = 0
    private let fifo: UnsafeMutablePointer<Int16>

    /// nil when memory is out.
    static func make(
        core: UnsafePointer<MediaCore>, slot: Int, nominalMilliseconds: Int, limitMilliseconds: Int
    ) -> UnsafeMutablePointer<LegDecoder>? {
        let decoder = UnsafeMutablePointer<LegDecoder>.allocate(capacity: 1)
        let receive: martlet_receive = { context, buffer, capacity in
            guard let context, let buffer else { return -1 }
            let decoder = context.assumingMemoryBound(to: LegDecoder.self)
            let core = decoder.pointee.core
            return Int32(core.pointee.readForDecoder(decoder.pointee.slot, into: buffer, capacity: Int(capacity)))
        }
        guard
            let jitter = martlet_jitter_new(Int32(nominalMilliseconds), Int32(limitMilliseconds), receive, decoder)
        else {
            decoder.deallocate()
            return nil
        }
        let fifo = UnsafeMutablePointer<Int16>.allocate(capacity: fifoCapacity)
        fifo.initialize(repeating: 0, count: fifoCapacity)
        decoder.initialize(to: LegDecoder(jitter: jitter, core: core, slot: slot, isALaw: true, fifo: fifo))
        return decoder
    }

    private init(
        jitter: OpaquePointer, core: UnsafePointer<MediaCore>, slot: Int, isALaw: Bool,
        fifo: UnsafeMutablePointer<Int16>
    ) {
        self.jitter = jitter
        self.core = core
        self.slot = slot
        self.isALaw = isALaw
        self.fifo = fifo
    }

    static func free(_ decoder: UnsafeMutablePointer<LegDecoder>) {
        martlet_jitter_free(decoder.pointee.jitter)
        decoder.pointee.fifo.deallocate()
        decoder.deallocate()
    }

    /// A new stream, or a pause in which packets went elsewhere.
    static func restart(_ decoder: UnsafeMutablePointer<LegDecoder>) {
        martlet_jitter_resync(decoder.pointee.jitter)
        decoder.pointee.waiting = 0
    }

    /// The next 20 ms; false (and silence) when nothing is due. `scratch` holds 1500 octets.
    static func pull(
        _ decoder: UnsafeMutablePointer<LegDecoder>, into frame: UnsafeMutablePointer<Int16>,
        scratch: UnsafeMutablePointer<UInt8>, aLaw: G711, muLaw: G711
    ) -> Bool {
        // Asked for the last sample of this frame, oRTP gives every packet that begins within it.
        decoder.pointee.timestamp &+= 160
        let due = decoder.pointee.timestamp
        var rounds = 0
        while decoder.pointee.waiting < 160 && rounds < 4 {
            rounds += 1
            let count = Int(martlet_jitter_pull(decoder.pointee.jitter, due, scratch, 1500))
            if count <= 0 { break }
            let take = min(count, fifoCapacity - decoder.pointee.waiting)
            let codec = decoder.pointee.isALaw ? aLaw : muLaw
            codec.decode(scratch, into: decoder.pointee.fifo + decoder.pointee.waiting, count: take)
            decoder.pointee.waiting += take
        }
        let have = min(160, decoder.pointee.waiting)
        frame.update(from: decoder.pointee.fifo, count: have)
        if have < 160 { (frame + have).update(repeating: 0, count: 160 - have) }
        let rest = decoder.pointee.waiting - have
        if rest > 0 { decoder.pointee.fifo.update(from: decoder.pointee.fifo + have, count: rest) }
        decoder.pointee.waiting = rest
        return have > 0
    }
}
