// SPDX-License-Identifier: AGPL-3.0-or-later

/// What may stand for a number in a dialplan: letters and digits of ASCII, `*`, `#`, `+`, `-`, `.`, `_`.
///
/// A pattern such as `_X.` takes whatever follows a digit, and `Dial(SIP/${EXTEN})` is taken apart after the variable
/// has been put in. So a number from outside, dialled or the caller's own, must not hold a mark that means something
/// there: `@ / & ,` part destinations, `( ) ? : | ^ ; !` part arguments, `$ { }` are variables. What is allowed is
/// listed rather than what is not, so that the next separator of some application is refused before it is thought of;
/// digits of other scripts are refused too, since patterns that bar numbers do not know them.
public enum DialledNumber {
    /// In bytes, as long as an extension may be in Asterisk.
    public static let longest = 80

    public static func isSafe(_ number: String) -> Bool {
        number.utf8.count <= longest && number.utf8.allSatisfy(isAllowed) && !number.hasPrefix("_")
    }

    /// The number of a caller outside, who is not refused for what his exchange calls him.
    public static func cleaned(_ number: String) -> String {
        guard !isSafe(number) else { return number }
        // A leading `_` would name a pattern of the dialplan.
        let kept = number.utf8.filter(isAllowed).drop { $0 == UInt8(ascii: "_") }.prefix(longest)
        return String(decoding: kept, as: UTF8.self)
    }

    /// The number in the user part of a SIP address. Gateways write parameters of a telephone number behind a `;` there
    /// (`+8613800138000;phone-context=…`, RFC 3261 §19.1.6, RFC 3966 §3); they are no part of it.
    public static func subscriber(of user: String) -> String { String(user.prefix { $0 != ";" }) }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        case UInt8(ascii: "*"), UInt8(ascii: "#"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
