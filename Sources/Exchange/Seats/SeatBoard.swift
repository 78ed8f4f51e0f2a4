// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// What every seat is doing: a fold of leg facts, told as it changes. Lamps, "skip busy" and screens read this and
/// nothing else.
struct SeatBoard: Sendable {
    enum LegState: Hashable, Sendable {
        /// The seat calls, or is called and has not rung yet.
        case calling
        case ringing
        case talking
        case held
    }

    private struct SeatLeg: Hashable, Sendable {
        var seat: String
        var isIncoming: Bool
        var state: LegState
    }

    private var legs: [LegID: SeatLeg] = [:]
    private var bySeat: [String: Set<LegID>] = [:]

    /// Takes a fact; gives the seat whose state it may have changed.
    mutating func apply(_ fact: any LedgerFact, leg id: LegID?) -> String? {
        guard let id else { return nil }
        switch fact {
        case let fact as LegStarted:
            guard case .seat(let number) = fact.party else { return nil }
            legs[id] = SeatLeg(seat: number, isIncoming: fact.incoming, state: .calling)
            bySeat[number, default: []].insert(id)
            return number
        case is LegRinging: return set(.ringing, of: id)
        case is LegAnswered, is LegResumed: return set(.talking, of: id)
        case is LegHeld: return set(.held, of: id)
        case is LegEnded:
            guard let leg = legs.removeValue(forKey: id) else { return nil }
            bySeat[leg.seat]?.remove(id)
            if bySeat[leg.seat]?.isEmpty == true { bySeat[leg.seat] = nil }
            return leg.seat
        default: return nil
        }
    }

    private mutating func set(_ state: LegState, of id: LegID) -> String? {
        guard legs[id] != nil else { return nil }
        legs[id]?.state = state
        return legs[id]?.seat
    }

    /// - Parameters:
    ///   - isRegistered: a phone is registered for the seat.
    ///   - limit: how many calls the seat may have.
    func state(of seat: String, isRegistered: Bool, limit: Int) -> SeatState {
        let legs = (bySeat[seat] ?? []).compactMap { self.legs[$0] }
        guard !legs.isEmpty else { return isRegistered ? .idle : .unregistered }
        // What the seat does itself counts from its first digit; what rings there is not in use yet.
        let used = legs.filter { $0.isIncoming || $0.state == .talking || $0.state == .held }
        // Several phones of a seat that ring for one call are one call.
        if used.isEmpty { return .ringing }
        if used.count >= limit { return .busy }
        return used.allSatisfy { $0.state == .held } ? .onHold : .inUse
    }

    /// The seat a leg is of, until it has ended.
    func seat(of leg: LegID) -> String? { legs[leg]?.seat }

    /// What a seat's legs are doing, the oldest first.
    func legs(of seat: String) -> [(id: LegID, isIncoming: Bool, state: LegState)] {
        (bySeat[seat] ?? []).sorted().compactMap { id in legs[id].map { (id, $0.isIncoming, $0.state) } }
    }

    /// Legs that ring for a seat, the oldest first.
    func ringing(for seat: String) -> [LegID] {
        (bySeat[seat] ?? []).filter { legs[$0]?.isIncoming == false && legs[$0]?.state == .ringing }.sorted()
    }
}
