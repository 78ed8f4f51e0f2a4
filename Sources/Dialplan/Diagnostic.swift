// SPDX-License-Identifier: AGPL-3.0-or-later
public import Diagnostics

/// Something a person should know about a dialplan: what, where, how bad, and what to do.
public struct Diagnostic: Hashable, Sendable {
    public typealias Severity = DiagnosticSeverity
    public typealias Language = DiagnosticLanguage

    public var severity: Severity
    public var problem: Problem
    public var location: SourceLocation

    public init(_ severity: Severity, _ problem: Problem, at location: SourceLocation) {
        self.severity = severity
        self.problem = problem
        self.location = location
    }

    public var file: String { location.file }
    public var line: Int { location.line }
    public var column: Int { location.column }

    /// What is wrong, in one sentence without a full stop.
    public func message(in language: Language = .english) -> String {
        language == .english ? problem.english.message : problem.chinese.message
    }

    /// What to do about it, nil when the message says it all.
    public func hint(in language: Language = .english) -> String? {
        let hint = language == .english ? problem.english.hint : problem.chinese.hint
        return hint.isEmpty ? nil : hint
    }

    /// `extensions.conf:12:20: error: unknown application 'Anser' (did you mean 'Answer'?)`
    public func text(in language: Language = .english) -> String {
        let tail = hint(in: language).map { " (\($0))" } ?? ""
        return "\(location): \(severity.word(in: language)): \(message(in: language))\(tail)"
    }
}

extension Diagnostic {
    /// What can be wrong with a dialplan.
    public enum Problem: Hashable, Sendable {
        // Files and lines.
        case fileTooLarge(limit: Int)
        case tooManyLines(limit: Int)
        case lineTooLong(limit: Int)
        case tooManyFiles(limit: Int)
        case filesTooDeep(limit: Int)
        case fileIncludesItself(name: String)
        case fileNotFound(name: String)
        case unterminatedComment
        case unknownDirective(name: String)
        case execRefused
        // Sections and keys.
        case unclosedHeader
        case unknownBaseSection(name: String)
        case lineOutsideContext
        case missingEqualSign
        case unknownKey(name: String, suggestion: String?)
        case unsupportedKey(name: String)
        // Extensions and priorities.
        case missingExtension
        case sameWithoutExtension
        case invalidPriority(text: String)
        case nextWithoutPrevious
        case unclosedLabel
        case textAfterLabel(text: String)
        case missingApplication
        case unclosedArguments(application: String)
        case textAfterArguments(text: String)
        case unclosedSet(pattern: String)
        case emptySet(pattern: String)
        case textAfterWildcard(pattern: String)
        case emptyPattern
        case catchAllPattern(pattern: String)
        case extensionTooLong(limit: Int)
        case duplicatePriority(extension: String, priority: Int, first: SourceLocation)
        case duplicateLabel(label: String, first: SourceLocation)
        case missingHint(extension: String)
        case duplicateHint(extension: String, first: SourceLocation)
        case missingFirstPriority(extension: String)
        case priorityGap(extension: String, priority: Int, missing: Int)
        case unreachablePriority(extension: String, priority: Int, after: String)
        case shadowed(extension: String, by: String, location: SourceLocation)
        // Variables and expressions.
        case unclosedVariable
        case unclosedExpression
        case unclosedQuote
        case badExpression(text: String, at: String)
        case expressionKnownOnlyWhenRun(text: String)
        case nestingTooDeep(limit: Int)
        case unknownFunction(name: String, suggestion: String?)
        // Applications.
        case unknownApplication(name: String, suggestion: String?)
        case tooFewArguments(name: String, minimum: Int, given: Int)
        case tooManyArguments(name: String, maximum: Int, given: Int)
        case missingBranch(application: String)
        // Jumps and includes.
        case unknownContext(name: String, suggestion: String?)
        case unknownExtension(name: String, context: String)
        case unknownLabel(label: String, extension: String, suggestion: String?)
        case unknownPriority(priority: Int, extension: String)
        case missingIncludedContext(name: String, suggestion: String?)
        case includeCycle(path: [String])
        case badIncludeTime(text: String)
    }
}
