// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
public import Logging
public import Names
public import SIPStack
public import Sounds
public import Timing

/// Where SIP bytes leave. Used on the exchange's executor only.
public protocol SIPWire: Sendable {
    func send(_ bytes: [UInt8], on flow: Flow)
}

/// The exchange's surroundings: clock, wire, alarm. A simulated world gives its own.
public struct ExchangeEnvironment: Sendable {
    /// Of this start of the switch; never the same again over the life of a data folder.
    public var run: UInt32
    public var now: @Sendable () -> Instant
    public var wallNow: @Sendable () -> WallTime
    public var wire: any SIPWire
    /// Asks for `Exchange.wake()` at that instant; a later request replaces an earlier one.
    public var setAlarm: @Sendable (Instant) -> Void
    public var entropy: Entropy
    /// The address of this machine that a peer at an address sees; nil when it is not known. Must not block.
    public var localAddress: @Sendable (_ address: String) -> String?

    public init(
        run: UInt32, now: @escaping @Sendable () -> Instant, wallNow: @escaping @Sendable () -> WallTime,
        wire: any SIPWire, setAlarm: @escaping @Sendable (Instant) -> Void, entropy: Entropy,
        localAddress: @escaping @Sendable (_ address: String) -> String? = { _ in nil }
    ) {
        self.run = run
        self.now = now
        self.wallNow = wallNow
        self.wire = wire
        self.setAlarm = setAlarm
        self.entropy = entropy
        self.localAddress = localAddress
    }
}

/// What the exchange is given. Everything here may be used from any thread and never blocks.
public struct SwitchServices: Sendable {
    public var site: CurrentSite
    public var location: LocationService
    public var occupancy: Occupancy
    public var ledger: any LedgerSink
    /// Rows of modules that survive a restart.
    public var tables: any TableStore
    public var sounds: SoundLibrary
    /// Absolute; relative recording names are within it.
    public var recordingsFolder: String
    public var counters = SwitchCounters()
    public var log: Logger
    /// Finds the servers of trunks that are given by name.
    public var names: any NameResolving

    public init(
        site: CurrentSite, location: LocationService, occupancy: Occupancy, ledger: any LedgerSink,
        tables: any TableStore,
        sounds: SoundLibrary, recordingsFolder: String, log: Logger, names: any NameResolving = NoNames()
    ) {
        self.site = site
        self.location = location
        self.occupancy = occupancy
        self.ledger = ledger
        self.tables = tables
        self.sounds = sounds
        self.recordingsFolder = recordingsFolder
        self.log = log
        self.names = names
    }
}
