// SPDX-License-Identifier: AGPL-3.0-or-later
public import Timing

/// One thing that happened: the only record from which CDRs, screens and reports are made.
///
/// The ledger numbers events when they are appended; an event does not change afterwards.
public struct LedgerEvent: Hashable, Sendable {
    public var time: WallTime
    /// nil for what belongs to no call (registrations, start and stop).
    public var call: CallID?
    /// The leg's index within the call, nil for what concerns the whole call.
    public var leg: UInt16?
    public var kind: LedgerEventKind

    public init(time: WallTime, call: CallID? = nil, leg: UInt16? = nil, kind: LedgerEventKind) {
        self.time = time
        self.call = call
        self.leg = leg
        self.kind = kind
    }
}

/// A ledger event with its number: 1, 2, 3 … without gaps over the life of a data folder.
public struct NumberedLedgerEvent: Hashable, Sendable {
    public var sequence: UInt64
    public var event: LedgerEvent

    public init(sequence: UInt64, event: LedgerEvent) {
        self.sequence = sequence
        self.event = event
    }
}

public enum EndedBy: String, Hashable, Sendable {
    case caller, callee
    /// The switch: dialplan, time-out, an admin.
    case system
    /// The process ended before the leg did.
    case restart
}

/// What can happen. Calls: `callStarted`, then per leg `legStarted` … `legEnded`, then `callEnded`.
public enum LedgerEventKind: Hashable, Sendable {
    case serverStarted(version: String)
    case serverStopped
    /// So many events were lost because the ledger's queue was full.
    case eventsLost(count: Int)

    /// `from` is who calls, `dialled` the number as it came, `context` where the dialplan begins.
    case callStarted(from: Party, caller: CallerIdentity, dialled: String, context: String)
    case callEnded(cause: HangupCause, disposition: Disposition, by: EndedBy)

    /// A leg to or from `party`; `incoming` when the party called us. `sipCallID` finds it in traces.
    case legStarted(party: Party, incoming: Bool, sipCallID: String, address: String)
    case legRinging
    case legAnswered(codec: String)
    case legHeld, legResumed
    case legEnded(cause: HangupCause, by: EndedBy, sipStatus: Int?, statistics: LegStatistics)

    /// Two legs talk to each other: the event's leg and `peer`.
    case bridged(peer: UInt16)
    case unbridged(peer: UInt16)

    case applicationStarted(DialplanStep)
    case digit(Character)
    case dialStarted(targets: String)
    case dialEnded(status: DialStatus, cause: HangupCause)

    case recordingStarted(path: String)
    case recordingStopped(path: String, milliseconds: Int64, error: String?)
    /// Nothing was heard from the leg for its RTP time-out.
    case mediaTimedOut

    case registered(address: String, contact: String, expiresSeconds: Int, userAgent: String)
    case unregistered(address: String, contact: String, reason: String)
    case authenticationFailed(user: String, source: String, reason: String)

    /// A module's own event: `name` is `module.event`.
    case note(name: String, fields: [LedgerField])
}

public struct LedgerField: Hashable, Sendable {
    public var name: String
    public var value: String
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// Where events are put. Never blocks; what a full queue loses is counted and told in the ledger.
public protocol LedgerSink: Sendable {
    func append(_ event: LedgerEvent)
}
