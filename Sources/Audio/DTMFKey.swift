// SPDX-License-Identifier: AGPL-3.0-or-later

/// A key of a telephone, by its RFC 4733 event code: 0–9, 10 `*`, 11 `#`, 12–15 `A`–`D`.
public struct DTMFKey: Hashable, Sendable {
    public let event: UInt8

    /// nil when the event is not a key (flash is 16, others are line signals).
    public init?(event: UInt8) {
        guard event < 16 else { return nil }
        self.event = event
    }

    /// Lower-case letters are taken as upper-case.
    public init?(_ character: Character) {
        guard let ascii = character.asciiValue else { return nil }
        switch ascii {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): event = ascii - UInt8(ascii: "0")
        case UInt8(ascii: "*"): event = 10
        case UInt8(ascii: "#"): event = 11
        case UInt8(ascii: "A")...UInt8(ascii: "D"): event = ascii - UInt8(ascii: "A") + 12
        case UInt8(ascii: "a")...UInt8(ascii: "d"): event = ascii - UInt8(ascii: "a") + 12
        default: return nil
        }
    }

    public var character: Character {
        switch event {
        case 10: "*"
        case 11: "#"
        case 12...: Character(UnicodeScalar(UInt8(ascii: "A") + event - 12))
        default: Character(UnicodeScalar(UInt8(ascii: "0") + event))
        }
    }

    /// Row and column on a keypad of four by four.
    var position: (row: Int, column: Int) {
        switch event {
        case 0: (3, 1)
        case 1...9: (Int(event - 1) / 3, Int(event - 1) % 3)
        case 10: (3, 0)
        case 11: (3, 2)
        default: (Int(event - 12), 3)
        }
    }
}
