// SPDX-License-Identifier: AGPL-3.0-or-later

/// How applications take their arguments apart, by the rules of Asterisk's `app.c`.
public enum Arguments {
    /// At most so many; the rest of the text belongs to the last.
    public static let maximumCount = 64

    /// Splits at `separator` where it stands outside `(…)`, `[…]` and quotes, and takes away quotes
    /// and backslashes. An empty text has no arguments; one ending in the separator has an empty
    /// last one.
    public static func split(
        _ text: String, at separator: Unicode.Scalar = ",", keepsQuotes: Bool = false
    ) -> [String] {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty else { return [] }
        let separator = UInt8(ascii: separator)
        var arguments: [String] = []
        var current: [UInt8] = []
        var parentheses = 0
        var brackets = 0
        var isQuoted = false
        var index = 0
        func isLast() -> Bool { arguments.count + 1 >= maximumCount }
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case separator where parentheses == 0 && brackets == 0 && !isQuoted && !isLast():
                arguments.append(String(decoding: current, as: UTF8.self))
                current.removeAll(keepingCapacity: true)
                continue
            case UInt8(ascii: "("): parentheses += 1
            case UInt8(ascii: ")"): parentheses = max(0, parentheses - 1)
            case UInt8(ascii: "["): brackets += 1
            case UInt8(ascii: "]"): brackets = max(0, brackets - 1)
            case UInt8(ascii: "\""):
                isQuoted.toggle()
                if !keepsQuotes { continue }
            case UInt8(ascii: "\\"):
                if keepsQuotes { current.append(byte) }
                if index < bytes.count {
                    current.append(bytes[index])
                    index += 1
                }
                continue
            default: break
            }
            current.append(byte)
        }
        arguments.append(String(decoding: current, as: UTF8.self))
        return arguments
    }

    /// `condition?then:else` of GotoIf and its kin. The first `?` and the first `:` behind it count.
    public static func branches(
        _ text: String
    ) -> (condition: String, then: String?, otherwise: String?) {
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 else { return (text, nil, nil) }
        let branches = halves[1].split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        func branch(_ index: Int) -> String? {
            guard index < branches.count, !branches[index].isEmpty else { return nil }
            return String(branches[index])
        }
        return (String(halves[0]), branch(0), branch(1))
    }

    /// Asterisk's truth of a text: empty and what begins with the number zero are false, everything else is true.
    public static func isTrue(_ text: String) -> Bool {
        !text.isEmpty && Template.Slice.integer(text) != 0
    }
}

/// Where `Goto` goes: `[[context,]extension,]priority-or-label`.
public struct GotoTarget: Hashable, Sendable {
    public var context: String?
    public var `extension`: String?
    /// A number, a label, or `+n` / `-n` from where the call is.
    public var priority: String

    /// nil when the text is empty.
    public init?(_ text: String) {
        let parts = text.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
            .map { String($0).trimmingSpaces }
        guard let last = parts.last, !last.isEmpty else { return nil }
        priority = last
        `extension` = parts.count > 1 ? parts[parts.count - 2] : nil
        context = parts.count > 2 ? parts[0] : nil
    }
}
