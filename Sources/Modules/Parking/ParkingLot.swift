// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// Who stands where: slots are lent to legs, each to one.
struct ParkingLot: Sendable {
    struct Parked: Hashable, Sendable {
        var leg: LegID
        /// Who is rung when nobody comes; nil: nobody.
        var parker: DialTarget?
    }

    private(set) var settings: ParkingSettings.Lot
    private(set) var slots: [String: Parked] = [:]
    /// So that a slot just left is not the next one given out, and somebody late takes a stranger.
    private var next = 0

    init(_ settings: ParkingSettings.Lot) { self.settings = settings }

    /// Another number of slots; who stands in one that is gone stays until he leaves.
    mutating func replace(_ settings: ParkingSettings.Lot) { self.settings = settings }

    func has(_ slot: String) -> Bool {
        guard let number = Int(slot), String(number) == slot else { return false }
        return settings.first...settings.last ~= number
    }

    /// The slot wanted, else a free one; nil when it is taken or the lot is full.
    mutating func take(_ leg: LegID, parker: DialTarget?, wanted: String? = nil) -> String? {
        let parked = Parked(leg: leg, parker: parker)
        if let wanted {
            guard has(wanted), slots[wanted] == nil else { return nil }
            slots[wanted] = parked
            return wanted
        }
        let count = settings.last - settings.first + 1
        for step in 0..<count {
            let slot = String(settings.first + (next + step) % count)
            guard slots[slot] == nil else { continue }
            slots[slot] = parked
            next = (next + step + 1) % count
            return slot
        }
        return nil
    }

    /// Only whoever has it can leave it.
    mutating func leave(_ slot: String, _ leg: LegID) -> Parked? {
        guard let parked = slots[slot], parked.leg == leg else { return nil }
        slots[slot] = nil
        return parked
    }

    /// He is fetched: nobody else gets him.
    mutating func fetch(_ slot: String) -> Parked? { slots.removeValue(forKey: slot) }

    /// He could not be fetched after all.
    mutating func putBack(_ parked: Parked, _ slot: String) {
        if slots[slot] == nil { slots[slot] = parked }
    }
}
