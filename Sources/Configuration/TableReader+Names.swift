// SPDX-License-Identifier: AGPL-3.0-or-later
public import Diagnostics

/// Names and numbers as sites give them to things.
extension TableReader {
    /// Letters, digits, hyphens and underscores of ASCII, a letter first: a key of TOML without quotes, a part of a
    /// path and of a destination's text.
    public static func isName(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, (65...90).contains(first) || (97...122).contains(first) else { return false }
        return text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95
        }
    }

    /// One name of at most 32 characters; nil when absent or none, which is then reported.
    public mutating func name(_ key: String) -> String? {
        guard let text = string(key, maximumLength: 32) else { return nil }
        guard TableReader.isName(text) else {
            reportNoName(text, key, spot(of: key))
            return nil
        }
        return text
    }

    /// A list of names, each at most once, or one name alone; nil when absent.
    public mutating func names(_ key: String, maximumCount: Int = 64) -> [(text: String, spot: SourceLocation)]? {
        guard has(key) else {
            _ = node(key)
            return nil
        }
        if case .string(let text)? = node(key)?.value {
            guard TableReader.isName(text), text.utf8.count <= 32 else {
                reportNoName(text, key, spot(of: key))
                return nil
            }
            return [(text, spot(of: key))]
        }
        guard let texts = strings(key, maximumCount: maximumCount) else { return nil }
        var seen: Set<String> = []
        return texts.filter { text, spot in
            guard TableReader.isName(text), text.utf8.count <= 32 else {
                reportNoName(text, key, spot)
                return false
            }
            guard seen.insert(text).inserted else {
                findings.error(
                    spot,
                    Wording(en: "\"\(text)\" stands twice in \(quoted(key))", zh: "\(quoted(key)) 中 \"\(text)\" 重复"))
                return false
            }
            return true
        }
    }

    /// A number that is dialled, 1 to 12 digits, in quotes (leading zeros stay) or bare; nil when absent or none, which
    /// is then reported. `owner` is what has the number: "seat", "座席".
    public mutating func number(_ key: String, of owner: Wording) -> String? {
        guard let node = node(key) else {
            missing(key)
            return nil
        }
        let text: String
        switch node.value {
        case .integer(let value): text = String(value)
        case .string(let value): text = value
        default:
            findings.error(
                node.spot,
                Wording(
                    en: "\(quoted(key)) must be a number, not \(node.kind.en)",
                    zh: "\(quoted(key)) 应为号码，而不是\(node.kind.zh)"))
            return nil
        }
        guard (1...12).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            findings.error(
                node.spot,
                Wording(
                    en: "a \(owner.en)'s number is 1 to 12 digits, \"\(text)\" is not",
                    zh: "\(owner.zh)号码为 1 到 12 位数字，\"\(text)\" 不是"))
            return nil
        }
        return text
    }

    private func reportNoName(_ text: String, _ key: String, _ spot: SourceLocation) {
        findings.error(
            spot,
            Wording(
                en:
                    "\"\(text)\" is no name for \(quoted(key)): letters, digits, hyphens and underscores, a letter first, at"
                    + " most 32",
                zh: "\"\(text)\" 不能作 \(quoted(key)) 的名称：由字母、数字、连字符和下划线组成，以字母开头，最多 32 个字符"))
    }
}
