// SPDX-License-Identifier: AGPL-3.0-or-later

/// The value of Replaces: the dialog whose place an INVITE takes (RFC 3891 §6.1).
///
/// The tags are named as the receiver of the INVITE sees them: `toTag` is its own, `fromTag` that of its peer (§3).
public struct ReplacesHeader: HeaderValue {
    public static let headerName = "Replaces"

    public var callID: String
    public var toTag: String
    public var fromTag: String
    /// Only an early dialog may be replaced (§6.1 `early-only`).
    public var isEarlyOnly: Bool

    public init(callID: String, toTag: String, fromTag: String, isEarlyOnly: Bool = false) {
        self.callID = callID
        self.toTag = toTag
        self.fromTag = fromTag
        self.isEarlyOnly = isEarlyOnly
    }

    /// nil without both tags, or when one of them stands twice.
    public init?(_ headerValue: String) {
        guard let reader = ParameterReader(headerValue), let toTag = reader.token("to-tag"),
            let fromTag = reader.token("from-tag")
        else { return nil }
        self.init(
            callID: reader.value, toTag: toTag, fromTag: fromTag,
            isEarlyOnly: reader.parameters.contains("early-only"))
    }

    public var headerValue: String {
        "\(callID);to-tag=\(toTag);from-tag=\(fromTag)" + (isEarlyOnly ? ";early-only" : "")
    }
}
