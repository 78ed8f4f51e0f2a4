// SPDX-License-Identifier: AGPL-3.0-or-later
public import Diagnostics

/// One line `exten => 100,n(label),Application(arguments)`.
public struct Step: Sendable {
    public let priority: Int
    public let label: String?
    /// As written. Compare without case.
    public let application: String
    /// What stood between the parentheses, with its variables still in.
    public let arguments: Template
    /// Of the application.
    public let location: SourceLocation
    /// Of the first argument.
    public let argumentsLocation: SourceLocation
}

/// What stands behind `hint` in `exten => 8001,hint,SIP/8001` or `exten => _8XXX,hint,SIP/${EXTEN}`.
public struct Hint: Sendable {
    /// As written, without what Asterisk allows behind a comma (a device for presence).
    public let devices: Template
    public let location: SourceLocation

    /// For one extension, which a pattern has many of; nil when it asks for more than ${EXTEN} and [globals].
    public func text(for exten: String, globals: [String: String]) -> String? {
        var known = globals
        known["EXTEN"] = exten
        return devices.text(globals: known)
    }
}

/// An extension of a context: everything under one left side of `exten =>`.
public final class Extension: Sendable {
    /// As written: `8001`, `_9X.`, `s`.
    public let name: String
    /// The part behind `/`: only callers it matches come here. Empty: only callers without number.
    public let callerID: String?
    public let context: String
    /// By priority.
    public let steps: [Int: Step]
    public let labels: [String: Int]
    /// What a lamp for this extension watches.
    public let hint: Hint?
    public let location: SourceLocation
    let pattern: ExtensionPattern
    let callerPattern: ExtensionPattern?

    init(
        name: String, callerID: String?, context: String, steps: [Int: Step],
        labels: [String: Int], hint: Hint?, location: SourceLocation
    ) {
        self.name = name
        self.callerID = callerID
        self.context = context
        self.steps = steps
        self.labels = labels
        self.hint = hint
        self.location = location
        self.pattern = ExtensionPattern(Array(name.utf8))
        self.callerPattern = callerID.map { ExtensionPattern(Array($0.utf8)) }
    }

    public var isPattern: Bool { pattern.isPattern }

    /// As written, with its caller part.
    public var fullName: String { callerID.map { "\(name)/\($0)" } ?? name }

    /// `nil` and empty are a caller without number.
    func accepts(_ caller: CallerMatch) -> Bool {
        guard let callerPattern else { return true }
        switch caller {
        case .anybody: return true
        case .nobody: return callerID?.isEmpty ?? true
        case .number(let digits): return callerPattern.fit(digits).isMatch
        }
    }

    /// Most specific first; with a caller part before without (Asterisk's `ast_add_extension2`).
    static func precedes(_ a: Extension, _ b: Extension) -> Bool {
        if ExtensionPattern.precedes(a.pattern, b.pattern) { return true }
        if ExtensionPattern.precedes(b.pattern, a.pattern) { return false }
        switch (a.callerPattern, b.callerPattern) {
        case (.some(let left), .some(let right)): return ExtensionPattern.precedes(left, right)
        case (.some, nil): return true
        default: return false
        }
    }
}

/// Whom an extension with a caller part is asked about.
enum CallerMatch {
    case number([UInt8])
    case nobody
    /// For the checker: any caller may come.
    case anybody

    init(_ number: String?) {
        guard let number, !number.isEmpty else {
            self = .nobody
            return
        }
        self = .number(number.utf8.filter { $0 != UInt8(ascii: "-") })
    }
}

/// `include => name` with its time condition, if it has one.
public struct Include: Sendable {
    public let context: String
    public let time: IncludeTime?
    public let location: SourceLocation
}

/// `[name]`: extensions in the order they are tried, and included contexts in the order written.
public struct Context: Sendable {
    public let name: String
    public let location: SourceLocation
    public let includes: [Include]
    /// Most specific first.
    public let extensions: [Extension]
    let literals: [[UInt8]: [Extension]]
    let patterns: [Extension]
    /// For "could more digits match": the literal extensions in byte order.
    let sortedLiterals: [Extension]

    init(name: String, location: SourceLocation, includes: [Include], extensions: [Extension]) {
        self.name = name
        self.location = location
        self.includes = includes
        // Swift's sort is stable: what compares equal stays in the order written.
        self.extensions = extensions.sorted(by: Extension.precedes)
        var literals: [[UInt8]: [Extension]] = [:]
        for item in self.extensions {
            if case .literal(let bytes) = item.pattern.kind {
                literals[bytes, default: []].append(item)
            }
        }
        self.literals = literals
        self.patterns = self.extensions.filter(\.isPattern)
        self.sortedLiterals = self.extensions.filter { !$0.isPattern }
    }
}
