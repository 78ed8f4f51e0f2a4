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
        if case .string = self, word.utf8.first == UInt8("-"),
            Self.isNumeric(word.utf8.dropFirst()), let value = Number(word)
        {
            self = .number(value)
        }
    }

    /// `12` or `12.5`, and no more than that.
    private static func isNumeric(_ bytes: Substring.UTF8View) -> Bool {
        let parts = bytes.split(separator: UInt8("."), omittingEmptySubsequences: false)
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
    /// Thrown within the evaluation when a value is more than one operand.
    private struct NeedsText: Error {}

    func text(from source: any VariableSource) async -> String {
        if let root {
            do {
                return try await Self.value(of: root, from: source, strict: true).text
            } catch {}
        }
        let replaced = await text.text(from: source)
        let (tokens, _, _, problem) = Self.tokenize(
            Array(replaced.utf8)[...], depth: DialplanLimits.nesting
        ) { _, _ in }
        if problem == nil {
            var parser = ExpressionParser(tokens: tokens, allowsCalls: false)
            if let node = parser.parseWhole(),
                let value = try? await Self.value(of: node, from: source, strict: false)
            {
                return value.text
            }
        }
        // Asterisk logs a syntax error here and gives "0".
        guard let root, let value = try? await Self.value(of: root, from: source, strict: false)
        else { return "0" }
        return value.text
    }

    private static func value(
        of node: Node, from source: any VariableSource, strict: Bool
    ) async throws -> ExpressionValue {
        switch node {
        case .empty: return .string("")
        case .operand(let template, quoted: true): return .string(await template.text(from: source))
        case .operand(let template, quoted: false):
            if let literal = template.literal { return ExpressionValue(word: literal) }
            let text = await template.text(from: source)
            if strict, !isSingleOperand(text) { throw NeedsText() }
            return ExpressionValue(word: text)
        case .unary(not: true, let operand):
            return try await value(of: operand, from: source, strict: strict).negated
        case .unary(not: false, let operand):
            let operand = try await value(of: operand, from: source, strict: strict)
            return .number(operand.number.map { 0 - $0 } ?? 0)
        case .conditional(let condition, let yes, let no):
            let isTrue = try await value(of: condition, from: source, strict: strict).isTrue
            return try await value(of: isTrue ? yes : no, from: source, strict: strict)
        case .binary(let operation, let left, let right):
            let left = try await value(of: left, from: source, strict: strict)
            let right = try await value(of: right, from: source, strict: strict)
            return operation.apply(left, right)
        case .call(let name, let arguments):
            var values: [ExpressionValue] = []
            for argument in arguments {
                values.append(try await value(of: argument, from: source, strict: strict))
            }
            if let result = ExpressionMath.call(name, values) { return .number(result) }
            let text = values.map(\.text).joined(separator: ",")
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
