// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Timing

/// The name of a recording whose dialplan gives none: `2026-11-21/69203a5c01000007-8001-8002`.
/// A folder a day keeps folders small; the call's number leads to its CDR.
enum RecordingName {
    static func make(for call: any CallControl) -> String {
        let (year, month, day) = date(call.wallTime)
        func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
        let parties = [call.caller.number, call.dialled].map(safe).joined(separator: "-")
        return "\(year)-\(two(month))-\(two(day))/\(call.id)-\(parties)"
    }

    /// Digits, letters, `+`, at most 24: numbers come from outside.
    private static func safe(_ number: String) -> String {
        String(
            number.unicodeScalars.filter {
                $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "+")
            }
            .prefix(24).map(Character.init))
    }

    /// The UTC calendar day (days since 1970 to civil date, proleptic Gregorian).
    private static func date(_ time: WallTime) -> (year: Int64, month: Int, day: Int) {
        let days = time.microseconds / 86_400_000_000 + 719_468
        let era = days / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let day = Int(dayOfYear - (153 * shifted + 2) / 5 + 1)
        let month = Int(shifted < 10 ? shifted + 3 : shifted - 9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
