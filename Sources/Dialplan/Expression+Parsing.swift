// SPDX-License-Identifier: AGPL-3.0-or-later

extension Expression {
    enum Token: Sendable {
        case operation(Operator)
        case not
        case question
        case alternative
        case open
        case close
        case comma
        case operand(Template, quoted: Bool)
    }

    static func parse(
        _ bytes: ArraySlice<UInt8>, depth: Int, report: Template.Report
    ) -> Expression {
        let (tokens, offsets, text, problem) = tokenize(bytes, depth: depth, report: report)
        if let problem {
            report(problem.0, problem.1)
            return Expression(root: nil, text: text)
        }
        var parser = ExpressionParser(tokens: tokens, allowsCalls: true)
        if let root = parser.parseWhole() { return Expression(root: root, text: text) }
        let whole = String(decoding: bytes, as: UTF8.self).trimmingSpaces
        let offset =
            parser.position < offsets.count ? offsets[parser.position] : bytes.endIndex
        if parser.tooDeep {
            report(.nestingTooDeep(limit: DialplanLimits.nesting), bytes.startIndex)
        } else if hasFreeVariable(tokens) {
            report(.expressionKnownOnlyWhenRun(text: whole), offset)
        } else {
            let at = String(decoding: bytes[offset...].prefix(16), as: UTF8.self)
            report(.badExpression(text: whole, at: at), offset)
        }
        return Expression(root: nil, text: text)
    }

    private static func hasFreeVariable(_ tokens: [Token]) -> Bool {
        tokens.contains {
            if case .operand(let template, quoted: false) = $0 { template.literal == nil } else { false }
        }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8("0")...UInt8("9"), UInt8("a")...UInt8("z"), UInt8("A")...UInt8("Z"): true
        case UInt8("."), UInt8("'"), UInt8(";"), UInt8("\\"), UInt8("_"), UInt8("^"): true
        case UInt8("#"), UInt8("@"), 0x80...0xFF: true
        default: false
        }
    }

    /// Whether a value stands for itself in an expression: one word, a number, or nothing.
    static func isSingleOperand(_ value: String) -> Bool {
        var bytes = value.utf8[...]
        if bytes.first == UInt8("-"), bytes.count > 1 {
            bytes = bytes.dropFirst()
            return bytes.allSatisfy { $0.isDigit || $0 == UInt8(".") }
        }
        return bytes.allSatisfy(isWordByte)
    }

    // The lexer of ast_expr2: the longest operator wins; a word may hold variables anywhere. The
    // text is put together from the same operands, so that nested ones are parsed only once.
    static func tokenize(
        _ bytes: ArraySlice<UInt8>, depth: Int, report: Template.Report
    ) -> (
        tokens: [Token], offsets: [Int], text: Template, problem: (Diagnostic.Problem, Int)?
    ) {
        var tokens: [Token] = []
        var offsets: [Int] = []
        var parts: [Template.Part] = []
        var textStart = bytes.startIndex
        var index = bytes.startIndex
        func operand(_ range: Range<Int>, quoted: Bool) {
            let template = Template.parse(bytes[range], depth: depth, report: report)
            tokens.append(.operand(template, quoted: quoted))
            if textStart < range.lowerBound {
                let gap = String(decoding: bytes[textStart..<range.lowerBound], as: UTF8.self)
                parts.append(.text(gap))
            }
            parts += template.parts
            textStart = range.upperBound
        }
        func text() -> Template {
            let rest = Template.parse(bytes[textStart...], depth: depth, report: report)
            let source = String(decoding: bytes, as: UTF8.self)
            return Template(source: source, parts: parts + rest.parts)
        }
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(" ") || (0x09...0x0D).contains(byte) {
                index += 1
                continue
            }
            offsets.append(index)
            let next = index + 1 < bytes.endIndex ? bytes[index + 1] : 0
            if byte == UInt8("\"") {
                var end = index + 1
                while end < bytes.endIndex, bytes[end] != UInt8("\"") {
                    end = Template.Opening(bytes, at: end)?.body(bytes, at: end).end ?? end + 1
                }
                guard end < bytes.endIndex else { return (tokens, offsets, text(), (.unclosedQuote, index)) }
                operand(index..<end + 1, quoted: true)
                index = end + 1
            } else if isWordByte(byte) || byte == UInt8("$") {
                let end = wordEnd(bytes, from: index)
                operand(index..<end, quoted: false)
                index = end
            } else if let (token, length) = operation(byte, next) {
                tokens.append(token)
                index += length
            } else {
                let whole = String(decoding: bytes, as: UTF8.self).trimmingSpaces
                let at = String(decoding: bytes[index...].prefix(16), as: UTF8.self)
                return (tokens, offsets, text(), (.badExpression(text: whole, at: at), index))
            }
        }
        return (tokens, offsets, text(), nil)
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
            } else if byte == UInt8("$") {
                // A `$` before anything else belongs to the word together with what follows it.
                index = min(index + 2, bytes.endIndex)
            } else if behindVariable, byte == UInt8("{") || byte == UInt8("}") {
                index += 1
            } else {
                break
            }
        }
        return index
    }

    private static func operation(_ byte: UInt8, _ next: UInt8) -> (Token, Int)? {
        switch (byte, next) {
        case (UInt8("|"), UInt8("|")): (.operation(.or), 2)
        case (UInt8("&"), UInt8("&")): (.operation(.and), 2)
        case (UInt8("="), UInt8("=")): (.operation(.equal), 2)
        case (UInt8("="), UInt8("~")): (.operation(.search), 2)
        case (UInt8("~"), UInt8("~")): (.operation(.concatenate), 2)
        case (UInt8(">"), UInt8("=")): (.operation(.greaterOrEqual), 2)
        case (UInt8("<"), UInt8("=")): (.operation(.lessOrEqual), 2)
        case (UInt8("!"), UInt8("=")): (.operation(.notEqual), 2)
        case (UInt8(":"), UInt8(":")): (.alternative, 2)
        case (UInt8("|"), _): (.operation(.or), 1)
        case (UInt8("&"), _): (.operation(.and), 1)
        case (UInt8("="), _): (.operation(.equal), 1)
        case (UInt8(">"), _): (.operation(.greater), 1)
        case (UInt8("<"), _): (.operation(.less), 1)
        case (UInt8("+"), _): (.operation(.plus), 1)
        case (UInt8("-"), _): (.operation(.minus), 1)
        case (UInt8("*"), _): (.operation(.times), 1)
        case (UInt8("/"), _): (.operation(.divided), 1)
        case (UInt8("%"), _): (.operation(.modulo), 1)
        case (UInt8(":"), _): (.operation(.match), 1)
        case (UInt8("!"), _): (.not, 1)
        case (UInt8("?"), _): (.question, 1)
        case (UInt8("("), _): (.open, 1)
        case (UInt8(")"), _): (.close, 1)
        case (UInt8(","), _): (.comma, 1)
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
                guard let yes = parse(Expression.conditionalBinding), case .alternative? = self.token
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
        case .operand(let template, let quoted):
            position += 1
            if case .open? = self.token, !quoted, let name = template.literal {
                guard allowsCalls else { return nil }
                return parseCall(name)
            }
            return .operand(template, quoted: quoted)
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
