// SPDX-License-Identifier: AGPL-3.0-or-later

extension Dialplan {
    /// What a step is looked for by.
    enum Wanted {
        case priority(Int)
        case label(String)

        func step(in item: Extension) -> Step? {
            switch self {
            case .priority(let priority): item.steps[priority]
            case .label(let label): item.labels[label].flatMap { item.steps[$0] }
            }
        }
    }

    /// Finds the step with `priority` of `extension` in `context` and what it includes, by the
    /// rule of Asterisk's `pbx_find_extension`: literals first, then patterns from the most
    /// specific on, then the included contexts in order; an extension without this priority is
    /// passed over for the next that matches.
    ///
    /// - Parameters:
    ///   - callerID: the caller's number, nil or empty when there is none.
    ///   - time: decides includes with a time condition. nil: they count as open.
    public func match(
        context: String, extension name: String, callerID: String?, priority: Int = 1,
        at time: CivilTime? = nil
    ) -> MatchedExtension? {
        find(context, name, CallerMatch(callerID), .priority(priority), time)
    }

    /// The same by label.
    public func match(
        context: String, extension name: String, callerID: String?, label: String,
        at time: CivilTime? = nil
    ) -> MatchedExtension? {
        find(context, name, CallerMatch(callerID), .label(label), time)
    }

    func find(
        _ context: String, _ name: String, _ caller: CallerMatch, _ wanted: Wanted,
        _ time: CivilTime?
    ) -> MatchedExtension? {
        let digits = name.utf8.filter { $0 != UInt8(ascii: "-") }
        // `Goto(_X.,1)` names the pattern itself.
        let asPattern =
            digits.first == UInt8(ascii: "_") ? ExtensionPattern(Array(name.utf8)) : nil
        return walk(context, time) { context in
            for item in context.literals[digits] ?? [] where item.accepts(caller) {
                if let step = wanted.step(in: item) {
                    return .found(MatchedExtension(extension: item, step: step))
                }
            }
            for item in context.patterns {
                guard item.pattern.fit(digits).isMatch || item.pattern == asPattern,
                    item.accepts(caller)
                else { continue }
                if let step = wanted.step(in: item) {
                    return .found(MatchedExtension(extension: item, step: step))
                }
            }
            return .goOn
        }
    }

    /// Whether some extension with a priority 1 matches more than `digits` (Asterisk's
    /// MATCHMORE): a collector of digits then waits for the next one. A pattern ending in `!`
    /// that matches by now says no for its context.
    public func canMatchMore(
        context: String, extension digits: String, callerID: String?, at time: CivilTime? = nil
    ) -> Bool {
        let digits = digits.utf8.filter { $0 != UInt8(ascii: "-") }
        let caller = CallerMatch(callerID)
        return walk(context, time) { context -> Walk<Bool> in
            if context.hasLonger(than: digits, caller) { return .found(true) }
            for item in context.patterns where item.accepts(caller) {
                switch item.pattern.fit(digits) {
                case .early: return .leaveBranch
                case .partial, .open: if item.steps[1] != nil { return .found(true) }
                case .none, .exact: break
                }
            }
            return .goOn
        } ?? false
    }

    /// Whether some extension with a priority 1 matches `digits` now or with more to come
    /// (Asterisk's CANMATCH).
    public func couldMatch(
        context: String, extension digits: String, callerID: String?, at time: CivilTime? = nil
    ) -> Bool {
        if match(context: context, extension: digits, callerID: callerID, at: time) != nil {
            return true
        }
        let bytes = digits.utf8.filter { $0 != UInt8(ascii: "-") }
        let caller = CallerMatch(callerID)
        return walk(context, time) { context -> Walk<Bool> in
            if context.hasLonger(than: bytes, caller) { return .found(true) }
            let fits = context.patterns.contains {
                $0.pattern.fit(bytes) != .none && $0.steps[1] != nil && $0.accepts(caller)
            }
            return fits ? .found(true) : .goOn
        } ?? false
    }

    /// What a lamp for `extension` of `context` watches, `${EXTEN}` replaced: `SIP/8001&SIP/8002`, `park:701`. nil when it has
    /// no hint. Caller parts have no say: a lamp belongs to nobody who calls.
    public func hint(context: String, extension name: String) -> String? {
        let digits = name.utf8.filter { $0 != UInt8(ascii: "-") }
        return walk(context, nil) { context -> Walk<String> in
            let items = (context.literals[digits] ?? []) + context.patterns.filter { $0.pattern.fit(digits).isMatch }
            for item in items {
                if let text = item.hint?.text(for: name, globals: globalValues) { return .found(text) }
            }
            return .goOn
        }
    }

    // MARK: Walking the includes

    enum Walk<Result> {
        case found(Result)
        case goOn
        /// Nothing here nor in what this context includes.
        case leaveBranch
    }

    /// Asks `visit` about `context` and, depth first, what it includes; each context once, at most
    /// 128 of them.
    func walk<Result>(
        _ context: String, _ time: CivilTime?, _ visit: (Context) -> Walk<Result>
    ) -> Result? {
        var visited: [String] = []
        return walk(context, time, &visited, visit)
    }

    private func walk<Result>(
        _ name: String, _ time: CivilTime?, _ visited: inout [String],
        _ visit: (Context) -> Walk<Result>
    ) -> Result? {
        guard let context = context(name), visited.count < DialplanLimits.visitedContexts,
            !visited.contains(name)
        else { return nil }
        switch visit(context) {
        case .found(let result): return result
        case .leaveBranch: return nil
        case .goOn: break
        }
        if context.includes.isEmpty { return nil }
        visited.append(name)
        for include in context.includes {
            if let condition = include.time, let time, !condition.contains(time) { continue }
            if let result = walk(include.context, time, &visited, visit) { return result }
        }
        return nil
    }
}

extension Context {
    /// Whether a literal extension begins with `digits` and goes on.
    func hasLonger(than digits: [UInt8], _ caller: CallerMatch) -> Bool {
        var low = 0
        var high = sortedLiterals.count
        while low < high {
            let middle = (low + high) / 2
            if sortedLiterals[middle].literalBytes.lexicographicallyPrecedes(digits) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        while low < sortedLiterals.count {
            let item = sortedLiterals[low]
            guard item.literalBytes.starts(with: digits) else { return false }
            if item.literalBytes.count > digits.count, item.steps[1] != nil, item.accepts(caller) {
                return true
            }
            low += 1
        }
        return false
    }
}

extension Extension {
    /// Of a literal extension without its dashes; empty for a pattern.
    var literalBytes: [UInt8] {
        if case .literal(let bytes) = pattern.kind { bytes } else { [] }
    }
}
