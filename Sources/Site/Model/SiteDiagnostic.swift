// SPDX-License-Identifier: AGPL-3.0-or-later
public import Dialplan

/// One thing said in both languages.
public struct Wording: Hashable, Sendable {
    public var en: String
    public var zh: String

    public init(en: String, zh: String) {
        self.en = en
        self.zh = zh
    }

    public func text(in language: Diagnostic.Language) -> String { language == .english ? en : zh }
}

/// Something a person should know about a site. Those of the dialplan are taken over word for word,
/// so that everything `martlet check` prints looks alike.
public struct SiteDiagnostic: Hashable, Sendable {
    public typealias Severity = Diagnostic.Severity

    /// `error`: the site is not to be taken into service. `warning`: it runs, but was hardly meant so.
    public var severity: Severity
    /// The file is named relative to the site's folder.
    public var location: SourceLocation
    public var message: Wording
    public var hint: Wording?

    public init(_ severity: Severity, at location: SourceLocation, _ message: Wording, hint: Wording? = nil) {
        self.severity = severity
        self.location = location
        self.message = message
        self.hint = hint
    }

    public init(_ diagnostic: Diagnostic) {
        severity = diagnostic.severity
        location = diagnostic.location
        message = Wording(en: diagnostic.message(in: .english), zh: diagnostic.message(in: .chinese))
        hint = diagnostic.hint(in: .english).map { Wording(en: $0, zh: diagnostic.hint(in: .chinese) ?? $0) }
    }

    public var file: String { location.file }
    public var line: Int { location.line }
    public var column: Int { location.column }

    /// `seats.toml:12:1: error: unknown key "nmae" (did you mean "name"?)`
    public func text(in language: Diagnostic.Language = .english) -> String {
        let word =
            switch (severity, language) {
            case (.warning, .english): "warning"
            case (.error, .english): "error"
            case (.warning, .chinese): "警告"
            case (.error, .chinese): "错误"
            }
        let tail = hint.map { " (\($0.text(in: language)))" } ?? ""
        return "\(location): \(word): \(message.text(in: language))\(tail)"
    }
}
