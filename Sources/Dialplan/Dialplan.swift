// SPDX-License-Identifier: AGPL-3.0-or-later
public import Diagnostics

/// A whole dialplan, ready to route calls: immutable, and shared by every call that began with it.
public struct Dialplan: Sendable {
    /// `NAME=value` of [globals].
    public struct Global: Sendable {
        public let name: String
        public let value: Template
        public let location: SourceLocation
    }

    /// In the order of the files.
    public let contexts: [Context]
    /// In the order of the files; a later one of the same name counts, and may use earlier ones.
    public let globals: [Global]
    /// Keys of [general], in lower case.
    public let settings: [String: String]
    /// The values [globals] have before any call, by name.
    public let globalValues: [String: String]
    /// Whether any include has a time condition, so that a search needs the time.
    public let asksForTime: Bool
    private let index: [String: Int]

    public init(
        contexts: [Context] = [], globals: [Global] = [], settings: [String: String] = [:]
    ) {
        self.contexts = contexts
        self.globals = globals
        self.settings = settings
        var values: [String: String] = [:]
        for global in globals { values[global.name] = global.value.text(globals: values) ?? "" }
        self.globalValues = values
        self.asksForTime = contexts.contains { $0.includes.contains { $0.time != nil } }
        self.index = Dictionary(
            contexts.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Names of contexts are compared with case.
    public func context(_ name: String) -> Context? { index[name].map { contexts[$0] } }

    /// `autofallthrough` of [general]: whether a call whose extension has run out of priorities
    /// ends at once (the default) or waits for digits.
    public var endsWhenPrioritiesRunOut: Bool {
        guard let text = settings["autofallthrough"]?.asciiLowercased else { return true }
        return ["yes", "true", "y", "t", "1", "on"].contains(text)
    }
}

/// An extension that was found, and the step to run.
public struct MatchedExtension: Sendable {
    public let `extension`: Extension
    public let step: Step
    /// Where it was found: the context searched or one it includes.
    public var context: String { `extension`.context }
}
