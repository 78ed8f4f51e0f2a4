// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// The operators `:` and `=~`: POSIX extended regular expressions, as in Asterisk.
enum RegularExpression {
    /// The first group when the expression has one, otherwise how many bytes matched.
    ///
    /// `anchored`: the match must begin at the first character. An expression that does not compile,
    /// is longer than 512 bytes, or repeats by count more than twice (which makes the C library's
    /// compiler take memory without bound) gives the empty string.
    static func match(_ text: String, _ expression: String, anchored: Bool) -> ExpressionValue {
        let text = unquoted(text)
        let expression = unquoted(expression)
        guard expression.utf8.count <= DialplanLimits.regularExpressionBytes,
            expression.utf8.count(where: { $0 == UInt8(ascii: "{") }) <= 2,
            expression.utf8.count(where: { $0 == UInt8(ascii: "(") }) <= 32
        else { return .string("") }
        var compiled = regex_t()
        guard regcomp(&compiled, expression, REG_EXTENDED) == 0 else { return .string("") }
        defer { regfree(&compiled) }
        var found = [regmatch_t](repeating: regmatch_t(), count: 2)
        guard regexec(&compiled, text, 2, &found, 0) == 0, !anchored || found[0].rm_so == 0 else {
            return compiled.re_nsub == 0 ? .number(0) : .string("")
        }
        guard found[1].rm_so >= 0 else {
            return .number(ExpressionValue.Number(found[0].rm_eo - found[0].rm_so))
        }
        let bytes = Array(text.utf8)
        let range = Int(found[1].rm_so)..<Int(found[1].rm_eo)
        return ExpressionValue(word: String(decoding: bytes[range.clamped(to: 0..<bytes.count)], as: UTF8.self))
    }

    /// A text in quotes without any of its quotes, another one as it is.
    static func unquoted(_ text: String) -> String {
        let quote = UInt8(ascii: "\"")
        guard text.utf8.first == quote, text.utf8.last == quote else { return text }
        return String(decoding: text.utf8.filter { $0 != quote }, as: UTF8.self)
    }
}

/// The functions an expression may call by name: `$[ROUND(${X} / 3)]`.
enum ExpressionMath {
    typealias Number = ExpressionValue.Number

    /// nil when there is no such function or it is given another number of arguments.
    static func call(_ name: String, _ arguments: [ExpressionValue]) -> Number? {
        let values = arguments.map { $0.number ?? 0 }
        if values.count == 1 {
            let x = values[0]
            switch name {
            case "ABS": return x.magnitude
            case "FLOOR": return x.rounded(.down)
            case "CEIL": return x.rounded(.up)
            case "ROUND": return x.rounded(.toNearestOrAwayFromZero)
            case "RINT": return x.rounded(.toNearestOrEven)
            case "TRUNC": return x.rounded(.towardZero)
            case "SQRT": return x.squareRoot()
            case "EXP": return Number(exp(Double(x)))
            case "LOG": return Number(log(Double(x)))
            case "LOG10": return Number(log10(Double(x)))
            default: return nil
            }
        }
        if values.count == 2, name == "POW" {
            return Number(pow(Double(values[0]), Double(values[1])))
        }
        return nil
    }
}
