// SPDX-License-Identifier: AGPL-3.0-or-later
public import Configuration

/// Why a text is no destination.
public enum DestinationError: Error, Hashable, Sendable {
    case empty
    /// Longer than `Destination.longestText` bytes.
    case tooLong
    /// `expected` is the form its scheme wants: `Trunk/NAME/NUMBER`.
    case malformed(String, expected: String)
    case unknownCause(String)
    /// More than `DestinationList.limit` together.
    case tooMany

    public var wording: Wording {
        switch self {
        case .empty: Wording(en: "a destination is empty", zh: "目的地为空")
        case .tooLong:
            Wording(
                en: "a destination is longer than \(Destination.longestText) bytes",
                zh: "目的地超过 \(Destination.longestText) 字节")
        case .malformed(let text, let expected):
            Wording(en: "\"\(text)\" must be \(expected)", zh: "\"\(text)\" 应为 \(expected)")
        case .unknownCause(let text):
            Wording(en: "\"\(text)\" is no hang-up cause", zh: "\"\(text)\" 不是挂机原因")
        case .tooMany:
            Wording(
                en: "more than \(DestinationList.limit) destinations together",
                zh: "同时呼叫的目的地超过 \(DestinationList.limit) 个")
        }
    }
}
