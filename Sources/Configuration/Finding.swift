// SPDX-License-Identifier: AGPL-3.0-or-later
public import Diagnostics

/// Something a person should know about a site's files.
public struct Finding: Hashable, Sendable {
    /// `error`: the site is not to be taken into service. `warning`: it runs, but was hardly meant so.
    public var severity: DiagnosticSeverity
    /// The file is named relative to the site's folder.
    public var location: SourceLocation
    public var message: Wording
    public var hint: Wording?

    public init(
        _ severity: DiagnosticSeverity, at location: SourceLocation, _ message: Wording, hint: Wording? = nil
    ) {
        self.severity = severity
        self.location = location
        self.message = message
        self.hint = hint
    }

    public var file: String { location.file }
    public var line: Int { location.line }
    public var column: Int { location.column }

    /// `seats.toml:12:1: error: unknown key "nmae" (did you mean "name"?)`
    public func text(in language: DiagnosticLanguage = .english) -> String {
        let tail = hint.map { " (\($0.text(in: language)))" } ?? ""
        return "\(location): \(severity.word(in: language)): \(message.text(in: language))\(tail)"
    }
}
