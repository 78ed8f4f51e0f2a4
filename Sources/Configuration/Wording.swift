// SPDX-License-Identifier: AGPL-3.0-or-later
public import Diagnostics

/// One thing said in both languages.
public struct Wording: Hashable, Sendable {
    public var en: String
    public var zh: String

    public init(en: String, zh: String) {
        self.en = en
        self.zh = zh
    }

    public func text(in language: DiagnosticLanguage) -> String { language == .english ? en : zh }

    /// `did you mean "name"?` with the candidate nearest to `word`; nil when none is near enough to be a slip.
    public static func didYouMean(_ word: String, among candidates: some Sequence<String>) -> Wording? {
        NearestName.nearest(to: word, among: candidates).map(didYouMean)
    }

    public static func didYouMean(_ text: String) -> Wording {
        Wording(en: "did you mean \"\(text)\"?", zh: "是否想写 \"\(text)\"？")
    }
}
