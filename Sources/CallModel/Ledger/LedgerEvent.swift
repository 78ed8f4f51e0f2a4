// SPDX-License-Identifier: AGPL-3.0-or-later
public import Timing

/// One thing that happened: the only record from which CDRs, screens and reports are made.
///
/// The ledger numbers events when they are appended; an event does not change afterwards.
public struct LedgerEvent: Sendable {
    /// The date. The wall clock can be set; nothing is measured with it.
    public var time: WallTime
    /// The monotonic clock, which durations are made of. Stored in whole microseconds; its origin is the machine's boot.
    public var at: Instant
    /// The call it counts for: of an absorbed call's legs the surviving one. nil for what belongs to no call
    /// (registrations, start and stop).
    public var call: CallID?
    /// nil for what concerns no leg in particular.
    public var leg: LegID?
    public var fact: any LedgerFact

    public init(time: WallTime, at: Instant, call: CallID? = nil, leg: LegID? = nil, _ fact: any LedgerFact) {
        self.time = time
        self.at = at
        self.call = call
        self.leg = leg
        self.fact = fact
    }

    /// The fact's name as stored.
    public var name: String { fact.storedName }

    /// The fact as `type`, whether it was just made or comes from the store; nil when it is another or malformed.
    public func read<Fact: LedgerFact>(_ type: Fact.Type) -> Fact? {
        if let typed = fact as? Fact { return typed }
        guard let recorded = fact as? RecordedFact, Fact.reads(recorded.name) else { return nil }
        return Fact(fields: LedgerFields(name: recorded.name, recorded.fields))
    }
}

extension LedgerEvent: Equatable {
    /// By the stored form: an event equals what is read back of it.
    public static func == (a: LedgerEvent, b: LedgerEvent) -> Bool {
        a.time == b.time && a.at.nanoseconds / 1000 == b.at.nanoseconds / 1000 && a.call == b.call && a.leg == b.leg
            && a.name == b.name && a.fact.fields == b.fact.fields
    }
}

/// A ledger event with its number: 1, 2, 3 … without gaps over the life of a data folder.
public struct NumberedLedgerEvent: Equatable, Sendable {
    public var sequence: UInt64
    public var event: LedgerEvent

    public init(sequence: UInt64, event: LedgerEvent) {
        self.sequence = sequence
        self.event = event
    }
}
