// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Site

/// What the site says of a party that holds or is held.
extension Party {
    /// The class of music those hear whom it holds; of a trunk, those behind it as well.
    func holdMusic(of site: Site) -> String? { nil }
}

extension Leg {
    var holdHabit: BridgeMachine.HoldHabit { BridgeMachine.HoldHabit() }
}
