// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Diagnostics

/// Turns the lines of the context sections into extensions and steps, by the rules of `pbx_config`:
/// `n` counts on from the line above whatever its extension, a label may stand for a priority, and
/// what is there already stays.
struct ContextBuilder {
    private final class ExtensionDraft {
        let name: String
        let callerID: String?
        let location: SourceLocation
        var steps: [Int: Step] = [:]
        var labels: [String: Int] = [:]
        var hint: Hint?

        init(name: String, callerID: String?, location: SourceLocation) {
            self.name = name
            self.callerID = callerID
            self.location = location
        }
    }

    private struct ContextDraft {
        var location: SourceLocation
        var includes: [Include] = []
        var extensions: [ExtensionDraft] = []
        var index: [String: ExtensionDraft] = [:]
    }

    private let globals: [String: String]
    private var drafts: [String: ContextDraft] = [:]
    private var order: [String] = []
    private(set) var diagnostics: [Diagnostic] = []

    // What `same` and `n` refer to; begins anew with every section header.
    private var lastExtension: (name: String, callerID: String?, location: SourceLocation)?
    private var lastPriority: Int?

    init(globals: [String: String]) { self.globals = globals }

    private mutating func report(
        _ severity: Diagnostic.Severity, _ problem: Diagnostic.Problem, _ place: SourceLocation
    ) {
        diagnostics.append(Diagnostic(severity, problem, at: place))
    }

    mutating func add(_ section: Section) {
        if drafts[section.name] == nil {
            drafts[section.name] = ContextDraft(location: section.location)
            order.append(section.name)
        }
        lastExtension = nil
        lastPriority = nil
        for entry in section.entries { add(entry, to: section.name) }
    }

    func contexts() -> [Context] {
        order.compactMap { name in
            guard let draft = drafts[name] else { return nil }
            let extensions = draft.extensions.map {
                Extension(
                    name: $0.name, callerID: $0.callerID, context: name, steps: $0.steps,
                    labels: $0.labels, hint: $0.hint, location: $0.location)
            }
            return Context(
                name: name, location: draft.location, includes: draft.includes,
                extensions: extensions)
        }
    }

    private static let knownKeys = ["exten", "same", "include"]
    private static let unsupportedKeys = ["ignorepat", "switch", "lswitch", "eswitch", "autohints"]

    private mutating func add(_ entry: Entry, to context: String) {
        let key = entry.key.string.asciiLowercased
        switch key {
        case "exten": extend(entry.value, in: context)
        case "same":
            guard lastExtension != nil else {
                return report(.error, .sameWithoutExtension, entry.key.location())
            }
            step(entry.value, in: context)
        case "include": include(entry.value, in: context)
        case _ where Self.unsupportedKeys.contains(key):
            report(.warning, .unsupportedKey(name: key), entry.key.location())
        default:
            let suggestion = NearestName.nearest(to: key, among: Self.knownKeys)
            report(
                .error, .unknownKey(name: entry.key.string, suggestion: suggestion),
                entry.key.location())
        }
    }

    // MARK: include

    private mutating func include(_ value: SourceText, in context: String) {
        let comma = value.firstIndex(of: UInt8(ascii: ","))
        let name = value.to(comma ?? value.bytes.count).stripped
        var time: IncludeTime?
        if let comma {
            let condition = value.from(comma + 1)
            time = IncludeTime(condition.string)
            if time == nil {
                return report(
                    .error, .badIncludeTime(text: condition.string), condition.location())
            }
        }
        guard let text = loadTimeText(name) else { return }
        drafts[context]?.includes.append(
            Include(context: text, time: time, location: name.location()))
    }

    /// Variables in names of extensions and includes can only be globals.
    private func loadTimeText(_ text: SourceText) -> String? {
        Template(text.string).text(globals: globals)
    }

    // MARK: exten

    private mutating func extend(_ value: SourceText, in context: String) {
        let comma = Self.firstComma(value.bytes)
        let left = value.to(comma ?? value.bytes.count).stripped
        guard !left.isEmpty, let text = loadTimeText(left) else {
            lastExtension = nil
            return report(.error, .missingExtension, value.location())
        }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        let caller = parts.count > 1 ? Self.shrunk(String(parts[1])) : nil
        checkPattern(name, at: left)
        if let caller { checkPattern(caller, at: left) }
        lastExtension = (name, caller, left.location())
        guard let comma else {
            return report(.error, .invalidPriority(text: ""), value.location(value.bytes.count))
        }
        step(value.from(comma + 1), in: context)
    }

    private mutating func checkPattern(_ text: String, at place: SourceText) {
        if text.utf8.count > DialplanLimits.extensionBytes {
            report(.error, .extensionTooLong(limit: DialplanLimits.extensionBytes), place.location())
        }
        _ = ExtensionPattern(Array(text.utf8)) { problem, offset in
            let severity: Diagnostic.Severity =
                if case .textAfterWildcard = problem { .warning } else { .error }
            report(severity, problem, place.location(offset))
        }
        if text == "_." || text == "_!" {
            report(.warning, .catchAllPattern(pattern: text), place.location())
        }
    }

    /// The comma behind the extension, not one within `[…]` or behind a backslash.
    private static func firstComma(_ bytes: [UInt8]) -> Int? {
        var brackets = 0
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "["): brackets += 1
            case UInt8(ascii: "]"): brackets = max(0, brackets - 1)
            case UInt8(ascii: "\\"): index += 1
            case UInt8(ascii: ",") where brackets == 0: return index
            default: break
            }
            index += 1
        }
        return nil
    }

    /// A caller part without what people put into telephone numbers for the eye.
    private static func shrunk(_ text: String) -> String {
        var brackets = 0
        let bytes = Array(text.utf8)
        let kept = bytes.indices.filter { index in
            switch bytes[index] {
            case UInt8(ascii: "["): brackets += 1
            case UInt8(ascii: "]"): brackets -= 1
            case UInt8(ascii: "-"): return brackets > 0
            case UInt8(ascii: "."): return index == bytes.count - 1
            case UInt8(ascii: "("), UInt8(ascii: " "), UInt8(ascii: ")"): return false
            default: break
            }
            return true
        }
        return String(decoding: kept.map { bytes[$0] }, as: UTF8.self)
    }

    // MARK: Priority, label, application

    private mutating func step(_ value: SourceText, in context: String) {
        guard let (name, callerID, place) = lastExtension else { return }
        let comma = value.firstIndex(of: UInt8(ascii: ","))
        var priorityText = value.to(comma ?? value.bytes.count).stripped
        var label: String?
        if let open = priorityText.firstIndex(of: UInt8(ascii: "(")) {
            guard let close = priorityText.firstIndex(of: UInt8(ascii: ")")), close > open else {
                return report(.error, .unclosedLabel, priorityText.location(open))
            }
            let text = priorityText.slice(open + 1..<close).stripped.string
            label = text.isEmpty ? nil : text
            let rest = priorityText.from(close + 1).stripped
            if !rest.isEmpty {
                report(.warning, .textAfterLabel(text: rest.string), rest.location())
            }
            priorityText = priorityText.to(open).stripped
        }
        let draft = draft(name, callerID, place, in: context)
        let isHint = priorityText.string.asciiLowercased == "hint"
        let application = comma.map { value.from($0 + 1).stripped }
        if isHint {
            return addHint(application, at: value, to: draft)
        }
        guard let priority = priority(priorityText, in: draft) else { return }
        lastPriority = priority
        guard let application, !application.isEmpty else {
            return report(.error, .missingApplication, value.location(value.bytes.count))
        }
        add(application, priority: priority, label: label, to: draft)
    }

    private mutating func addHint(_ text: SourceText?, at value: SourceText, to draft: ExtensionDraft) {
        let devices = text.map { $0.to($0.firstIndex(of: UInt8(ascii: ",")) ?? $0.bytes.count).stripped }
        guard let devices, !devices.isEmpty else {
            return report(.error, .missingHint(extension: draft.name), value.location(value.bytes.count))
        }
        if let first = draft.hint {
            return report(
                .warning, .duplicateHint(extension: draft.name, first: first.location), devices.location())
        }
        draft.hint = Hint(devices: Template(devices.string), location: devices.location())
    }

    private mutating func draft(
        _ name: String, _ callerID: String?, _ place: SourceLocation, in context: String
    ) -> ExtensionDraft {
        let key = callerID.map { "\(name)/\($0)" } ?? name
        if let draft = drafts[context]?.index[key] { return draft }
        let draft = ExtensionDraft(name: name, callerID: callerID, location: place)
        drafts[context]?.index[key] = draft
        drafts[context]?.extensions.append(draft)
        return draft
    }

    private mutating func priority(_ text: SourceText, in draft: ExtensionDraft) -> Int? {
        let plus = text.firstIndex(of: UInt8(ascii: "+"))
        let word = text.to(plus ?? text.bytes.count).stripped.string
        let added = plus.map { Template.Slice.integer(text.from($0 + 1).string) ?? 0 } ?? 0
        let base: Int
        switch word.asciiLowercased {
        case "n", "next", "s", "same":
            guard let lastPriority else {
                report(.error, .nextWithoutPrevious, text.location())
                return nil
            }
            base = word.lowercased().hasPrefix("n") ? lastPriority + 1 : lastPriority
        default:
            guard let number = Template.Slice.integer(word) ?? draft.labels[word] else {
                report(.error, .invalidPriority(text: word), text.location())
                return nil
            }
            base = number
        }
        let priority = base + added
        guard priority >= 1, priority < 1_000_000 else {
            report(.error, .invalidPriority(text: text.string), text.location())
            return nil
        }
        return priority
    }

    private mutating func add(
        _ text: SourceText, priority: Int, label: String?, to draft: ExtensionDraft
    ) {
        var name = text
        var arguments = text.slice(text.bytes.count..<text.bytes.count)
        if let open = text.firstIndex(of: UInt8(ascii: "(")) {
            name = text.to(open).stripped
            if let close = text.bytes.lastIndex(of: UInt8(ascii: ")")), close > open {
                arguments = text.slice(open + 1..<close)
                let rest = text.from(close + 1).stripped
                if !rest.isEmpty {
                    report(.warning, .textAfterArguments(text: rest.string), rest.location())
                }
            } else {
                arguments = text.from(open + 1)
                report(.error, .unclosedArguments(application: name.string), text.location(open))
            }
        }
        if name.isEmpty { return report(.error, .missingApplication, text.location()) }
        let template = Template.parse(arguments.bytes[...], depth: 0) { problem, offset in
            let severity: Diagnostic.Severity =
                if case .expressionKnownOnlyWhenRun = problem { .warning } else { .error }
            report(severity, problem, arguments.location(offset))
        }
        if let first = draft.steps[priority] {
            let shown = draft.callerID.map { "\(draft.name)/\($0)" } ?? draft.name
            return report(
                .warning,
                .duplicatePriority(extension: shown, priority: priority, first: first.location),
                text.location())
        }
        if let label {
            if let first = draft.labels[label].flatMap({ draft.steps[$0] }) {
                report(
                    .warning, .duplicateLabel(label: label, first: first.location), text.location())
            } else {
                draft.labels[label] = priority
            }
        }
        draft.steps[priority] = Step(
            priority: priority, label: label, application: name.string, arguments: template,
            location: name.location(),
            argumentsLocation: arguments.isEmpty ? name.location() : arguments.location())
    }
}
