// SPDX-License-Identifier: AGPL-3.0-or-later

extension Party {
    /// The channel's name of a leg of this party, in the form `SIP/8001-0000002a` that dialplans take apart for the seat.
    public func channelName(of leg: LegID) -> String {
        let low = String(UInt32(truncatingIfNeeded: leg.rawValue), radix: 16)
        let suffix = String(repeating: "0", count: 8 - low.utf8.count) + low
        return switch self {
        case .seat(let number): "SIP/\(number)-\(suffix)"
        case .trunk(let name, _): "SIP/\(name)-\(suffix)"
        case .other(let text): "SIP/\(text)-\(suffix)"
        }
    }

    /// Who is rung to reach this party again; nil for somebody who cannot be.
    public var dialTarget: DialTarget? {
        switch self {
        case .seat(let number): .seat(number)
        case .trunk(let name, let number): number.isEmpty ? nil : .trunk(name: name, number: number)
        case .other: nil
        }
    }
}
