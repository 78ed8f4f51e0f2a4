// SPDX-License-Identifier: AGPL-3.0-or-later

/// Times as admins write them.
public enum DurationText {
    /// Milliseconds in a unit. Texts of the longest unit first when written out.
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// At most 100 days and not negative; nil for anything else.
    public static func duration(of value: ConfigurationNode.Value) -> Duration? {
        let limit: Int64 = 100 * 86_400_000
        switch value {
        case .integer(let seconds):
            return (0...limit / 1000).contains(Int64(seconds)) ? .seconds(seconds) : nil
        case .float(let seconds):
            guard seconds >= 0, seconds <= Double(limit / 1000) else { return nil }
            return .milliseconds(Int64((seconds * 1000).rounded()))
        case .string(let text):
            let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            let unit = text.dropFirst(number.count).drop { $0 == " " }
            guard let count = Double(number), count >= 0,
                let scale = units.first(where: { $0.name == unit })?.milliseconds
            else { return nil }
            let milliseconds = (count * Double(scale)).rounded()
            return milliseconds <= Double(limit) ? .milliseconds(Int64(milliseconds)) : nil
        default:
            return nil
        }
    }

    /// `30 s`, `1500 ms`, `2 h`: in the longest unit that leaves no fraction; `duration` reads it back.
    public static func text(of duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        for unit in units where milliseconds != 0 && milliseconds % unit.milliseconds == 0 {
            return "\(milliseconds / unit.milliseconds) \(unit.name)"
        }
        return "\(milliseconds) ms"
    }
}
