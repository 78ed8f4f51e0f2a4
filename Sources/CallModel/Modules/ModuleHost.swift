// SPDX-License-Identifier: AGPL-3.0-or-later
public import Timing

/// What a running module is given of the switch. Used on the exchange's executor only.
public protocol ModuleHost: AnyObject {
    var now: Instant { get }
    var wallTime: WallTime { get }

    /// Asks the exchange for something; what follows from it is told by events.
    @discardableResult
    func perform(_ command: Command) throws(CommandRefusal) -> CommandResult

    /// Calls `body` once after `delay`, unless it is cancelled before.
    func after(_ delay: Duration, _ body: @escaping () -> Void) -> ModuleTimer
    func cancel(_ timer: ModuleTimer)

    /// Notes a fact of the module's own.
    func note(_ fact: any LedgerFact, call: CallID?, leg: LegID?)
    /// Rows of the module's own that survive a restart; the namespace is the module's name.
    func rows() -> [String: String]
    func setRow(_ key: String, _ value: String?)

    /// The module's own part of the site as it is now; nil where it has none.
    func section<Section: SiteSection>(_ type: Section.Type) -> Section?

    /// The legs there are now, in the order they were made.
    var legs: [LegDescription] { get }
    func leg(_ id: LegID) -> LegDescription?
    /// What a seat is doing.
    func state(ofSeat number: String) -> SeatState
    /// Groups a seat belongs to and may pick up from.
    func pickupGroups(ofSeat number: String) -> Set<String>

    /// What a lamp of the module's own shows from now on. `name` is what a dialplan's hint calls it, `park:701`: a word, a
    /// colon, and what telephones subscribe to where no hint says otherwise; at most 80 bytes. nil: there is no such lamp any
    /// more, and who watches it is told so. A switch has 10,000 lamps of modules; one more is dropped with a line in the log.
    func setLamp(_ name: String, _ state: LampState?)

    /// A line of the log, under the module's name.
    func log(_ level: ModuleLogLevel, _ text: String)
}

public enum ModuleLogLevel: Hashable, Sendable { case debug, info, notice, warning, error }

/// A timer of a module, to cancel it by.
public struct ModuleTimer: Hashable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// A leg as modules and screens see it.
public struct LegDescription: Hashable, Sendable {
    public enum State: String, Hashable, Sendable {
        case trying, ringing, answered, held, ended
    }

    public var id: LegID
    public var call: CallID
    public var party: Party
    /// The party called us.
    public var isIncoming: Bool
    public var state: State
    public var caller: CallerIdentity
    /// The leg it talks to.
    public var partner: LegID?

    public init(
        id: LegID, call: CallID, party: Party, isIncoming: Bool, state: State, caller: CallerIdentity, partner: LegID?
    ) {
        self.id = id
        self.call = call
        self.party = party
        self.isIncoming = isIncoming
        self.state = state
        self.caller = caller
        self.partner = partner
    }
}

/// What a seat is doing, over all its phones and calls.
public enum SeatState: String, Hashable, Sendable, CaseIterable {
    /// No phone is registered for it.
    case unregistered
    case idle
    /// Called, and nothing else.
    case ringing
    case inUse = "in use"
    /// All its talks are held.
    case onHold = "on hold"
    /// As many calls as it may have.
    case busy
}
