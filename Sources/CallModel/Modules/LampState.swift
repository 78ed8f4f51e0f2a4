// SPDX-License-Identifier: AGPL-3.0-or-later

/// What a lamp of a module shows, e.g. that of a park slot.
public struct LampState: Hashable, Sendable {
    public enum Light: String, Hashable, Sendable, CaseIterable {
        /// Dark.
        case idle
        /// Blinks.
        case ringing
        /// Lit.
        case inUse = "in use"
        /// Lit, and whoever is there hears music.
        case onHold = "on hold"
    }

    public var light: Light
    /// Who is there; telephones show it beside the lamp. nil: nobody, or nobody to be named.
    public var caller: CallerIdentity?

    public init(_ light: Light, caller: CallerIdentity? = nil) {
        self.light = light
        self.caller = caller
    }

    public static let idle = LampState(.idle)
}
