// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Synchronization

/// PCM16 8 kHz mono that is read while it is played: a bounded ring between one thread that reads a file and the media
/// thread that plays it.
///
/// The write side belongs to one thread at a time and never waits: what does not fit is the writer's to bring again.
/// A stream is played once; looping is the writer's affair, who begins his file anew. When the ring runs dry before
/// `finish`, the listener hears silence and the missing samples are counted.
public final class AudioStream: Sendable {
    /// 2 minutes; more than that is a clip.
    public static let capacityLimitSamples = 1 << 20

    struct Shared: ~Copyable {
        /// Samples put and taken so far.
        let put = Atomic<UInt64>(0)
        let taken = Atomic<UInt64>(0)
        let missed = Atomic<UInt64>(0)
        let hasFinished = Atomic<Bool>(false)
        let isCancelled = Atomic<Bool>(false)
        let hasPlayer = Atomic<Bool>(false)
    }

    /// What a media thread holds of a stream: plain pointers without a reference count. Whoever hands it out keeps the
    /// stream alive for as long as it is used.
    public struct ReadSide: BitwiseCopyable {
        let samples: UnsafeMutablePointer<Int16>
        let mask: UInt64
        let shared: UnsafeMutablePointer<Shared>
    }

    /// Owned by the stream; each sample is written by one side and read by the other in the order of the counters.
    private nonisolated(unsafe) let readSide: ReadSide

    /// How many samples the ring holds: `capacitySamples` rounded up to a power of two, 256 to `capacityLimitSamples`.
    public var capacity: Int { Int(readSide.mask) + 1 }

    public init(capacitySamples: Int) {
        let wanted = max(256, min(capacitySamples, Self.capacityLimitSamples))
        var capacity = 256
        while capacity < wanted { capacity *= 2 }
        let samples = UnsafeMutablePointer<Int16>.allocate(capacity: capacity)
        samples.initialize(repeating: 0, count: capacity)
        let shared = UnsafeMutablePointer<Shared>.allocate(capacity: 1)
        shared.initialize(to: Shared())
        readSide = ReadSide(samples: samples, mask: UInt64(capacity - 1), shared: shared)
    }

    deinit {
        readSide.samples.deallocate()
        readSide.shared.deinitialize(count: 1)
        readSide.shared.deallocate()
    }

    // MARK: Write side

    /// Puts as many of `samples` as there is room for, from the first on, and says how many; 0 after `finish` or
    /// `cancel`.
    public func write(_ samples: some RandomAccessCollection<Int16>) -> Int {
        samples.withContiguousStorageIfAvailable(put) ?? Array(samples).withUnsafeBufferPointer(put)
    }

    private func put(_ samples: UnsafeBufferPointer<Int16>) -> Int {
        guard isWanted, !readSide.shared.pointee.hasFinished.load(ordering: .relaxed) else { return 0 }
        let shared = readSide.shared
        let put = shared.pointee.put.load(ordering: .relaxed)
        let count = min(samples.count, freeSpace)
        guard count > 0, let source = samples.baseAddress else { return 0 }
        let start = Int(put & readSide.mask)
        let first = min(count, capacity - start)
        (readSide.samples + start).update(from: source, count: first)
        if count > first { readSide.samples.update(from: source + first, count: count - first) }
        shared.pointee.put.store(put &+ UInt64(count), ordering: .releasing)
        return count
    }

    /// The file is at its end: the player ends when the ring is empty.
    public func finish() { readSide.shared.pointee.hasFinished.store(true, ordering: .releasing) }

    /// Samples there is room for now.
    public var freeSpace: Int {
        let shared = readSide.shared
        let waiting = shared.pointee.put.load(ordering: .relaxed) &- shared.pointee.taken.load(ordering: .acquiring)
        return capacity - Int(waiting)
    }

    /// False once the player is gone: the writer may close his file and forget the stream.
    public var isWanted: Bool { !readSide.shared.pointee.isCancelled.load(ordering: .acquiring) }

    /// Samples of silence played because the ring was empty, since the first sample.
    public var missedSamples: UInt64 { readSide.shared.pointee.missed.load(ordering: .relaxed) }

    // MARK: Doors

    /// For a media door that begins to play the stream; nil when it is or was played already. The door keeps the
    /// stream until its player has ended, and calls `cancel` then.
    public func startPlaying() -> ReadSide? {
        let had = readSide.shared.pointee.hasPlayer.exchange(true, ordering: .acquiringAndReleasing)
        return had ? nil : readSide
    }

    /// The player is gone, or never came to be: tells the writer by `isWanted`. May be called by anybody.
    public func cancel() { readSide.shared.pointee.isCancelled.store(true, ordering: .releasing) }
}

extension AudioStream.ReadSide {
    /// Takes up to `count` samples into `frame`, the rest is silence, and says how many were taken; nil when the stream
    /// has ended. For the one thread that plays; neither allocates nor waits.
    public func read(into frame: UnsafeMutablePointer<Int16>, count: Int) -> Int? {
        // Read before the counter: what was put before `finish` is seen then.
        let hasFinished = shared.pointee.hasFinished.load(ordering: .acquiring)
        let taken = shared.pointee.taken.load(ordering: .relaxed)
        let waiting = shared.pointee.put.load(ordering: .acquiring) &- taken
        let take = min(count, Int(waiting))
        if take == 0 && hasFinished { return nil }
        let start = Int(taken & mask)
        let first = min(take, Int(mask) + 1 - start)
        frame.update(from: samples + start, count: first)
        if take > first { (frame + first).update(from: samples, count: take - first) }
        if take < count {
            (frame + take).update(repeating: 0, count: count - take)
            if taken &+ UInt64(take) > 0 && !hasFinished {
                shared.pointee.missed.wrappingAdd(UInt64(count - take), ordering: .relaxed)
            }
        }
        shared.pointee.taken.store(taken &+ UInt64(take), ordering: .releasing)
        return take
    }
}
