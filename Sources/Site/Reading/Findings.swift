// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Dialplan

/// Collects what one load of a site finds. An object because many readers write into it; it lives within one load.
final class Findings {
    /// A file of the wrong kind under the right name could yield one finding a line.
    static let limit = 500

    private var found: [SiteDiagnostic] = []
    private var isFull = false

    func error(_ location: SourceLocation, _ message: Wording, hint: Wording? = nil) {
        add(SiteDiagnostic(.error, at: location, message, hint: hint))
    }

    func warning(_ location: SourceLocation, _ message: Wording, hint: Wording? = nil) {
        add(SiteDiagnostic(.warning, at: location, message, hint: hint))
    }

    func add(_ diagnostic: SiteDiagnostic) {
        guard found.count < Findings.limit else {
            // An error beyond the bound must still refuse the site.
            if diagnostic.severity == .error, !isFull {
                isFull = true
                found.append(
                    SiteDiagnostic(
                        .error, at: diagnostic.location,
                        Wording(en: "more mistakes follow, not listed", zh: "还有更多错误，未列出")))
            }
            return
        }
        found.append(diagnostic)
    }

    var hasErrors: Bool { found.contains { $0.severity == .error } }

    /// Each once, by file in the order in which files were first mentioned, then by line and column.
    var diagnostics: [SiteDiagnostic] {
        var order: [String: Int] = [:]
        for diagnostic in found where order[diagnostic.file] == nil { order[diagnostic.file] = order.count }
        var seen: Set<SiteDiagnostic> = []
        return found.filter { seen.insert($0).inserted }.enumerated().sorted { a, b in
            let left = (order[a.element.file] ?? 0, a.element.line, a.element.column, a.offset)
            let right = (order[b.element.file] ?? 0, b.element.line, b.element.column, b.offset)
            return left < right
        }.map(\.element)
    }
}
