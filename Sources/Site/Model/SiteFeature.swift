// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// A code as it is dialled on a site: digits alone, or digits with something behind them.
public struct SiteCode: Hashable, Sendable, CustomStringConvertible {
    public enum Rest: Hashable, Sendable {
        case nothing
        /// A seat's number.
        case seat
        /// 1…40 digits, `*`, `#`, `+`.
        case number
    }

    /// 1…8 of `0-9*#`, beginning with `*` or `#`.
    public let prefix: String
    public let rest: Rest

    /// nil when it is none: `*43`, `**{seat}`, `*72{number}`.
    public init?(_ text: String) {
        var prefix = text
        var rest = Rest.nothing
        for (mark, meaning) in [("{seat}", Rest.seat), ("{number}", .number)] where text.hasSuffix(mark) {
            prefix = String(text.dropLast(mark.count))
            rest = meaning
        }
        guard (rest == .nothing ? 2 : 1)...8 ~= prefix.utf8.count, prefix.hasPrefix("*") || prefix.hasPrefix("#"),
            SiteCode.isKeys(prefix)
        else { return nil }
        self.prefix = prefix
        self.rest = rest
    }

    public var description: String {
        switch rest {
        case .nothing: prefix
        case .seat: prefix + "{seat}"
        case .number: prefix + "{number}"
        }
    }

    static func isKeys(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { (48...57).contains($0) || $0 == 42 || $0 == 35 }
    }
}

/// A feature code as it is dialled on this site.
public struct SiteFeature: Hashable, Sendable {
    /// The key in `features.toml`, e.g. `echo`.
    public var name: String
    /// What is dialled, e.g. `*43`.
    public var code: String
    public var synopsis: String
    /// The application run when the code is dialled.
    public var application: String
    /// With what was dialled behind the code as the last one.
    public var arguments: [String]

    public init(name: String, code: String, synopsis: String, application: String, arguments: [String]) {
        self.name = name
        self.code = code
        self.synopsis = synopsis
        self.application = application
        self.arguments = arguments
    }
}

/// A feature as it is keyed in the middle of a talk on this site.
public struct SiteTalkFeature: Hashable, Sendable {
    public var name: String
    /// 1…8 of `0-9*#`.
    public var code: String
    public var synopsis: String
    /// nil: the exchange's own.
    public var application: String?
    public var arguments: [String]
    /// Means something while its party consults a third one.
    public var whileConsulting: Bool
}
