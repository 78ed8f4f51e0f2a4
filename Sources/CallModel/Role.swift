// SPDX-License-Identifier: AGPL-3.0-or-later

/// What a leg is in its room. Who hears whom follows from the roles of all members, and from nothing else.
public enum Role: Hashable, Sendable {
    /// Speaks and hears.
    case party
    /// Hears its own music and nobody; nobody hears it.
    case onHold
    /// Hears everybody; nobody hears it.
    case muted
    /// The same by right: somebody who only listens.
    case listener
    /// A supervisor at the side of one member, who hears everybody.
    case supervisor(of: LegID, Supervision)
}

/// How a supervisor is heard.
public enum Supervision: String, Hashable, Sendable, CaseIterable {
    /// By nobody.
    case listens
    /// By the member supervised alone.
    case whispers
    /// By everybody.
    case barges
}
