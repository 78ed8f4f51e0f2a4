// SPDX-License-Identifier: AGPL-3.0-or-later

/// A text with `${variables}`, `${FUNCTIONS(…)}` and `$[expressions]`, parsed once at load.
public struct Template: Sendable {
    /// As written.
    public let source: String
    /// The text itself when there is nothing to replace.
    public let literal: String?
    let parts: [Part]

    enum Part: Sendable {
        case text(String)
        case variable(VariableReference)
        case function(FunctionCall)
        case expression(Expression)
    }

    /// `${name:offset:length}`. The name may itself be made of variables (`${LINE_${N}}`).
    struct VariableReference: Sendable {
        let name: Template
        let slice: Slice?
    }

    /// `${NAME(arguments):offset:length}`.
    struct FunctionCall: Sendable {
        let name: Template
        let arguments: Template
        let slice: Slice?
    }

    struct Slice: Sendable {
        let offset: Template
        let length: Template?
    }

    init(source: String, parts: [Part]) {
        self.source = source
        self.parts = parts
        switch parts.count {
        case 0: literal = ""
        case 1: if case .text(let text) = parts[0] { literal = text } else { literal = nil }
        default: literal = nil
        }
    }

    /// A text in which nothing is replaced.
    public init(literal: String) {
        self.init(source: literal, parts: literal.isEmpty ? [] : [.text(literal)])
    }

    /// Stands for a replaced part in `outline`.
    public static let hole = "\u{FFFC}"

    /// The text with every replaced part as one `hole`: what can be checked before a call comes.
    public var outline: String {
        if let literal { return literal }
        return parts.map { if case .text(let text) = $0 { text } else { Self.hole } }.joined()
    }
}
