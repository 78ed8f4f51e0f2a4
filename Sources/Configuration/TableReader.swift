// SPDX-License-Identifier: AGPL-3.0-or-later
public import Diagnostics

/// Takes typed values out of one table of a TOML file and reports what is wrong with them.
///
/// Every key the schema knows is asked for exactly once; `finish` then reports the keys nobody asked for.
/// A wrong value is reported and the default is used, so that one load finds all mistakes.
public struct TableReader {
    /// The table's name as written in the file, empty for the root.
    public let name: String
    /// Where its name stands; where it would belong when the file leaves it out.
    public let spot: SourceLocation
    private let entries: [ConfigurationNode.Entry]
    private var asked: [String] = []
    public let findings: Findings

    public init(root node: ConfigurationNode, findings: Findings) {
        self.init(name: "", node: node, findings: findings)
    }

    private init(name: String, node: ConfigurationNode, findings: Findings) {
        self.name = name
        self.findings = findings
        spot = node.keySpot
        if case .table(let entries) = node.value { self.entries = entries } else { entries = [] }
    }

    /// A reader of nothing, for a table that the file leaves out.
    private init(absent name: String, near spot: SourceLocation, findings: Findings) {
        self.name = name
        self.spot = spot
        self.findings = findings
        entries = []
    }

    /// The value of `key` as it is, and notes that the schema knows it.
    public mutating func node(_ key: String) -> ConfigurationNode? {
        asked.append(key)
        return entries.first { $0.name == key }?.node
    }

    /// Every entry, for tables whose keys are the admin's own.
    public mutating func allEntries() -> [ConfigurationNode.Entry] {
        asked.append(contentsOf: entries.map(\.name))
        return entries
    }

    /// Where the value of `key` stands, the table itself when it is absent.
    public func spot(of key: String) -> SourceLocation { entries.first { $0.name == key }?.node.spot ?? spot }

    public func has(_ key: String) -> Bool { entries.contains { $0.name == key } }

    // MARK: Simple values

    public mutating func string(_ key: String, maximumLength: Int = 256) -> String? {
        guard let node = node(key) else { return nil }
        guard case .string(let text) = node.value else {
            wrongType(key, node, wanted: Wording(en: "a text in quotes", zh: "带引号的文本"))
            return nil
        }
        guard text.unicodeScalars.count <= maximumLength,
            !text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 })
        else {
            findings.error(
                node.spot,
                Wording(
                    en: "\(quoted(key)) must be one line of at most \(maximumLength) characters",
                    zh: "\(quoted(key)) 必须是一行文本，最多 \(maximumLength) 个字符"))
            return nil
        }
        return text
    }

    public mutating func boolean(_ key: String, default standard: Bool) -> Bool {
        guard let node = node(key) else { return standard }
        guard case .boolean(let value) = node.value else {
            wrongType(key, node, wanted: Wording(en: "true or false", zh: "true 或 false"))
            return standard
        }
        return value
    }

    public mutating func integer(_ key: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
        integer(key, in: range) ?? standard
    }

    public mutating func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let node = node(key) else { return nil }
        guard case .integer(let value) = node.value else {
            wrongType(key, node, wanted: Wording(en: "a whole number", zh: "整数"))
            return nil
        }
        guard range.contains(value) else {
            outOfRange(key, node, "\(value)", from: "\(range.lowerBound)", to: "\(range.upperBound)")
            return nil
        }
        return value
    }

    /// A time: a number of seconds, or a text with a unit (`"500 ms"`, `"30 s"`, `"5 min"`, `"2 h"`).
    public mutating func duration(_ key: String, in range: ClosedRange<Duration>, default standard: Duration)
        -> Duration
    {
        guard let node = node(key) else { return standard }
        guard let value = DurationText.duration(of: node.value) else {
            wrongType(
                key, node,
                wanted: Wording(
                    en: "a number of seconds or a text such as \"500 ms\", \"30 s\", \"5 min\", \"2 h\"",
                    zh: "秒数，或带单位的文本，如 \"500 ms\"、\"30 s\"、\"5 min\"、\"2 h\""))
            return standard
        }
        guard range.contains(value) else {
            outOfRange(
                key, node, DurationText.text(of: value), from: DurationText.text(of: range.lowerBound),
                to: DurationText.text(of: range.upperBound))
            return standard
        }
        return value
    }

    /// One of the words the schema knows.
    public mutating func choice<T>(_ key: String, of choices: [(word: String, value: T)], default standard: T) -> T {
        guard let node = node(key) else { return standard }
        guard case .string(let word) = node.value else {
            wrongType(key, node, wanted: Wording(en: "a text in quotes", zh: "带引号的文本"))
            return standard
        }
        if let choice = choices.first(where: { $0.word == word }) { return choice.value }
        unknownWord(word, at: node.spot, for: key, among: choices.map(\.word))
        return standard
    }

    // MARK: Lists and tables

    /// A list of texts with where each stands; nil when the key is absent or not a list.
    public mutating func strings(_ key: String, maximumCount: Int = 64) -> [(text: String, spot: SourceLocation)]? {
        guard let node = node(key) else { return nil }
        guard case .array(let elements) = node.value else {
            wrongType(key, node, wanted: Wording(en: "a list of texts in brackets", zh: "方括号中的文本列表"))
            return nil
        }
        guard elements.count <= maximumCount else {
            findings.error(
                node.spot,
                Wording(
                    en: "\(quoted(key)) has \(elements.count) entries, at most \(maximumCount) are possible",
                    zh: "\(quoted(key)) 有 \(elements.count) 项，最多 \(maximumCount) 项"))
            return nil
        }
        return elements.compactMap { element in
            if case .string(let text) = element.value { return (text, element.spot) }
            wrongType(key, element, wanted: Wording(en: "a text in quotes", zh: "带引号的文本"))
            return nil
        }
    }

    /// A list of words the schema knows, each at most once; `standard` when absent.
    public mutating func choices<T>(_ key: String, of choices: [(word: String, value: T)], default standard: [T]) -> [T]
    {
        guard let words = strings(key) else { return standard }
        var seen: Set<String> = []
        var values: [T] = []
        for (word, spot) in words {
            guard let choice = choices.first(where: { $0.word == word }) else {
                unknownWord(word, at: spot, for: key, among: choices.map(\.word))
                continue
            }
            guard seen.insert(word).inserted else {
                findings.error(
                    spot,
                    Wording(en: "\"\(word)\" stands twice in \(quoted(key))", zh: "\(quoted(key)) 中 \"\(word)\" 重复"))
                continue
            }
            values.append(choice.value)
        }
        if words.isEmpty {
            findings.error(
                spot(of: key), Wording(en: "\(quoted(key)) must not be empty", zh: "\(quoted(key)) 不能为空"))
        }
        return values.isEmpty ? standard : values
    }

    /// A list of two whole numbers, the first not above the second.
    public mutating func integerRange(
        _ key: String, in bounds: ClosedRange<Int>, default standard: ClosedRange<Int>
    ) -> ClosedRange<Int> {
        guard let node = node(key) else { return standard }
        guard case .array(let elements) = node.value, elements.count == 2, case .integer(let first) = elements[0].value,
            case .integer(let last) = elements[1].value
        else {
            wrongType(key, node, wanted: Wording(en: "two whole numbers, [first, last]", zh: "两个整数 [起, 止]"))
            return standard
        }
        for (element, value) in zip(elements, [first, last]) where !bounds.contains(value) {
            outOfRange(key, element, "\(value)", from: "\(bounds.lowerBound)", to: "\(bounds.upperBound)")
            return standard
        }
        guard first <= last else {
            findings.error(
                node.spot,
                Wording(en: "the first of \(quoted(key)) is above the last", zh: "\(quoted(key)) 的起始值大于结束值"))
            return standard
        }
        return first...last
    }

    public mutating func table(_ key: String) -> TableReader {
        guard let node = node(key) else { return TableReader(absent: path(key), near: spot, findings: findings) }
        guard case .table = node.value else {
            wrongType(key, node, wanted: Wording(en: "a table, [\(path(key))]", zh: "表 [\(path(key))]"))
            return TableReader(absent: path(key), near: spot, findings: findings)
        }
        return TableReader(name: path(key), node: node, findings: findings)
    }

    public mutating func tables(_ key: String) -> [TableReader] {
        guard let node = node(key) else { return [] }
        guard case .array(let elements) = node.value else {
            wrongType(key, node, wanted: Wording(en: "a list of tables, [[\(path(key))]]", zh: "表的列表 [[\(path(key))]]"))
            return []
        }
        return elements.compactMap { element in
            guard case .table = element.value else {
                wrongType(
                    key, element, wanted: Wording(en: "a table, [[\(path(key))]]", zh: "表 [[\(path(key))]]"))
                return nil
            }
            return TableReader(name: path(key), node: element, findings: findings)
        }
    }

    // MARK: Reports

    /// Reports a key that must be there.
    public func missing(_ key: String) {
        findings.error(
            spot, Wording(en: "\(quoted(key)) is missing", zh: "缺少 \(quoted(key))"))
    }

    /// Reports every key that the schema does not know.
    public func finish() {
        for entry in entries where !asked.contains(entry.name) {
            let list = asked.joined(separator: ", ")
            findings.error(
                entry.node.keySpot,
                Wording(
                    en: "unknown key \"\(entry.name)\"" + (name.isEmpty ? "" : " in [\(name)]"),
                    zh: (name.isEmpty ? "" : "[\(name)] 中") + "未知的键 \"\(entry.name)\""),
                hint: Wording.didYouMean(entry.name, among: asked)
                    ?? Wording(en: "known here: \(list)", zh: "此处可用：\(list)"))
        }
    }

    func path(_ key: String) -> String { name.isEmpty ? key : "\(name).\(key)" }
    func quoted(_ key: String) -> String { "\"\(key)\"" }

    private func wrongType(_ key: String, _ node: ConfigurationNode, wanted: Wording) {
        findings.error(
            node.spot,
            Wording(
                en: "\(quoted(key)) must be \(wanted.en), not \(node.kind.en)",
                zh: "\(quoted(key)) 应为\(wanted.zh)，而不是\(node.kind.zh)"))
    }

    private func outOfRange(_ key: String, _ node: ConfigurationNode, _ value: String, from: String, to: String) {
        findings.error(
            node.spot,
            Wording(
                en: "\(quoted(key)) is \(value), it must be from \(from) to \(to)",
                zh: "\(quoted(key)) 为 \(value)，应在 \(from) 到 \(to) 之间"))
    }

    private func unknownWord(_ word: String, at spot: SourceLocation, for key: String, among words: [String]) {
        let list = words.map { "\"\($0)\"" }.joined(separator: ", ")
        findings.error(
            spot,
            Wording(en: "\(quoted(key)) cannot be \"\(word)\"", zh: "\(quoted(key)) 不能是 \"\(word)\""),
            hint: Wording.didYouMean(word, among: words)
                ?? Wording(en: "possible: \(list)", zh: "可用：\(list)"))
    }
}
