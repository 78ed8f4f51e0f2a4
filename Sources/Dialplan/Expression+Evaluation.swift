// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// A value of an expression, with the distinctions Asterisk makes.
enum ExpressionValue: Sendable {
    #if arch(x86_64)
    typealias Number = Float80
    static let format = "%.18Lg"
    #else
    typealias Number = Double
    static let format = "%.16g"
    #endif

    case number(Number)
    /// Digits from a text: a number in a calculation, and itself when it is the result (`007`).
    case digits(String)
    case string(String)

    /// What a word of an expression is.
    init(word: String) {
        self = Self.isNumeric(word.utf8[...]) ? .digits(word) : .string(word)
        if case .string = self, word.utf8.first == UInt8(ascii: "-"),
            Self.isNumeric(word.utf8.dropFirst()), let value = Number(word)
        {
            self = .number(value)
        }
    }

    /// `12` or `12.5`, and no more than that.
    private static func isNumeric(_ bytes: Substring.UTF8View) -> Bool {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return (1...2).contains(parts.count)
            && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(\.isDigit) }
    }

    var isString: Bool { if case .string = self { true } else { false } }

    /// nil for a string.
    var number: Number? {
        switch self {
        case .number(let value): value
        case .digits(let text): Number(text)
        case .string: nil
        }
    }

    var text: String {
        switch self {
        case .digits(let text), .string(let text): text
        case .number(let value): Self.text(of: value)
        }
    }

    static func text(of value: Number) -> String {
        if value == value.rounded(.towardZero), value.magnitude < 1e15 { return String(Int64(value)) }
        var buffer = [CChar](repeating: 0, count: 64)
        let length = withVaList([value]) { vsnprintf(&buffer, buffer.count, format, $0) }
        let bytes = buffer.prefix(max(0, min(Int(length), buffer.count - 1)))
        return String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    var isZeroOrEmpty: Bool {
        switch self {
        case .string(let text): text.isEmpty
        default: number == 0
        }
    }

    /// The condition of `? ::`, by `op_cond`: an empty pair of quotes is false too.
    var isTrue: Bool {
        switch self {
        case .string(let text): !text.isEmpty && text != "\"\"" && text != "0"
        default: number != 0
        }
    }

    /// `!`: a string counts by the number it begins with, as C's atoi reads it.
    var negated: ExpressionValue {
        switch self {
        case .number(let value): .number(value == 0 ? 1 : 0)
        case .digits(let text), .string(let text):
            .number((Template.Slice.integer(text) ?? 0) == 0 ? 1 : 0)
        }
    }
}

extension Expression {
    func text(from source: any VariableSource) async -> String {
        var values: [String] = []
        values.reserveCapacity(operands.count)
        for operand in operands { values.append(await operand.text(from: source)) }
        if let root, !hasCompound(values) {
            return await Self.value(of: root, values, source).text
        }
        var replaced = ""
        for piece in pieces {
            switch piece {
            case .text(let text): replaced += text
            case .operand(let number): replaced += values[number]
            }
        }
        guard replaced.utf8.count <= DialplanLimits.expandedBytes else { return "0" }
        let lexed = Self.tokenize(
            Array(replaced.utf8)[...], depth: DialplanLimits.nesting
        ) { _, _ in }
        if lexed.problem == nil {
            var parser = ExpressionParser(tokens: lexed.tokens, allowsCalls: false)
            if let node = parser.parseWhole() {
                return await Self.value(of: node, lexed.operands.map(\.source), source).text
            }
        }
        // Asterisk logs a syntax error here and gives "0".
        guard let root else { return "0" }
        return await Self.value(of: root, values, source).text
    }

    /// Whether the value of an unquoted variable is more than one operand.
    private func hasCompound(_ values: [String]) -> Bool {
        for (operand, value) in zip(operands, values) where operand.literal == nil {
            if operand.source.utf8.first == UInt8(ascii: "\"") { continue }
            if !Self.isSingleOperand(value) { return true }
        }
        return false
    }

    private static func value(
        of node: Node, _ values: [String], _ source: any VariableSource
    ) async -> ExpressionValue {
        switch node {
        case .empty: return .string("")
        case .operand(let number, quoted: true): return .string(values[number])
        case .operand(let number, quoted: false): return ExpressionValue(word: values[number])
        case .unary(not: true, let operand):
            return await value(of: operand, values, source).negated
        case .unary(not: false, let operand):
            return .number(await value(of: operand, values, source).number.map { 0 - $0 } ?? 0)
        case .conditional(let condition, let yes, let no):
            let isTrue = await value(of: condition, values, source).isTrue
            return await value(of: isTrue ? yes : no, values, source)
        case .binary(let operation, let left, let right):
            let left = await value(of: left, values, source)
            let right = await value(of: right, values, source)
            return operation.apply(left, right)
        case .call(let name, let arguments):
            var results: [ExpressionValue] = []
            for argument in arguments { results.append(await value(of: argument, values, source)) }
            if let result = ExpressionMath.call(name, results) { return .number(result) }
            let text = results.map(\.text).joined(separator: ",")
            let result = await source.value(of: name, arguments: text) ?? "0"
            return ExpressionValue(word: result)
        }
    }
}

extension Expression.Operator {
    func apply(_ left: ExpressionValue, _ right: ExpressionValue) -> ExpressionValue {
        switch self {
        case .or: left.isZeroOrEmpty ? right : left
        case .and: left.isZeroOrEmpty || right.isZeroOrEmpty ? .number(0) : left
        case .equal: compare(left, right, ==, ==)
        case .notEqual: compare(left, right, !=, !=)
        case .less: compare(left, right, <, <)
        case .greater: compare(left, right, >, >)
        case .lessOrEqual: compare(left, right, <=, <=)
        case .greaterOrEqual: compare(left, right, >=, >=)
        // What is no number counts as nothing, as in Asterisk, which also warns.
        case .plus: .number((left.number ?? 0) + (right.number ?? 0))
        case .minus: .number((left.number ?? 0) - (right.number ?? 0))
        case .times: .number((left.number ?? 0) * (right.number ?? 0))
        case .divided: .number(divide(left.number, right.number))
        case .modulo:
            if let a = left.number, let b = right.number, b != 0 {
                .number(a.truncatingRemainder(dividingBy: b))
            } else {
                .number(0)
            }
        case .match: RegularExpression.match(left.text, right.text, anchored: true)
        case .search: RegularExpression.match(left.text, right.text, anchored: false)
        case .concatenate: .string(unquoted(left.text) + unquoted(right.text))
        }
    }

    private func unquoted(_ text: String) -> String { RegularExpression.unquoted(text) }

    private func divide(
        _ left: ExpressionValue.Number?, _ right: ExpressionValue.Number?
    ) -> ExpressionValue.Number {
        guard let left else { return 0 }
        guard let right, right != 0 else { return ExpressionValue.Number(Int32.max) }
        return left / right
    }

    /// Numbers when both are, otherwise texts byte by byte.
    private func compare(
        _ left: ExpressionValue, _ right: ExpressionValue,
        _ numbers: (ExpressionValue.Number, ExpressionValue.Number) -> Bool,
        _ texts: (String, String) -> Bool
    ) -> ExpressionValue {
        if let a = left.number, let b = right.number { return .number(numbers(a, b) ? 1 : 0) }
        return .number(texts(left.text, right.text) ? 1 : 0)
    }
}
