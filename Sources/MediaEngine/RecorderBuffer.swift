// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import Synchronization

/// The memory a media thread records into and a writer thread drains: a window of sums in which packets are
/// placed by time, and a ring of encoded octets. A handful of pointers, copied freely; owned by the
/// `RecorderFile` that made it.
struct RecorderBuffer: BitwiseCopyable {
    /// Samples a channel of the window spans (256 ms); a power of two.
    static let windowSamples = 2048
    /// How far behind the clock the window is read, so that late packets still find their place: 120 ms.
    static let lagSamples: Int64 = 960

    /// Shared by the two threads.
    struct Shared: ~Copyable {
        /// Octets put and taken so far.
        let put = Atomic<UInt64>(0)
        let taken = Atomic<UInt64>(0)
        /// Octets that did not fit and were replaced by silence.
        let replaced = Atomic<UInt64>(0)
        /// The media thread has put its last octet.
        let isClosed = Atomic<Bool>(false)
    }

    /// The media thread's own.
    struct Position: BitwiseCopyable {
        var startNanoseconds: Int64 = 0
        /// Samples encoded so far.
        var flushed: Int64 = 0
        /// Octets of silence owed because the ring was full.
        var owed: UInt64 = 0
        /// The leg in the left channel; 0: the first to speak. Set by the door before the media thread has the buffer.
        var leftLeg = Handle(rawValue: 0)
        /// What was said from sample `pausedFrom` on and before `resumedAt` is not recorded, whenever it comes.
        var pausedFrom: Int64 = .max
        var resumedAt: Int64 = 0
    }

    let channels: Int
    let isALaw: Bool
    let window: UnsafeMutablePointer<Int32>
    let octets: UnsafeMutablePointer<UInt8>
    let capacity: UInt64
    let shared: UnsafeMutablePointer<Shared>
    let position: UnsafeMutablePointer<Position>

    /// The ring holds about four seconds.
    init(channels: Int, isALaw: Bool) {
        self.channels = channels
        self.isALaw = isALaw
        window = .allocate(capacity: Self.windowSamples * channels)
        window.initialize(repeating: 0, count: Self.windowSamples * channels)
        capacity = UInt64(32768 * channels)
        octets = .allocate(capacity: Int(capacity))
        shared = .allocate(capacity: 1)
        shared.initialize(to: Shared())
        position = .allocate(capacity: 1)
        position.initialize(to: Position())
    }

    func deallocate() {
        window.deallocate()
        octets.deallocate()
        shared.deinitialize(count: 1)
        shared.deallocate()
        position.deallocate()
    }

    var silence: UInt8 { isALaw ? G711Law.a.silence : G711Law.mu.silence }

    // MARK: Media thread

    /// Samples from the start of the recording to `now`.
    @inline(__always)
    func samples(at now: Int64) -> Int64 { (now - position.pointee.startNanoseconds) / 125_000 }

    /// While paused, time goes on and silence is written.
    func pause(_ isOn: Bool, at now: Int64) {
        if isOn {
            position.pointee.pausedFrom = min(position.pointee.pausedFrom, samples(at: now))
        } else if position.pointee.pausedFrom != .max {
            position.pointee.pausedFrom = .max
            position.pointee.resumedAt = samples(at: now)
        }
    }

    /// Adds a frame that was said at sample `at` of the recording. What lies before what is already written, or
    /// beyond the window, is left out.
    func place(_ frame: UnsafePointer<Int16>, count: Int, at: Int64, gain: Int32, channel: Int) {
        let first = max(at, position.pointee.flushed, position.pointee.resumedAt)
        let last = min(
            at + Int64(count), position.pointee.flushed + Int64(Self.windowSamples), position.pointee.pausedFrom)
        guard first < last else { return }
        let base = window + (channels == 2 ? channel : 0) * Self.windowSamples
        var index = first
        while index < last {
            let sample = Int32(frame[Int(index - at)])
            let cell = base + Int(index) % Self.windowSamples
            cell.pointee &+= gain == Mix.unity ? sample : (sample &* gain &+ Mix.unity / 2) >> 12
            index += 1
        }
    }

    /// Encodes everything up to sample `end` into the ring; what does not fit is owed as silence.
    func flush(upTo end: Int64, aLaw: G711, muLaw: G711) {
        let codec = isALaw ? aLaw : muLaw
        payOwed()
        let put = shared.pointee.put.load(ordering: .relaxed)
        let taken = shared.pointee.taken.load(ordering: .acquiring)
        var free = capacity - (put - taken)
        var at = put
        var index = position.pointee.flushed
        while index < end {
            let cell = Int(index) % Self.windowSamples
            let fits = position.pointee.owed == 0 && free >= UInt64(channels)
            for channel in 0..<channels {
                let sum = window + channel * Self.windowSamples + cell
                if fits {
                    octets[Int(at & (capacity - 1))] = codec.encode(Mix.saturate(sum.pointee))
                    at += 1
                }
                sum.pointee = 0
            }
            if fits { free -= UInt64(channels) } else { position.pointee.owed += UInt64(channels) }
            index += 1
        }
        position.pointee.flushed = max(index, position.pointee.flushed)
        shared.pointee.put.store(at, ordering: .releasing)
    }

    /// Makes up for octets lost to a full ring, so that time does not shift.
    private func payOwed() {
        guard position.pointee.owed > 0 else { return }
        let put = shared.pointee.put.load(ordering: .relaxed)
        let taken = shared.pointee.taken.load(ordering: .acquiring)
        let count = min(position.pointee.owed, capacity - (put - taken))
        for offset in 0..<Int(count) { octets[Int((put + UInt64(offset)) & (capacity - 1))] = silence }
        position.pointee.owed -= count
        shared.pointee.put.store(put + count, ordering: .releasing)
        shared.pointee.replaced.wrappingAdd(count, ordering: .relaxed)
    }

    /// After the last flush. What is still owed is left to the writer.
    func close() { shared.pointee.isClosed.store(true, ordering: .releasing) }

    // MARK: Writer thread

    /// Samples a channel for which silence stands because the ring was full. Exact once the media side has closed; before
    /// that what is still owed is left out, which is the media thread's.
    var lostSamples: UInt64 {
        let owed = shared.pointee.isClosed.load(ordering: .acquiring) ? position.pointee.owed : 0
        return (shared.pointee.replaced.load(ordering: .relaxed) + owed) / UInt64(channels)
    }

    /// Gives the octets that wait to `body`, in one or two pieces, and frees their room.
    func drain(_ body: (UnsafeRawBufferPointer) -> Void) {
        let taken = shared.pointee.taken.load(ordering: .relaxed)
        let put = shared.pointee.put.load(ordering: .acquiring)
        let count = put - taken
        guard count > 0 else { return }
        let start = Int(taken & (capacity - 1))
        let first = min(Int(count), Int(capacity) - start)
        body(UnsafeRawBufferPointer(start: octets + start, count: first))
        if Int(count) > first { body(UnsafeRawBufferPointer(start: octets, count: Int(count) - first)) }
        shared.pointee.taken.store(put, ordering: .releasing)
    }
}
