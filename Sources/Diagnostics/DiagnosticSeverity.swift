// SPDX-License-Identifier: AGPL-3.0-or-later

/// How bad what was found in a file is.
public enum DiagnosticSeverity: String, Hashable, Sendable, Comparable {
    /// Meant so by somebody, perhaps, but seldom; the file can be taken into service.
    case warning
    /// What it concerns fails for certain; the file is not to be taken into service.
    case error

    public static func < (a: DiagnosticSeverity, b: DiagnosticSeverity) -> Bool { a == .warning && b == .error }

    public func word(in language: DiagnosticLanguage) -> String {
        switch (self, language) {
        case (.warning, .english): "warning"
        case (.error, .english): "error"
        case (.warning, .chinese): "警告"
        case (.error, .chinese): "错误"
        }
    }
}

/// The languages everything is told in.
public enum DiagnosticLanguage: String, Hashable, Sendable, CaseIterable {
    case english = "en"
    case chinese = "zh"
}
