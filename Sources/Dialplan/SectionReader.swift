// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Diagnostics

/// `key => value` or `key = value`.
struct Entry: Sendable {
    var key: SourceText
    var value: SourceText

    func isKey(_ name: String) -> Bool {
        key.bytes.count == name.utf8.count
            && zip(key.bytes, name.utf8).allSatisfy { $0.lowercased == $1 }
    }
}

/// `[name]` and what stands below it, in the order of the files.
struct Section: Sendable {
    var name: String
    var location: SourceLocation
    /// `[name](!)`: only there to be inherited from.
    var isTemplate = false
    var entries: [Entry] = []
}

/// Reads files, their `#include`s and section headers into sections: the part of the grammar that
/// all Asterisk configuration files share.
struct SectionReader {
    /// Gives the files an `#include` names (several for a pattern such as `extra/*.conf`), nil when
    /// there is none. The second argument is the name of the including file.
    typealias Loader = (_ name: String, _ includedFrom: String) -> [SourceFile]?

    private let limits: DialplanLimits
    private let load: Loader
    private var current: Int?
    private var linesRead = 0
    private var filesRead = 0
    private(set) var sections: [Section] = []
    private(set) var diagnostics: [Diagnostic] = []

    init(limits: DialplanLimits, load: @escaping Loader) {
        self.limits = limits
        self.load = load
    }

    private mutating func report(
        _ severity: Diagnostic.Severity, _ problem: Diagnostic.Problem, _ place: SourceLocation
    ) {
        diagnostics.append(Diagnostic(severity, problem, at: place))
    }

    /// Reads one file. `stack` names the files being read, outermost first.
    mutating func read(_ file: SourceFile, stack: [String] = []) {
        let top = SourceLocation(file: file.name, line: 1)
        guard file.text.utf8.count <= limits.fileBytes else {
            return report(.error, .fileTooLarge(limit: limits.fileBytes), top)
        }
        filesRead += 1
        guard filesRead <= limits.files else {
            if filesRead == limits.files + 1 {
                report(.error, .tooManyFiles(limit: limits.files), top)
            }
            return
        }
        var reader = LineReader(file, maximumLineBytes: limits.lineBytes)
        // A header within an included file holds to the end of that file.
        let outer = current
        while let line = reader.next() {
            linesRead += 1
            guard linesRead <= limits.lines else {
                if linesRead == limits.lines + 1 {
                    report(.error, .tooManyLines(limit: limits.lines), line.location())
                }
                break
            }
            guard let first = line.bytes.first else { continue }
            switch first {
            case UInt8(ascii: "["): header(line)
            case UInt8(ascii: "#"): directive(line, stack: stack + [file.name])
            default: entry(line)
            }
        }
        diagnostics += reader.diagnostics
        if !stack.isEmpty { current = outer }
    }

    // MARK: Headers

    private mutating func header(_ line: SourceText) {
        guard let close = line.firstIndex(of: UInt8(ascii: "]")) else {
            current = nil
            return report(.error, .unclosedHeader, line.location())
        }
        let name = line.slice(1..<close).string
        var section = Section(name: name, location: line.location(1))
        let rest = line.from(close + 1).stripped
        current = sections.count
        guard rest.bytes.first == UInt8(ascii: "(") else {
            sections.append(section)
            return
        }
        guard let end = rest.firstIndex(of: UInt8(ascii: ")")) else {
            sections.append(section)
            return report(.error, .unclosedHeader, rest.location())
        }
        var appendsTo: Int?
        for option in rest.slice(1..<end).string.split(separator: ",") {
            let word = String(option).trimmingSpaces
            if word == "!" {
                section.isTemplate = true
            } else if word.hasPrefix("+") {
                appendsTo = sections.firstIndex { $0.name == name }
                if appendsTo == nil {
                    report(.error, .unknownBaseSection(name: name), line.location(1))
                }
            } else if let base = sections.first(where: { $0.name == word }) {
                section.entries += base.entries
            } else {
                report(.error, .unknownBaseSection(name: word), rest.location(1))
            }
        }
        if let appendsTo {
            sections[appendsTo].entries += section.entries
            current = appendsTo
        } else {
            sections.append(section)
        }
    }

    // MARK: Directives

    private mutating func directive(_ line: SourceText, stack: [String]) {
        let end = line.bytes.firstIndex { $0 <= 0x20 } ?? line.bytes.count
        let word = line.slice(1..<end).string.asciiLowercased
        switch word {
        case "include", "tryinclude": break
        case "exec": return report(.error, .execRefused, line.location())
        default: return report(.warning, .unknownDirective(name: word), line.location())
        }
        var argument = line.from(end).stripped
        let quotes = [UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "<"): UInt8(ascii: ">")]
        if argument.bytes.count >= 2, let first = argument.bytes.first,
            let closing = quotes[first], argument.bytes.last == closing
        {
            argument = argument.slice(1..<argument.bytes.count - 1)
        }
        let place = argument.isEmpty ? line.location() : argument.location()
        guard stack.count < limits.includeDepth else {
            return report(.error, .filesTooDeep(limit: limits.includeDepth), place)
        }
        guard !argument.isEmpty, let files = load(argument.string, stack.last ?? "") else {
            if word == "include" {
                report(.error, .fileNotFound(name: argument.string), place)
            }
            return
        }
        for file in files {
            if stack.contains(file.name) {
                report(.error, .fileIncludesItself(name: file.name), place)
            } else {
                read(file, stack: stack)
            }
        }
    }

    // MARK: Entries

    private mutating func entry(_ line: SourceText) {
        guard let current else {
            return report(.error, .lineOutsideContext, line.location())
        }
        guard let equal = line.firstIndex(of: UInt8(ascii: "=")), equal > 0 else {
            return report(.warning, .missingEqualSign, line.location())
        }
        var key = line.to(equal).stripped
        var value = line.from(equal + 1)
        if value.bytes.first == UInt8(ascii: ">") { value = value.from(1) }
        value = value.stripped
        if key.bytes.last == UInt8(ascii: "+") {
            key = key.to(key.bytes.count - 1).stripped
            let index = sections[current].entries.lastIndex { $0.key.bytes == key.bytes }
            if let index {
                let joined = sections[current].entries[index].value.joined(with: value)
                sections[current].entries[index].value = joined
                return
            }
        }
        sections[current].entries.append(Entry(key: key, value: value))
    }
}

extension String {
    /// Without blanks and tabs at both ends.
    var trimmingSpaces: String {
        let bytes = utf8
        guard let first = bytes.firstIndex(where: { $0 > 0x20 }),
            let last = bytes.lastIndex(where: { $0 > 0x20 })
        else { return "" }
        return String(self[first...last])
    }
}
