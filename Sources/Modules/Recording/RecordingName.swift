// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// The name of a recording whose dialplan gives none: `2026-11-21/69203a5c01000007-8001-8002`.
/// A folder a day keeps folders small, and it is the day that people of the site would name; the call's number leads
/// to its CDR.
enum RecordingName {
    static func make(for call: any CallControl, on day: CivilDay) -> String {
        let parties = [call.caller.number, call.dialled].map(safe).joined(separator: "-")
        return "\(day)/\(call.callID)-\(parties)"
    }

    /// Digits, letters, `+`, at most 24: numbers come from outside.
    private static func safe(_ number: String) -> String {
        String(
            number.unicodeScalars.filter {
                $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "+")
            }
            .prefix(24).map(Character.init))
    }
}
