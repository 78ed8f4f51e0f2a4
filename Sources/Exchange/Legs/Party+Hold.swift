// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Site

/// What the site says of a party that holds or is held.
extension Party {
    /// The class of music those hear whom it holds; of a trunk, those behind it as well.
    func holdMusic(of site: Site) -> String? {
        switch self {
        case .seat(let number): site.seat(number)?.holdMusic
        case .trunk(let name, _): site.trunk(name)?.holdMusic
        case .other: nil
        }
    }
}

extension Leg {
    var holdHabit: BridgeMachine.HoldHabit {
        guard case .seat(let number) = party, let seat = site.seat(number) else { return BridgeMachine.HoldHabit() }
        return BridgeMachine.HoldHabit(reminder: seat.holdReminder, recalls: seat.holdRecall)
    }
}
