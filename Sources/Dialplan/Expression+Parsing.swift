// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Diagnostics

extension Expression {
    enum Token: Sendable {
        case operation(Operator)
        case not
        case question
        case alternative
        case open
        case close
        case comma
        /// By its index in the operands; as a function's name only when it holds no variables.
        case operand(Int, quoted: Bool, name: String?)
    }

    struct Lexed {
        var tokens: [Token] = []
        /// Where each token begins.
        var offsets: [Int] = []
        var operands: [Template] = []
        var pieces: [Piece] = []
        var problem: (problem: Diagnostic.Problem, offset: Int)?
    }

    static func parse(
        _ bytes: ArraySlice<UInt8>, depth: Int, report: Template.Report
    ) -> Expression {
        let lexed = tokenize(bytes, depth: depth, report: report)
        func expression(_ root: Node?) -> Expression {
            Expression(root: root, operands: lexed.operands, pieces: lexed.pieces)
        }
        if let problem = lexed.problem {
            report(problem.problem, problem.offset)
            return expression(nil)
        }
        var parser = ExpressionParser(tokens: lexed.tokens, allowsCalls: true)
        if let root = parser.parseWhole() { return expression(root) }
        let whole = String(decoding: bytes, as: UTF8.self).trimmingSpaces
        let offset =
            parser.position < lexed.offsets.count ? lexed.offsets[parser.position] : bytes.endIndex
        let hasFreeVariable = lexed.tokens.contains {
            if case .operand(_, quoted: false, name: nil) = $0 { true } else { false }
        }
        if parser.tooDeep {
            report(.nestingTooDeep(limit: DialplanLimits.nesting), bytes.startIndex)
        } else if hasFreeVariable {
            report(.expressionKnownOnlyWhenRun(text: whole), offset)
        } else {
            let at = String(decoding: bytes[offset...].prefix(16), as: UTF8.self)
            report(.badExpression(text: whole, at: at), offset)
        }
        return expression(nil)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        case UInt8(ascii: "."), UInt8(ascii: "'"), UInt8(ascii: ";"), UInt8(ascii: "\\"), UInt8(ascii: "_"),
            UInt8(ascii: "^"):
            true
        case UInt8(ascii: "#"), UInt8(ascii: "@"), 0x80...0xFF: true
        default: false
        }
    }

    /// Whether a value stands for itself in an expression: one word, a number, or nothing.
    static func isSingleOperand(_ value: String) -> Bool {
        var bytes = value.utf8[...]
        if bytes.first == UInt8(ascii: "-"), bytes.count > 1 {
            bytes = bytes.dropFirst()
            return bytes.allSatisfy { $0.isDigit || $0 == UInt8(ascii: ".") }
        }
        return bytes.allSatisfy(isWordByte)
    }

    // The lexer of ast_expr2: the longest operator wins; a word may hold variables anywhere.
    static func tokenize(
        _ bytes: ArraySlice<UInt8>, depth: Int, report: Template.Report
    ) -> Lexed {
        var lexed = Lexed()
        var textStart = bytes.startIndex
        var index = bytes.startIndex
        func add(_ range: Range<Int>) -> Template {
            if textStart < range.lowerBound {
                let gap = String(decoding: bytes[textStart..<range.lowerBound], as: UTF8.self)
                lexed.pieces.append(.text(gap))
            }
            let template = Template.parse(bytes[range], depth: depth, report: report)
            lexed.pieces.append(.operand(lexed.operands.count))
            lexed.operands.append(template)
            textStart = range.upperBound
            return template
        }
        func operand(_ end: Int, quoted: Bool) {
            let number = lexed.operands.count
            let name = add(index..<end).literal
            lexed.tokens.append(.operand(number, quoted: quoted, name: name))
            index = end
        }
        while index < bytes.endIndex, lexed.problem == nil {
            let byte = bytes[index]
            if byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte) {
                index += 1
                continue
            }
            lexed.offsets.append(index)
            let next = index + 1 < bytes.endIndex ? bytes[index + 1] : 0
            if byte == UInt8(ascii: "\"") {
                var end = index + 1
                while end < bytes.endIndex, bytes[end] != UInt8(ascii: "\"") {
                    end = Template.Opening(bytes, at: end)?.body(bytes, at: end).end ?? end + 1
                }
                if end < bytes.endIndex {
                    operand(end + 1, quoted: true)
                } else {
                    lexed.problem = (.unclosedQuote, index)
                }
            } else if isWordByte(byte) || byte == UInt8(ascii: "$") {
                operand(wordEnd(bytes, from: index), quoted: false)
            } else if let (token, length) = operation(byte, next) {
                lexed.tokens.append(token)
                index += length
            } else {
                let whole = String(decoding: bytes, as: UTF8.self).trimmingSpaces
                let at = String(decoding: bytes[index...].prefix(16), as: UTF8.self)
                lexed.problem = (.badExpression(text: whole, at: at), index)
            }
        }
        // What is left is text, and after a problem may still hold variables.
        if textStart < bytes.endIndex { _ = add(textStart..<bytes.endIndex) }
        return lexed
    }

    private static func wordEnd(_ bytes: ArraySlice<UInt8>, from start: Int) -> Int {
        var index = start
        var behindVariable = false
        while index < bytes.endIndex {
            let byte = bytes[index]
            if let opening = Template.Opening(bytes, at: index) {
                index = opening.body(bytes, at: index).end
                behindVariable = true
            } else if isWordByte(byte) {
                index += 1
            } else if byte == UInt8(ascii: "$") {
                // A `$` before anything else belongs to the word together with what follows it.
                index = min(index + 2, bytes.endIndex)
            } else if behindVariable, byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}") {
                index += 1
            } else {
                break
            }
        }
        return index
    }

    private static func operation(_ byte: UInt8, _ next: UInt8) -> (Token, Int)? {
        switch (byte, next) {
        case (UInt8(ascii: "|"), UInt8(ascii: "|")): (.operation(.or), 2)
        case (UInt8(ascii: "&"), UInt8(ascii: "&")): (.operation(.and), 2)
        case (UInt8(ascii: "="), UInt8(ascii: "=")): (.operation(.equal), 2)
        case (UInt8(ascii: "="), UInt8(ascii: "~")): (.operation(.search), 2)
        case (UInt8(ascii: "~"), UInt8(ascii: "~")): (.operation(.concatenate), 2)
        case (UInt8(ascii: ">"), UInt8(ascii: "=")): (.operation(.greaterOrEqual), 2)
        case (UInt8(ascii: "<"), UInt8(ascii: "=")): (.operation(.lessOrEqual), 2)
        case (UInt8(ascii: "!"), UInt8(ascii: "=")): (.operation(.notEqual), 2)
        case (UInt8(ascii: ":"), UInt8(ascii: ":")): (.alternative, 2)
        case (UInt8(ascii: "|"), _): (.operation(.or), 1)
        case (UInt8(ascii: "&"), _): (.operation(.and), 1)
        case (UInt8(ascii: "="), _): (.operation(.equal), 1)
        case (UInt8(ascii: ">"), _): (.operation(.greater), 1)
        case (UInt8(ascii: "<"), _): (.operation(.less), 1)
        case (UInt8(ascii: "+"), _): (.operation(.plus), 1)
        case (UInt8(ascii: "-"), _): (.operation(.minus), 1)
        case (UInt8(ascii: "*"), _): (.operation(.times), 1)
        case (UInt8(ascii: "/"), _): (.operation(.divided), 1)
        case (UInt8(ascii: "%"), _): (.operation(.modulo), 1)
        case (UInt8(ascii: ":"), _): (.operation(.match), 1)
        case (UInt8(ascii: "!"), _): (.not, 1)
        case (UInt8(ascii: "?"), _): (.question, 1)
        case (UInt8(ascii: "("), _): (.open, 1)
        case (UInt8(ascii: ")"), _): (.close, 1)
        case (UInt8(ascii: ","), _): (.comma, 1)
        default: nil
        }
    }
}

/// Precedence climbing over the tokens of one expression.
struct ExpressionParser {
    typealias Node = Expression.Node

    let tokens: [Expression.Token]
    /// `ROUND(1.5)` is a call in a dialplan, and never in a value that came with a call.
    let allowsCalls: Bool
    private(set) var position = 0
    private(set) var tooDeep = false
    private var depth = 0

    init(tokens: [Expression.Token], allowsCalls: Bool) {
        self.tokens = tokens
        self.allowsCalls = allowsCalls
    }

    private var token: Expression.Token? { position < tokens.count ? tokens[position] : nil }

    /// The tree, nil when the tokens are no expression; `position` is then where it stopped.
    mutating func parseWhole() -> Node? {
        if tokens.isEmpty { return .empty }
        guard let node = parse(0), position == tokens.count else { return nil }
        return node
    }

    private mutating func parse(_ minimum: Int) -> Node? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= DialplanLimits.nesting else {
            tooDeep = true
            return nil
        }
        guard var left = parseOperand() else { return nil }
        while let token {
            switch token {
            case .operation(let operation) where operation.binding > minimum:
                position += 1
                guard let right = parse(operation.binding) else { return nil }
                left = .binary(operation, left, right)
            case .question where Expression.conditionalBinding > minimum:
                position += 1
                guard let yes = parse(0), case .alternative? = self.token
                else { return nil }
                position += 1
                guard let no = parse(Expression.conditionalBinding) else { return nil }
                left = .conditional(left, yes, no)
            default: return left
            }
        }
        return left
    }

    private mutating func parseOperand() -> Node? {
        guard let token else { return nil }
        switch token {
        case .not, .operation(.minus):
            position += 1
            // What binds tighter than the sign (only `:`, `=~`, `~~`) goes first.
            guard let operand = parse(Expression.unaryBinding) else { return nil }
            if case .not = token { return .unary(not: true, operand) }
            return .unary(not: false, operand)
        case .open:
            position += 1
            guard let inner = parse(0), case .close? = self.token else { return nil }
            position += 1
            return inner
        case .operand(let number, let quoted, let name):
            position += 1
            if case .open? = self.token, !quoted, let name {
                guard allowsCalls else { return nil }
                return parseCall(name)
            }
            return .operand(number, quoted: quoted)
        default: return nil
        }
    }

    private mutating func parseCall(_ name: String) -> Node? {
        position += 1
        var arguments: [Node] = []
        while true {
            switch token {
            case .close?:
                position += 1
                return .call(name, arguments)
            case .comma?:
                position += 1
                if case .comma? = token { arguments.append(.empty) }
                if case .close? = token { arguments.append(.empty) }
            case nil: return nil
            default:
                guard let argument = parse(0) else { return nil }
                arguments.append(argument)
                switch token {
                case .comma?, .close?: break
                default: return nil
                }
            }
        }
    }
}
