// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where a template finds its values: a call, or a test's dictionary.
public protocol VariableSource: AnyObject {
    /// The value of a channel or global variable, nil when it has none.
    func value(of variable: String) -> String?
    /// Reads `NAME(arguments)`; nil when there is no such function or it has no value. May wait,
    /// as a function that asks a database does.
    func value(of function: String, arguments: String) async -> String?
}

extension Template {
    /// The text with everything replaced, at most 16 KiB of it. A variable without value is empty.
    public func text(from source: any VariableSource) async -> String {
        if let literal { return literal }
        if parts.count == 1 { return await Self.text(of: parts[0], from: source) }
        var result = ""
        for part in parts {
            result += await Self.text(of: part, from: source)
            guard result.utf8.count <= DialplanLimits.expandedBytes else {
                return Self.cut(result)
            }
        }
        return result
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > DialplanLimits.expandedBytes else { return text }
        return String(decoding: text.utf8.prefix(DialplanLimits.expandedBytes), as: UTF8.self)
    }

    private static func text(of part: Part, from source: any VariableSource) async -> String {
        switch part {
        case .text(let text): return text
        case .expression(let expression): return await expression.text(from: source)
        case .variable(let reference):
            let value: String
            if let name = reference.name.literal {
                value = source.value(of: name) ?? ""
            } else {
                let name = await reference.name.text(from: source)
                value = await self.value(ofComputed: name, from: source)
            }
            return await cut(reference.slice?.apply(to: value, from: source) ?? value)
        case .function(let call):
            let name = await call.name.text(from: source)
            let arguments = await call.arguments.text(from: source)
            let value = await source.value(of: name, arguments: arguments) ?? ""
            return await cut(call.slice?.apply(to: value, from: source) ?? value)
        }
    }

    /// `${${X}}`: the value of X may be a name, `NAME:1:2` or `FUNCTION(…)`.
    private static func value(
        ofComputed text: String, from source: any VariableSource
    ) async -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "(") || $0 == UInt8(ascii: ":") }) else {
            return source.value(of: text) ?? ""
        }
        // A value is a name here, not a program: `$` in it is not looked at again.
        guard !text.utf8.contains(UInt8(ascii: "$")) else { return source.value(of: text) ?? "" }
        let parsed = Template.parse(Array("${\(text)}".utf8)[...], depth: 0) { _, _ in }
        return await parsed.text(from: source)
    }

    /// The text at load time, when only [globals] are known; nil when it asks for more.
    func text(globals: [String: String]) -> String? {
        if let literal { return literal }
        var result = ""
        for part in parts {
            switch part {
            case .text(let text): result += text
            case .variable(let reference):
                guard let name = reference.name.text(globals: globals) else { return nil }
                var value = globals[name] ?? ""
                if let slice = reference.slice {
                    guard let offset = slice.offset.text(globals: globals) else { return nil }
                    let length = slice.length.map { $0.text(globals: globals) ?? "" }
                    value = Slice.cut(value, offset: offset, length: length)
                }
                result += value
            case .function(let call):
                guard call.name.literal?.asciiLowercased == "global", call.slice == nil,
                    let name = call.arguments.text(globals: globals)
                else { return nil }
                result += globals[name] ?? ""
            case .expression: return nil
            }
            guard result.utf8.count <= DialplanLimits.expandedBytes else { return nil }
        }
        return result
    }
}

extension Template.Slice {
    func apply(to value: String, from source: any VariableSource) async -> String {
        let offset = await self.offset.text(from: source)
        let length = await self.length?.text(from: source)
        return Self.cut(value, offset: offset, length: length)
    }

    /// Asterisk's rule, in bytes: a negative offset counts from the end, a negative length leaves
    /// so many off the end; what is no number is as if not written.
    static func cut(_ value: String, offset: String, length: String?) -> String {
        let bytes = Array(value.utf8)
        var start = integer(offset) ?? 0
        if start < 0 { start = max(0, bytes.count + start) }
        guard start < bytes.count else { return "" }
        let rest = bytes[start...]
        let wanted = length.flatMap(integer) ?? Int.max
        let taken = wanted >= 0 ? rest.prefix(wanted) : rest.dropLast(-wanted)
        return String(decoding: taken, as: UTF8.self)
    }

    /// The number a text begins with, as `sscanf("%d")` reads it.
    static func integer(_ text: String) -> Int? {
        let digits = text.trimmingSpaces
        var end = digits.startIndex
        for index in digits.indices {
            let isSign = index == digits.startIndex && "+-".contains(digits[index])
            guard isSign || digits[index].isASCII && digits[index].isNumber else { break }
            end = digits.index(after: index)
        }
        guard let value = Int(digits[..<end]) else { return nil }
        return max(-1_000_000_000, min(1_000_000_000, value))
    }
}
