// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where a call goes next: the one answer in every file of a site, in dialplans, rules of seats, queues and menus, and
/// the target of a transfer or a command (PBX-23).
///
/// Written as a text (``init(parsing:)``), which ``description`` gives back in its plainest spelling:
///
/// | text | means |
/// | --- | --- |
/// | `Seat/8001`, `SIP/8001`, `PJSIP/8001` | all phones of a seat |
/// | `Trunk/NAME/NUMBER`, `SIP/NAME/NUMBER`, `SIP/NUMBER@NAME`, `PJSIP/NUMBER@NAME` | a number behind a trunk |
/// | `8002`, `*43` | a number to be dialled in the caller's own context, with his rights |
/// | `Context/CONTEXT/EXTEN[/PRIORITY]`, `CONTEXT,EXTEN[,PRIORITY]`, `Local/EXTEN@CONTEXT[/n]` | a place in the dialplan |
/// | `Hangup`, `Hangup/17` | the end, with a cause |
/// | `Queue/6001`, `Menu/main`, `Voicemail/8001`, `Park` | whatever the module makes of it that has this scheme |
public enum Destination: Hashable, Sendable {
    case seat(String)
    case trunk(name: String, number: String)
    /// Never chooses a trunk by itself: the dialplan of the caller's context says where it leads.
    case number(String)
    case context(String, exten: String, priority: Priority)
    /// nil: the cause the call has anyway.
    case hangUp(HangupCause?)
    /// `scheme` in lower case, compared without case; `name` is empty where none was written (`Park`).
    case other(scheme: String, name: String)

    public enum Priority: Hashable, Sendable, CustomStringConvertible {
        /// 1…999,999.
        case number(Int)
        case label(String)

        public var description: String {
            switch self {
            case .number(let number): String(number)
            case .label(let label): label
            }
        }
    }

    /// In bytes; longer texts are refused.
    public static let longestText = 256

    /// The schemes of the core as they are written; modules have further ones.
    public static let schemes = ["Seat", "Trunk", "SIP", "PJSIP", "Context", "Local", "Hangup"]

    /// Reads a text of which nothing is left to be replaced.
    public init(parsing text: some StringProtocol) throws(DestinationError) {
        self = try DestinationReader(hole: nil).destination(text)
    }

    /// What is known of a text before its variables have values: replaced parts are written as `hole`s, and a part of
    /// the destination that has one is not known yet. nil when not even the kind is known.
    ///
    /// Throws only what no value of the variables could put right.
    public static func outline(
        of text: some StringProtocol, hole: Character
    ) throws(DestinationError) -> Destination? {
        let scheme = text.prefix { $0 != "/" }
        guard text.contains(hole) else { return try Destination(parsing: text) }
        guard !scheme.contains(hole) else { return nil }
        // A variable may hold several parts (`Trunk/${LINE}`), so that too few of them are no mistake yet.
        return try? DestinationReader(hole: hole).destination(text)
    }
}

extension Destination: CustomStringConvertible {
    public var description: String {
        switch self {
        case .seat(let number): return "Seat/\(number)"
        case .trunk(let name, let number): return "Trunk/\(name)/\(number)"
        case .number(let number): return number
        case .context(let context, let exten, .number(1)): return "Context/\(context)/\(exten)"
        case .context(let context, let exten, let priority): return "Context/\(context)/\(exten)/\(priority)"
        case .hangUp(nil): return "Hangup"
        case .hangUp(let cause?): return "Hangup/\(cause.rawValue)"
        case .other(let scheme, let name):
            let written = scheme.prefix(1).uppercased() + scheme.dropFirst()
            return name.isEmpty ? written : "\(written)/\(name)"
        }
    }
}

extension DialTarget {
    /// What Dial can ring; nil for a destination that is not a phone or a line.
    public init?(_ destination: Destination) {
        switch destination {
        case .seat(let number): self = .seat(number)
        case .trunk(let name, let number): self = .trunk(name: name, number: number)
        case .number, .context, .hangUp, .other: return nil
        }
    }
}
