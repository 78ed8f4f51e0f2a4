// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SDP

extension SimulatedPhone {
    /// How telephones say that they hold.
    public enum HoldWay: Sendable {
        case sendOnly, inactive
        /// The connection address 0.0.0.0 (RFC 2543).
        case unspecifiedAddress
    }

    public func hold(by way: HoldWay) {
        switch way {
        case .sendOnly: reoffer(.sendOnly)
        case .inactive: reoffer(.inactive)
        case .unspecifiedAddress: reoffer(.sendReceive, address: "0.0.0.0")
        }
    }
}
