// SPDX-License-Identifier: AGPL-3.0-or-later
public import Audio

/// What a media engine is told at its start.
public struct MediaConfiguration: Sendable {
    /// Shards of call control, each with a door of its own: 1–64.
    public var shards: Int
    /// Media threads; nil: one for each two cores, at least one. At most 64.
    public var threads: Int?
    /// IPv4 address the RTP sockets are bound to.
    public var address: String
    /// UDP ports for RTP (even) and RTCP (odd).
    public var ports: ClosedRange<UInt16>
    /// Whose dial, ring-back, busy and congestion tones are played.
    public var region: ToneRegion
    /// Depth of the jitter buffer of decoded legs: at first and at most.
    public var jitterMilliseconds: Int
    public var jitterLimitMilliseconds: Int
    /// How long a busy media thread lets packets gather before it looks again: 0–2000 µs. More saves
    /// processor time and adds as much delay.
    public var gatherMicroseconds: Int
    /// Ask for SCHED_FIFO; without the right to it the threads stay ordinary ones.
    public var wantsRealtime: Bool
    /// Legs, rooms and instruments of each shard on each thread: 1–65,536.
    public var legsPerShard: Int

    public init(
        shards: Int = 1, threads: Int? = nil, address: String = "0.0.0.0", ports: ClosedRange<UInt16> = 10000...19999,
        region: ToneRegion = .cn, jitterMilliseconds: Int = 40, jitterLimitMilliseconds: Int = 200,
        gatherMicroseconds: Int = 200, wantsRealtime: Bool = true, legsPerShard: Int = 2048
    ) {
        self.shards = shards
        self.threads = threads
        self.address = address
        self.ports = ports
        self.region = region
        self.jitterMilliseconds = jitterMilliseconds
        self.jitterLimitMilliseconds = jitterLimitMilliseconds
        self.gatherMicroseconds = gatherMicroseconds
        self.wantsRealtime = wantsRealtime
        self.legsPerShard = legsPerShard
    }
}
