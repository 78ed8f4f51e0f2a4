// SPDX-License-Identifier: AGPL-3.0-or-later

/// The inside of `$[ … ]` as a tree.
///
/// Asterisk replaces the variables first and parses the text then, on every call. A tree made at
/// load gives the same answers as long as a value is one word or number. When the value of an
/// unquoted variable is more than that (`1 + 2`, `SIP/100`), the replaced text is parsed as Asterisk
/// would; where Asterisk would then report a syntax error, the value counts as one string.
struct Expression: Sendable {
    enum Operator: String, Sendable {
        case or = "|"
        case and = "&"
        case equal = "="
        case notEqual = "!="
        case less = "<"
        case greater = ">"
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case plus = "+"
        case minus = "-"
        case times = "*"
        case divided = "/"
        case modulo = "%"
        case match = ":"
        case search = "=~"
        case concatenate = "~~"

        /// How tightly it binds. All are left-associative.
        var binding: Int {
            switch self {
            case .or: 2
            case .and: 3
            case .equal, .notEqual, .less, .greater, .lessOrEqual, .greaterOrEqual: 4
            case .plus, .minus: 5
            case .times, .divided, .modulo: 6
            case .match, .search, .concatenate: 8
            }
        }
    }

    static let conditionalBinding = 1
    static let unaryBinding = 7

    indirect enum Node: Sendable {
        /// A word, number or quoted string by its index in `operands`. A quoted one keeps its quotes,
        /// as in Asterisk, where `"1" = 1` is false.
        case operand(Int, quoted: Bool)
        case unary(not: Bool, Node)
        case binary(Operator, Node, Node)
        case conditional(Node, Node, Node)
        case call(String, [Node])
        case empty
    }

    /// The expression as a text, for the way round by text.
    enum Piece: Sendable {
        case text(String)
        case operand(Int)
    }

    /// nil when the text can be parsed only with its variables' values, or not at all.
    let root: Node?
    /// Each is evaluated once a run, however often the tree and the text are gone through: nested
    /// expressions would otherwise cost the more the deeper they are.
    let operands: [Template]
    let pieces: [Piece]
}
