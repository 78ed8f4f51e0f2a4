// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
public import Logging
public import SIPStack
public import Site
public import Timing

/// Where SIP bytes leave. Used on the shard's executor only.
public protocol SIPWire: Sendable {
    func send(_ bytes: [UInt8], on flow: Flow, fromShard shard: Int)
}

/// The shell's side of one shard: clock, wire, alarm. A simulated world gives its own.
public struct ShardEnvironment: Sendable {
    public var index: Int
    public var now: @Sendable () -> Instant
    public var wallNow: @Sendable () -> WallTime
    public var wire: any SIPWire
    /// Asks for `Shard.wake()` at that instant; a later request replaces an earlier one.
    public var setAlarm: @Sendable (Instant) -> Void
    public var entropy: Entropy

    public init(
        index: Int, now: @escaping @Sendable () -> Instant, wallNow: @escaping @Sendable () -> WallTime,
        wire: any SIPWire, setAlarm: @escaping @Sendable (Instant) -> Void, entropy: Entropy
    ) {
        self.index = index
        self.now = now
        self.wallNow = wallNow
        self.wire = wire
        self.setAlarm = setAlarm
        self.entropy = entropy
    }
}

/// Where a call enters: what the script runner is given. It carries the site, so that a call ends
/// on the configuration it began with.
public struct CallEntry: Sendable {
    public var site: Site
    public var context: String
    public var exten: String
    /// Set when a feature code was dialled; then its application runs instead of the dialplan.
    public var feature: SiteFeature?
    /// Of the site.
    var runner: CallRunner
}

/// Runs a call's dialplan from entry to end, `h` extension included, on the shard's executor.
public typealias CallRunner = @Sendable (any CallControl, CallEntry) async -> Void

/// What all shards share. Everything here may be used from any thread and never blocks.
public struct SwitchServices: Sendable {
    public var site: CurrentSite
    public var location: LocationService
    public var occupancy: Occupancy
    public var ledger: any LedgerSink
    public var sounds: SoundLibrary
    /// Absolute; relative recording names are within it.
    public var recordingsFolder: String
    public var log: Logger

    public init(
        site: CurrentSite, location: LocationService, occupancy: Occupancy, ledger: any LedgerSink,
        sounds: SoundLibrary, recordingsFolder: String, log: Logger
    ) {
        self.site = site
        self.location = location
        self.occupancy = occupancy
        self.ledger = ledger
        self.sounds = sounds
        self.recordingsFolder = recordingsFolder
        self.log = log
    }
}
