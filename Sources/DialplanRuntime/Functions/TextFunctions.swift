// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Dialplan
internal import Timing

extension CoreFunctions {
    /// Functions about texts and numbers.
    static let text: [CoreFunction] = [
        CoreFunction("LEN", 0, nil) { _, text in String(text.utf8.count) },
        CoreFunction("EXISTS", 0, nil) { _, text in text.isEmpty ? "0" : "1" },
        CoreFunction("ISNULL", 0, nil) { _, text in text.isEmpty ? "1" : "0" },
        CoreFunction("TOUPPER", 0, nil) { _, text in text.uppercased() },
        CoreFunction("TOLOWER", 0, nil) { _, text in text.lowercased() },
        CoreFunction("IF", 1, nil) { _, text in
            let (condition, then, otherwise) = Arguments.branches(text)
            return unquoted((Arguments.isTrue(condition) ? then : otherwise) ?? "")
        },
        CoreFunction("FILTER", 1, nil) { _, text in
            guard let comma = text.firstIndex(of: ",") else { return "" }
            let allowed = allowedBytes(Array(text[..<comma].utf8))
            let kept = text[text.index(after: comma)...].utf8.filter(allowed.contains)
            return String(decoding: kept, as: UTF8.self)
        },
        CoreFunction("CUT", 3, 3) { interpreter, text in
            let arguments = Arguments.split(text)
            guard arguments.count == 3 else { return nil }
            let value = interpreter.value(of: arguments[0]) ?? ""
            return cut(value, at: delimiter(arguments[1]), fields: arguments[2])
        },
        CoreFunction("FIELDQTY", 2, 2) { interpreter, text in
            let arguments = Arguments.split(text)
            guard arguments.count == 2, let value = interpreter.value(of: arguments[0]), !value.isEmpty else {
                return "0"
            }
            let mark = delimiter(arguments[1])
            return String(value.split(separator: mark, omittingEmptySubsequences: false).count)
        },
        CoreFunction("STRFTIME", 0, 3) { interpreter, text in
            let arguments = Arguments.split(text)
            var time = interpreter.call.wallTime
            if let epoch = arguments.first.flatMap({ Int64($0) }), abs(epoch) < 1 << 40 {
                time = WallTime(microseconds: epoch * 1_000_000)
            }
            let format = arguments.count > 2 && !arguments[2].isEmpty ? arguments[2] : "%c"
            return LocalTime.text(time, format: format)
        },
        CoreFunction("MATH", 1, 2) { _, text in
            let arguments = Arguments.split(text)
            return math(arguments.first ?? "", type: arguments.count > 1 ? arguments[1] : "float")
        },
    ]

    private static func unquoted(_ text: String) -> String {
        let trimmed = text.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        guard trimmed.utf8.count >= 2, trimmed.hasPrefix("\""), trimmed.hasSuffix("\"") else { return text }
        return String(trimmed.dropFirst().dropLast())
    }

    private static func delimiter(_ text: String) -> Character {
        switch text {
        case "\\n": "\n"
        case "\\t": "\t"
        default: text.first ?? "-"
        }
    }

    /// `a-z0-9_` and escapes by backslash.
    private static func allowedBytes(_ text: [UInt8]) -> Set<UInt8> {
        var allowed: Set<UInt8> = []
        var index = 0
        func take() -> UInt8 {
            if text[index] == UInt8(ascii: "\\"), index + 1 < text.count { index += 1 }
            index += 1
            return text[index - 1]
        }
        while index < text.count {
            let low = take()
            guard index + 1 < text.count, text[index] == UInt8(ascii: "-") else {
                allowed.insert(low)
                continue
            }
            index += 1
            let high = take()
            if low <= high { allowed.formUnion(low...high) }
        }
        return allowed
    }

    /// `2`, `2-`, `-3`, `1-3&5`: fields counted from 1.
    private static func cut(_ value: String, at mark: Character, fields: String) -> String {
        let parts = value.split(separator: mark, omittingEmptySubsequences: false)
        var taken: [Substring] = []
        for range in fields.split(separator: "&").prefix(64) {
            let ends = range.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            let first = max(1, Int(ends[0]) ?? 1)
            var last = first
            if ends.count > 1 { last = ends[1].isEmpty ? parts.count : Int(ends[1]) ?? 0 }
            guard first <= parts.count, first <= last else { continue }
            taken += parts[first - 1..<min(last, parts.count)]
            if taken.count > 1_024 { break }
        }
        return taken.joined(separator: String(mark))
    }

    /// `8+3`, `7>=2`: one operator between two numbers.
    private static func math(_ text: String, type: String) -> String? {
        let text = text.filter { $0 != " " }
        for operation in ["<=", ">=", "==", "+", "*", "/", "%", "<", ">", "=", "-"] {
            // The first character may be a sign.
            guard let found = text.dropFirst().firstRange(of: operation),
                let left = Double(text[..<found.lowerBound]), let right = Double(text[found.upperBound...])
            else { continue }
            let value: Double
            switch operation {
            case "+": value = left + right
            case "-": value = left - right
            case "*": value = left * right
            case "/": value = right == 0 ? 0 : left / right
            case "%": value = right == 0 ? 0 : left.truncatingRemainder(dividingBy: right)
            case "<": return left < right ? "TRUE" : "FALSE"
            case ">": return left > right ? "TRUE" : "FALSE"
            case "<=": return left <= right ? "TRUE" : "FALSE"
            case ">=": return left >= right ? "TRUE" : "FALSE"
            default: return left == right ? "TRUE" : "FALSE"
            }
            return number(value, type: type)
        }
        return nil
    }

    private static func number(_ value: Double, type: String) -> String? {
        guard value.isFinite, value.magnitude < 1e12 else { return nil }
        let whole = Int64(value)
        guard type.lowercased().hasPrefix("f") else { return String(whole) }
        let millionths = Int64(((value.magnitude - Double(whole.magnitude)) * 1e6).rounded())
        let carried = Int64(whole.magnitude) + millionths / 1_000_000
        let rest = String(millionths % 1_000_000)
        let sign = value < 0 ? "-" : ""
        return "\(sign)\(carried).\(String(repeating: "0", count: 6 - rest.utf8.count))\(rest)"
    }
}
