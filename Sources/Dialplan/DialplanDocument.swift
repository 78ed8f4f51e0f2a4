// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Diagnostics

/// The way from files to a `Dialplan`.
public enum DialplanDocument {
    /// Gives the files an `#include` names, nil when there are none. `includedFrom` is the name of
    /// the file with the `#include`; a pattern (`extra/*.conf`) may give several, in order.
    public typealias Loader = (_ name: String, _ includedFrom: String) -> [SourceFile]?

    /// Parses `files` one after another into one dialplan. Never fails: what cannot be understood
    /// is told and left out. The diagnostics are in the order of the files.
    ///
    /// References (applications, jumps, includes) are the matter of `DialplanChecker`.
    public static func parse(
        _ files: [SourceFile], limits: DialplanLimits = DialplanLimits(),
        load: @escaping Loader = { _, _ in nil }
    ) -> (dialplan: Dialplan, diagnostics: [Diagnostic]) {
        var reader = SectionReader(limits: limits, load: load)
        for file in files { reader.read(file) }
        var diagnostics = reader.diagnostics

        var settings: [String: String] = [:]
        var globals: [Dialplan.Global] = []
        var known: [String: String] = [:]
        for section in reader.sections {
            switch section.name.asciiLowercased {
            case "general":
                for entry in section.entries {
                    settings[entry.key.string.asciiLowercased] = entry.value.string
                }
            case "globals":
                for entry in section.entries {
                    let place = entry.value
                    let template = Template.parse(place.bytes[...], depth: 0) { problem, offset in
                        diagnostics.append(
                            Diagnostic(.error, problem, at: place.location(offset)))
                    }
                    let name = entry.key.string
                    known[name] = template.text(globals: known) ?? ""
                    globals.append(
                        Dialplan.Global(
                            name: name, value: template, location: entry.key.location()))
                }
            default: break
            }
        }

        var builder = ContextBuilder(globals: known)
        for section in reader.sections where !section.isTemplate {
            if ["general", "globals"].contains(section.name.asciiLowercased) { continue }
            builder.add(section)
        }
        diagnostics += builder.diagnostics
        let dialplan = Dialplan(
            contexts: builder.contexts(), globals: globals, settings: settings)
        return (dialplan, diagnostics.inFileOrder(files.map(\.name)))
    }

    /// Parses one text, for tests and small tools.
    public static func parse(
        _ text: String, name: String = "extensions.conf"
    ) -> (dialplan: Dialplan, diagnostics: [Diagnostic]) {
        parse([SourceFile(name: name, text: text)])
    }
}

extension [Diagnostic] {
    /// By file (first those given, in their order, then the included by name), line and column.
    public func inFileOrder(_ names: [String] = []) -> [Diagnostic] {
        func rank(_ file: String) -> Int { names.firstIndex(of: file) ?? names.count }
        return sorted {
            let left = $0.location
            let right = $1.location
            if left.file != right.file {
                let ranks = (rank(left.file), rank(right.file))
                return ranks.0 != ranks.1 ? ranks.0 < ranks.1 : left.file < right.file
            }
            return (left.line, left.column) < (right.line, right.column)
        }
    }
}
