// SPDX-License-Identifier: AGPL-3.0-or-later
public import Diagnostics

/// Collects what one load of a site finds, at most ``limit`` of it. An object because many readers write into it; it
/// lives within one load.
public final class Findings {
    /// A file of the wrong kind under the right name could yield one finding a line.
    public static let limit = 500

    private var found: [Finding] = []
    private var isFull = false

    public init() {}

    public func error(_ location: SourceLocation, _ message: Wording, hint: Wording? = nil) {
        add(Finding(.error, at: location, message, hint: hint))
    }

    public func warning(_ location: SourceLocation, _ message: Wording, hint: Wording? = nil) {
        add(Finding(.warning, at: location, message, hint: hint))
    }

    public func add(_ finding: Finding) {
        guard found.count < Findings.limit else {
            // An error beyond the bound must still refuse the site.
            if finding.severity == .error, !isFull {
                isFull = true
                found.append(
                    Finding(
                        .error, at: finding.location,
                        Wording(en: "more mistakes follow, not listed", zh: "还有更多错误，未列出")))
            }
            return
        }
        found.append(finding)
    }

    public var hasErrors: Bool { found.contains { $0.severity == .error } }

    /// Each once, by file in the order in which files were first mentioned, then by line and column.
    public var inOrder: [Finding] {
        var order: [String: Int] = [:]
        for finding in found where order[finding.file] == nil { order[finding.file] = order.count }
        var seen: Set<Finding> = []
        return found.filter { seen.insert($0).inserted }.enumerated().sorted { a, b in
            let left = (order[a.element.file] ?? 0, a.element.line, a.element.column, a.offset)
            let right = (order[b.element.file] ?? 0, b.element.line, b.element.column, b.offset)
            return left < right
        }.map(\.element)
    }
}
