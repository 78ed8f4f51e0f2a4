// SPDX-License-Identifier: AGPL-3.0-or-later
public import Diagnostics
internal import TOMLKit

/// A value of a TOML file together with where it stands.
public struct ConfigurationNode: Sendable {
    public enum Value: Sendable {
        case string(String)
        case integer(Int)
        case float(Double)
        case boolean(Bool)
        /// A date or time: no reader wants one.
        case moment
        case array([ConfigurationNode])
        /// In the order of the file.
        case table([Entry])
    }

    public struct Entry: Sendable {
        public var name: String
        public var node: ConfigurationNode
    }

    public var value: Value
    /// Where the key that names the value stands; for array elements, the element.
    public var keySpot: SourceLocation
    public var spot: SourceLocation

    public init(value: Value, keySpot: SourceLocation, spot: SourceLocation) {
        self.value = value
        self.keySpot = keySpot
        self.spot = spot
    }

    /// The kind of value in a user's words.
    public var kind: Wording {
        switch value {
        case .string: Wording(en: "a text", zh: "文本")
        case .integer: Wording(en: "a whole number", zh: "整数")
        case .float: Wording(en: "a number with a fraction", zh: "小数")
        case .boolean: Wording(en: "true or false", zh: "布尔值")
        case .moment: Wording(en: "a date or time", zh: "日期或时间")
        case .array: Wording(en: "a list", zh: "列表")
        case .table: Wording(en: "a table", zh: "表")
        }
    }
}

extension ConfigurationNode {
    /// Reads a TOML text; on a syntax error reports it and returns nil.
    ///
    /// TOMLKit never frees what it parses (about the size of the text per load); a site is loaded a few
    /// times in the life of a process, so this is left as it is.
    public static func parse(_ text: String, file: String, findings: Findings) -> ConfigurationNode? {
        // The C interface underneath ends at a NUL and would silently ignore the rest.
        if let nul = text.utf8.firstIndex(of: 0) {
            let before = text.utf8[..<nul]
            let lineStart =
                before.lastIndex(of: UInt8(ascii: "\n")).map { before.index(after: $0) } ?? before.startIndex
            let spot = SourceLocation(
                file: file, line: before.count { $0 == UInt8(ascii: "\n") } + 1,
                column: before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1)
            findings.error(spot, Wording(en: "the file contains a NUL byte", zh: "文件中含有 NUL 字节"))
            return nil
        }
        let positions = TOMLPositions(text)
        if let flaw = positions.flaw {
            let wording =
                switch flaw.kind {
                case .tableName:
                    Wording(
                        en: "TOML: a table's name has letters a-z, digits, - and _, or stands in quotes",
                        zh: "TOML：表名由英文字母、数字、- 和 _ 组成，否则要加引号")
                case .unquotedWords:
                    Wording(
                        en: "TOML: a value of several words stands in quotes", zh: "TOML：含空格的值要加引号")
                }
            findings.error(
                SourceLocation(file: file, line: flaw.place.line, column: flaw.place.column), wording)
            return nil
        }
        do {
            let table = try TOMLTable(string: text)
            let reader = NodeBuilder(file: file, positions: positions)
            return reader.node(of: table.tomlValue, at: [])
        } catch let error as TOMLParseError {
            let begin = error.source.begin
            findings.error(
                SourceLocation(file: file, line: max(1, begin.line), column: max(1, begin.column)),
                Wording(en: "TOML: \(error.description)", zh: "TOML 语法错误：\(error.description)"))
        } catch {
            findings.error(
                SourceLocation(file: file, line: 1), Wording(en: "TOML: not readable", zh: "TOML 文件无法解析"))
        }
        return nil
    }
}

private struct NodeBuilder {
    let file: String
    let positions: TOMLPositions

    func node(of value: TOMLValue, at path: [TOMLPositions.Step]) -> ConfigurationNode {
        let mark = positions.mark(of: path)
        return ConfigurationNode(
            value: content(of: value, at: path),
            keySpot: SourceLocation(file: file, line: mark.key.line, column: mark.key.column),
            spot: SourceLocation(file: file, line: mark.value.line, column: mark.value.column))
    }

    private func content(of value: TOMLValue, at path: [TOMLPositions.Step]) -> ConfigurationNode.Value {
        if let string = value.string { return .string(string) }
        if let integer = value.int { return .integer(integer) }
        if let double = value.double { return .float(double) }
        if let boolean = value.bool { return .boolean(boolean) }
        if let array = value.array {
            return .array((0..<array.count).map { node(of: array[$0].tomlValue, at: path + [.index($0)]) })
        }
        if let table = value.table {
            let entries = table.keys.compactMap { key -> ConfigurationNode.Entry? in
                guard let inner = table[key]?.tomlValue else { return nil }
                return ConfigurationNode.Entry(name: key, node: node(of: inner, at: path + [.key(key)]))
            }
            // toml++ sorts keys by name; reports and templates follow the order of the file.
            return .table(
                entries.sorted {
                    ($0.node.keySpot.line, $0.node.keySpot.column) < ($1.node.keySpot.line, $1.node.keySpot.column)
                })
        }
        return .moment
    }
}
