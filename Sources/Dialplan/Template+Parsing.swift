// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Diagnostics

extension Template {
    typealias Report = (_ problem: Diagnostic.Problem, _ offset: Int) -> Void

    /// Parses `text`; for tests and for texts that come with no place in a file. Problems are passed
    /// over and what can be understood is kept, as at load.
    public init(_ text: String) {
        self = Template.parse(Array(text.utf8)[...], depth: 0) { _, _ in }
    }

    /// Parses a piece of a file. `report` is given offsets into `bytes`' own indices.
    static func parse(_ bytes: ArraySlice<UInt8>, depth: Int, report: Report) -> Template {
        let source = String(decoding: bytes, as: UTF8.self)
        guard depth < DialplanLimits.nesting else {
            report(.nestingTooDeep(limit: DialplanLimits.nesting), bytes.startIndex)
            return Template(literal: source)
        }
        var parts: [Part] = []
        var textStart = bytes.startIndex
        var index = bytes.startIndex
        func flush(_ end: Int) {
            guard end > textStart else { return }
            parts.append(.text(String(decoding: bytes[textStart..<end], as: UTF8.self)))
        }
        while index < bytes.endIndex {
            guard let opening = Opening(bytes, at: index) else {
                index += 1
                continue
            }
            flush(index)
            let (body, end, closed) = opening.body(bytes, at: index)
            if !closed {
                report(opening == .variable ? .unclosedVariable : .unclosedExpression, index)
            }
            switch opening {
            case .variable: parts.append(reference(body, depth: depth + 1, report: report))
            case .expression:
                let parsed = Expression.parse(body, depth: depth + 1, report: report)
                parts.append(.expression(parsed))
            }
            index = end
            textStart = end
        }
        flush(bytes.endIndex)
        return Template(source: source, parts: parts)
    }

    /// `${` or `$[` at a place of a text.
    enum Opening {
        case variable
        case expression

        init?(_ bytes: ArraySlice<UInt8>, at index: Int) {
            guard bytes[index] == UInt8(ascii: "$"), index + 1 < bytes.endIndex else { return nil }
            switch bytes[index + 1] {
            case UInt8(ascii: "{"): self = .variable
            case UInt8(ascii: "["): self = .expression
            default: return nil
            }
        }

        /// What stands between the brackets and where the text goes on. Asterisk counts only the
        /// brackets of the kind it is in, and so do we: a `]` within `${…}` ends nothing.
        func body(
            _ bytes: ArraySlice<UInt8>, at index: Int
        ) -> (body: ArraySlice<UInt8>, end: Int, closed: Bool) {
            let open = self == .variable ? UInt8(ascii: "{") : UInt8(ascii: "[")
            let close = self == .variable ? UInt8(ascii: "}") : UInt8(ascii: "]")
            var depth = 1
            var scan = index + 2
            while scan < bytes.endIndex {
                if bytes[scan] == open {
                    depth += 1
                } else if bytes[scan] == close {
                    depth -= 1
                    if depth == 0 { return (bytes[index + 2..<scan], scan + 1, true) }
                }
                scan += 1
            }
            return (bytes[index + 2..<bytes.endIndex], bytes.endIndex, false)
        }
    }

    /// The inside of `${…}`: name or function, and what is cut out of the value.
    private static func reference(
        _ body: ArraySlice<UInt8>, depth: Int, report: Report
    ) -> Part {
        var parentheses = 0
        var firstParenthesis: Int?
        var colons: [Int] = []
        var index = body.startIndex
        while index < body.endIndex {
            if let opening = Opening(body, at: index) {
                index = opening.body(body, at: index).end
                continue
            }
            switch body[index] {
            case UInt8(ascii: "("):
                parentheses += 1
                if colons.isEmpty, firstParenthesis == nil { firstParenthesis = index }
            case UInt8(ascii: ")"): parentheses -= 1
            case UInt8(ascii: ":") where parentheses == 0 && colons.count < 2: colons.append(index)
            default: break
            }
            index += 1
        }
        func template(_ range: Range<Int>) -> Template {
            parse(body[range], depth: depth, report: report)
        }
        var slice: Slice?
        if let first = colons.first {
            let second = colons.count > 1 ? colons[1] : body.endIndex
            slice = Slice(
                offset: template(first + 1..<second),
                length: second < body.endIndex ? template(second + 1..<body.endIndex) : nil)
        }
        let nameEnd = colons.first ?? body.endIndex
        guard let firstParenthesis else {
            return .variable(
                VariableReference(name: template(body.startIndex..<nameEnd), slice: slice))
        }
        let close =
            body[firstParenthesis..<nameEnd].lastIndex(of: UInt8(ascii: ")")) ?? nameEnd
        return .function(
            FunctionCall(
                name: template(body.startIndex..<firstParenthesis),
                arguments: template(firstParenthesis + 1..<close), slice: slice))
    }
}
