// SPDX-License-Identifier: AGPL-3.0-or-later

/// The event's leg waits in a slot.
public struct Parked: LedgerFact, Hashable {
    public static let name = "call.parked"
    public var slot: String
    /// Who parked it; nil: itself.
    public var by: LegID?

    public init(slot: String, by: LegID?) {
        self.slot = slot
        self.by = by
    }

    public var fields: [LedgerField] {
        [LedgerField("slot", slot)].with("by", by?.description)
    }

    public init?(fields: LedgerFields) {
        guard let slot = fields.text("slot") else { return nil }
        self.init(slot: slot, by: fields.leg("by"))
    }
}

/// The event's leg has left its slot.
public struct Unparked: LedgerFact, Hashable {
    public static let name = "call.unparked"
    public var slot: String
    /// Who fetched it; nil: nobody (time-out, hang-up).
    public var by: LegID?
    /// `retrieved`, `timeout`, `hangup`, or a word of the module that did it.
    public var how: String

    public init(slot: String, by: LegID?, how: String) {
        self.slot = slot
        self.by = by
        self.how = how
    }

    public var fields: [LedgerField] {
        [LedgerField("slot", slot), LedgerField("how", how)].with("by", by?.description)
    }

    public init?(fields: LedgerFields) {
        guard let slot = fields.text("slot"), let how = fields.text("how") else { return nil }
        self.init(slot: slot, by: fields.leg("by"), how: how)
    }
}

/// A call that rang elsewhere was picked up. The event's leg is the one that was ringing for its call.
public struct PickedUp: LedgerFact, Hashable {
    public static let name = "call.pickedup"
    /// The leg that took it.
    public var leg: LegID

    public init(leg: LegID) {
        self.leg = leg
    }

    public var fields: [LedgerField] {
        [LedgerField("leg", leg)]
    }

    public init?(fields: LedgerFields) {
        guard let leg = fields.leg("leg") else { return nil }
        self.init(leg: leg)
    }
}
