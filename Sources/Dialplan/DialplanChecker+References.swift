// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Diagnostics

extension DialplanChecker {
    // MARK: Includes

    mutating func checkIncludes() {
        for context in dialplan.contexts {
            for include in context.includes where dialplan.context(include.context) == nil {
                report(
                    .warning,
                    .missingIncludedContext(
                        name: include.context, suggestion: suggestedContext(include.context)),
                    include.location)
            }
        }
        checkIncludeCycles()
    }

    /// Depth first over all contexts; every cycle is told once, at the include that closes it.
    private mutating func checkIncludeCycles() {
        var finished: Set<String> = []
        for context in dialplan.contexts {
            var path: [String] = []
            visit(context.name, &path, &finished)
        }
    }

    private mutating func visit(
        _ name: String, _ path: inout [String], _ finished: inout Set<String>
    ) {
        guard !finished.contains(name), let context = dialplan.context(name),
            path.count < DialplanLimits.visitedContexts
        else { return }
        path.append(name)
        for include in context.includes {
            if let start = path.firstIndex(of: include.context) {
                report(
                    .warning, .includeCycle(path: path[start...] + [include.context]),
                    include.location)
            } else {
                visit(include.context, &path, &finished)
            }
        }
        path.removeLast()
        finished.insert(name)
    }

    // MARK: Jumps

    mutating func checkJump(_ text: String, step: Step, of item: Extension) {
        guard let target = GotoTarget(text) else { return }
        let isDynamic = { (part: String?) in part?.contains(Template.hole) ?? false }
        if let context = target.context, !isDynamic(context), dialplan.context(context) == nil {
            return report(
                .error,
                .unknownContext(name: context, suggestion: suggestedContext(context)),
                step.argumentsLocation)
        }
        guard !isDynamic(target.context), !isDynamic(target.extension),
            !isDynamic(target.priority)
        else { return }
        if target.extension == nil, let first = target.priority.utf8.first,
            first == UInt8(ascii: "+") || first == UInt8(ascii: "-")
        {
            // Relative to where the call is: its own extension.
            let distance = Template.Slice.integer(target.priority) ?? 0
            targets.insert(Self.key(item, step.priority + distance))
            return
        }
        let wanted: Dialplan.Wanted =
            Template.Slice.integer(target.priority).map { .priority($0) } ?? .label(target.priority)
        if let found = resolve(target, wanted, of: item) {
            targets.insert(Self.key(found.extension, found.step.priority))
            return
        }
        tellUnresolved(target, wanted, step: step, of: item)
    }

    static func key(_ item: Extension, _ priority: Int) -> String {
        "\(item.context)\u{0}\(item.fullName)\u{0}\(priority)"
    }

    private func resolve(
        _ target: GotoTarget, _ wanted: Dialplan.Wanted, of item: Extension
    ) -> MatchedExtension? {
        if target.context == nil, target.extension == nil, let step = wanted.step(in: item) {
            return MatchedExtension(extension: item, step: step)
        }
        let name = target.extension ?? item.name
        for context in contextsToSearch(target, of: item) {
            if let found = dialplan.find(context, name, .anybody, wanted, nil) { return found }
        }
        return nil
    }

    /// Without a context a jump stays in the one the call is in: this one, or one including it.
    private func contextsToSearch(_ target: GotoTarget, of item: Extension) -> [String] {
        target.context.map { [$0] } ?? [item.context] + (includers[item.context] ?? [])
    }

    private mutating func tellUnresolved(
        _ target: GotoTarget, _ wanted: Dialplan.Wanted, step: Step, of item: Extension
    ) {
        let name = target.extension ?? item.name
        let contexts = contextsToSearch(target, of: item)
        var labels: [String] = target.extension == nil ? Array(item.labels.keys) : []
        var exists = target.extension == nil
        for context in contexts {
            let digits = name.utf8.filter { $0 != UInt8(ascii: "-") }
            let _: Bool? = dialplan.walk(context, nil) { context in
                for other in context.extensions
                where other.name == name || other.pattern.fit(digits).isMatch {
                    exists = true
                    labels += other.labels.keys
                }
                return .goOn
            }
        }
        guard exists else {
            return report(
                .error, .unknownExtension(name: name, context: target.context ?? item.context),
                step.argumentsLocation)
        }
        switch wanted {
        case .priority(let priority):
            report(
                .error, .unknownPriority(priority: priority, extension: name),
                step.argumentsLocation)
        case .label(let label):
            let suggestion = NearestName.nearest(to: label, among: labels)
            report(
                .error, .unknownLabel(label: label, extension: name, suggestion: suggestion),
                step.argumentsLocation)
        }
    }

    // MARK: Functions

    mutating func checkTemplate(_ template: Template, at place: SourceLocation) {
        if template.literal != nil { return }
        for part in template.parts {
            switch part {
            case .text: break
            case .variable(let reference):
                checkTemplate(reference.name, at: place)
                checkSlice(reference.slice, at: place)
            case .function(let call):
                checkTemplate(call.name, at: place)
                checkTemplate(call.arguments, at: place)
                checkSlice(call.slice, at: place)
                if let name = call.name.literal { checkFunction(name, call.arguments, at: place) }
            case .expression(let expression):
                for operand in expression.operands { checkTemplate(operand, at: place) }
                if let root = expression.root { checkCalls(root, at: place) }
            }
        }
    }

    private mutating func checkSlice(_ slice: Template.Slice?, at place: SourceLocation) {
        guard let slice else { return }
        checkTemplate(slice.offset, at: place)
        if let length = slice.length { checkTemplate(length, at: place) }
    }

    /// Functions called by name within an expression.
    private mutating func checkCalls(_ node: Expression.Node, at place: SourceLocation) {
        switch node {
        case .empty, .operand: break
        case .unary(_, let operand): checkCalls(operand, at: place)
        case .binary(_, let left, let right):
            checkCalls(left, at: place)
            checkCalls(right, at: place)
        case .conditional(let condition, let yes, let no):
            checkCalls(condition, at: place)
            checkCalls(yes, at: place)
            checkCalls(no, at: place)
        case .call(let name, let arguments):
            for argument in arguments { checkCalls(argument, at: place) }
            let values = arguments.map { _ in ExpressionValue.number(1) }
            if ExpressionMath.call(name, values) == nil, functions[name] == nil {
                tellUnknownFunction(name, at: place)
            }
        }
    }

    private mutating func checkFunction(
        _ name: String, _ arguments: Template, at place: SourceLocation
    ) {
        guard let signature = functions[name] else {
            return tellUnknownFunction(name, at: place)
        }
        let text = arguments.outline
        let given = Arguments.split(text).count
        if given < signature.minimumArguments, !text.contains(Template.hole) {
            report(
                .error,
                .tooFewArguments(
                    name: name, minimum: signature.minimumArguments, given: given), place)
        }
        if let maximum = signature.maximumArguments, given > maximum {
            report(.error, .tooManyArguments(name: name, maximum: maximum, given: given), place)
        }
    }

    mutating func tellUnknownFunction(_ name: String, at place: SourceLocation) {
        let suggestion = NearestName.nearest(to: name, among: functions.keys)
        report(.error, .unknownFunction(name: name, suggestion: suggestion), place)
    }
}
