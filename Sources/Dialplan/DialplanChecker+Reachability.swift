// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Diagnostics

extension DialplanChecker {
    // MARK: Priorities

    /// Finds steps no call comes to: behind a gap in the numbering, or behind an application that
    /// does not go on. A label excuses a step, since a jump to it may be computed.
    mutating func checkReachability(of item: Extension) {
        let priorities = item.steps.keys.sorted()
        guard let first = priorities.first else { return }
        // `_X.,5000(name)` is the start of a subroutine that is only jumped to.
        if first != 1, item.steps[first]?.label == nil { checkFirst(item) }
        var previous = item.steps[first]
        for priority in priorities.dropFirst() {
            guard let step = item.steps[priority] else { continue }
            defer { previous = step }
            if step.label != nil || targets.contains(Self.key(item, priority)) { continue }
            if item.steps[priority - 1] == nil {
                // A less specific extension may have the step between (then calls do come here).
                let between = dialplan.find(
                    item.context, item.name, .anybody, .priority(priority - 1), nil)
                if between == nil {
                    report(
                        .warning,
                        .priorityGap(
                            extension: item.fullName, priority: priority, missing: priority - 1),
                        step.location)
                }
            } else if let previous,
                applications[previous.application.asciiLowercased]?.neverGoesOn == true
            {
                report(
                    .warning,
                    .unreachablePriority(
                        extension: item.fullName, priority: priority, after: previous.application),
                    step.location)
            }
        }
    }

    /// Overriding single priorities of an included extension is a known technique: priority 1 may
    /// come from elsewhere.
    private mutating func checkFirst(_ item: Extension) {
        let names = [item.context] + (includers[item.context] ?? [])
        let isElsewhere = names.contains {
            dialplan.find($0, item.name, .anybody, .priority(1), nil) != nil
        }
        if !isElsewhere {
            report(.warning, .missingFirstPriority(extension: item.fullName), item.location)
        }
    }

    // MARK: Shadowing

    /// Patterns of one context of which an earlier one takes every call.
    mutating func checkShadowing(within context: Context) {
        for (index, item) in context.patterns.enumerated() where item.steps[1] != nil {
            for earlier in context.patterns[..<index] {
                comparisonsLeft -= 1
                guard comparisonsLeft > 0 else { return }
                if Self.shadows(earlier, item) {
                    tellShadowed(item, by: earlier)
                    break
                }
            }
        }
    }

    private static func shadows(_ earlier: Extension, _ later: Extension) -> Bool {
        earlier.steps[1] != nil
            && (earlier.callerID == nil || earlier.callerID == later.callerID)
            && earlier.pattern.covers(later.pattern)
    }

    private mutating func tellShadowed(_ item: Extension, by earlier: Extension) {
        report(
            .warning,
            .shadowed(
                extension: item.fullName, by: earlier.fullName, location: earlier.location),
            item.location)
    }

    private static let specialNames: Set<String> = ["s", "i", "t", "h", "o", "e", "T", "a", "fax"]

    /// Extensions of an included context that an earlier include takes in every context including
    /// it. What the including context itself has before an include is meant as an override.
    mutating func checkShadowingByIncludes() {
        for context in dialplan.contexts {
            guard let includers = includers[context.name], !includers.isEmpty else { continue }
            for item in context.extensions
            where item.steps[1] != nil && !Self.specialNames.contains(item.name) {
                var shadower: Extension?
                for includer in includers {
                    shadower = earlierMatch(for: item, in: includer)
                    if shadower == nil { break }
                }
                if let shadower { tellShadowed(item, by: shadower) }
                guard comparisonsLeft > 0 else { return }
            }
        }
    }

    /// What is found for `item` in an earlier include of `root`, without time conditions.
    private mutating func earlierMatch(for item: Extension, in root: String) -> Extension? {
        guard let context = dialplan.context(root) else { return nil }
        for include in context.includes {
            if include.context == item.context { return nil }
            var result: Extension?
            var budget = comparisonsLeft
            let reachesItem: Bool? = dialplan.walk(include.context, nil) { visited in
                if visited.name == item.context { return .found(true) }
                if visited.name == root { return .leaveBranch }
                for other in visited.extensions {
                    budget -= 1
                    if budget <= 0 { return .found(true) }
                    if Self.shadows(other, item) {
                        result = other
                        return .found(false)
                    }
                }
                return .goOn
            }
            comparisonsLeft = budget
            if reachesItem == true { return nil }
            if let result, include.time == nil { return result }
        }
        return nil
    }
}
