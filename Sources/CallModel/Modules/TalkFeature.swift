// SPDX-License-Identifier: AGPL-3.0-or-later

/// Something that keys do in the middle of a talk, for telephones that have no key of their own for it. Which keys is the
/// site's to say (`[in_talk]` in `features.toml`).
public struct TalkFeature: Hashable, Sendable {
    /// The key in `features.toml` and what `SideRules` name, e.g. `blind_transfer`.
    public var name: String
    /// The keys when the site says nothing, e.g. `##`; nil: none.
    public var defaultCode: String?
    public var synopsis: String
    /// Run on the leg that pressed the keys, while the other side hears music; nil: the exchange's own.
    public var application: String?
    public var arguments: [String]
    /// Means something while its party consults a third one, and then before all others of the same keys.
    public var whileConsulting: Bool

    public init(
        name: String, defaultCode: String?, synopsis: String, application: String? = nil, arguments: [String] = [],
        whileConsulting: Bool = false
    ) {
        self.name = name
        self.defaultCode = defaultCode
        self.synopsis = synopsis
        self.application = application
        self.arguments = arguments
        self.whileConsulting = whileConsulting
    }

    /// What the exchange does by itself, without a module.
    public static let ofTheExchange = [
        TalkFeature(name: "disconnect", defaultCode: "*0", synopsis: "ends the talk"),
        // The keys of Asterisk's atxferabort, atxfercomplete, atxferthreeway and atxferswap.
        TalkFeature(
            name: "consult_cancel", defaultCode: "*1", synopsis: "ends the consultation and goes back",
            whileConsulting: true),
        TalkFeature(
            name: "consult_complete", defaultCode: "*2", synopsis: "leaves; the two others talk", whileConsulting: true),
        TalkFeature(name: "three_way", defaultCode: "*3", synopsis: "all three talk", whileConsulting: true),
        TalkFeature(
            name: "consult_swap", defaultCode: "*4", synopsis: "talks to the other of the two", whileConsulting: true),
    ]
}
