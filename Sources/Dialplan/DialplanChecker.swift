// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Diagnostics

/// Checks what a parsed dialplan refers to: applications and functions by the signatures given,
/// jumps and includes by the dialplan itself; and finds what can never run.
///
/// An error is what certainly fails when a call comes there. What Asterisk takes and gives a
/// meaning to is a warning at most, so that an existing dialplan can be taken into service.
public struct DialplanChecker {
    let dialplan: Dialplan
    let applications: [String: ApplicationSignature]
    let functions: [String: FunctionSignature]
    var diagnostics: [Diagnostic] = []
    /// Steps that some `Goto` names, as "context\u{0}extension\u{0}priority".
    var targets: Set<String> = []
    /// Which contexts include a context, directly or not: a jump without context goes by the
    /// context the call is in, which may be any of them.
    let includers: [String: [String]]

    /// Patterns and includes compared at most, so that checking stays a matter of milliseconds.
    static let maximumComparisons = 200_000
    var comparisonsLeft = DialplanChecker.maximumComparisons

    /// All diagnostics, in file order.
    public static func check(
        _ dialplan: Dialplan, applications: [ApplicationSignature],
        functions: [FunctionSignature]
    ) -> [Diagnostic] {
        var checker = DialplanChecker(
            dialplan: dialplan, applications: applications, functions: functions)
        checker.checkIncludes()
        for context in dialplan.contexts {
            for item in context.extensions {
                for step in item.steps.values.sorted(by: { $0.priority < $1.priority }) {
                    checker.check(step, of: item)
                }
            }
        }
        for global in dialplan.globals { checker.checkTemplate(global.value, at: global.location) }
        for context in dialplan.contexts {
            for item in context.extensions { checker.checkReachability(of: item) }
            checker.checkShadowing(within: context)
        }
        checker.checkShadowingByIncludes()
        return checker.diagnostics.inFileOrder()
    }

    private init(
        dialplan: Dialplan, applications: [ApplicationSignature], functions: [FunctionSignature]
    ) {
        self.dialplan = dialplan
        self.applications = Dictionary(
            applications.map { ($0.name.asciiLowercased, $0) }, uniquingKeysWith: { $1 })
        self.functions = Dictionary(
            functions.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        var includers: [String: [String]] = [:]
        for context in dialplan.contexts where !context.includes.isEmpty {
            let _: Bool? = dialplan.walk(context.name, nil) { visited in
                if visited.name != context.name {
                    includers[visited.name, default: []].append(context.name)
                }
                return .goOn
            }
        }
        self.includers = includers
    }

    mutating func report(
        _ severity: Diagnostic.Severity, _ problem: Diagnostic.Problem, _ place: SourceLocation
    ) {
        diagnostics.append(Diagnostic(severity, problem, at: place))
    }

    func suggestedContext(_ name: String) -> String? {
        NearestName.nearest(to: name, among: dialplan.contexts.map(\.name))
    }

    // MARK: Steps

    private mutating func check(_ step: Step, of item: Extension) {
        checkTemplate(step.arguments, at: step.argumentsLocation)
        checkApplication(
            step.application, arguments: step.arguments.outline, step: step, of: item)
    }

    mutating func checkApplication(
        _ name: String, arguments text: String, step: Step, of item: Extension
    ) {
        guard let signature = applications[name.asciiLowercased] else {
            // `Goto,1` and `${APP}(x)`: the name is not one to look for.
            if name.contains(Template.hole) || name.contains("$") { return }
            let suggestion = NearestName.nearest(
                to: name, among: applications.values.map(\.name))
            return report(
                .error, .unknownApplication(name: name, suggestion: suggestion), step.location)
        }
        let given: Int =
            switch signature.splitting {
            case .commas: Arguments.split(text).count
            case .none: text.isEmpty ? 0 : 1
            }
        // A variable may hold several arguments, so only without any is a count too small.
        if given < signature.minimumArguments, !text.contains(Template.hole) {
            report(
                .error,
                .tooFewArguments(
                    name: signature.name, minimum: signature.minimumArguments, given: given),
                step.location)
        }
        if let maximum = signature.maximumArguments, given > maximum {
            report(
                .error,
                .tooManyArguments(name: signature.name, maximum: maximum, given: given),
                step.argumentsLocation)
        }
        if signature.assigns { checkAssignment(text, at: step.argumentsLocation) }
        switch signature.jump {
        case .none: break
        case .whole: checkJump(text, step: step, of: item)
        case .subroutine: checkJump(Self.withoutCall(text), step: step, of: item)
        case .branches, .subroutineBranches:
            let (_, then, otherwise) = Arguments.branches(text)
            if then == nil, otherwise == nil, !text.contains(Template.hole) || !text.contains("?") {
                report(
                    .warning, .missingBranch(application: signature.name), step.argumentsLocation)
            }
            for branch in [then, otherwise] {
                guard let branch else { continue }
                let isCall = signature.jump == .subroutineBranches
                checkJump(isCall ? Self.withoutCall(branch) : branch, step: step, of: item)
            }
        case .applications:
            let (_, then, otherwise) = Arguments.branches(text)
            for branch in [then, otherwise] {
                guard let branch, let call = NestedCall(branch) else { continue }
                checkApplication(call.name, arguments: call.arguments, step: step, of: item)
            }
        }
    }

    /// The left side of `FUNCTION(arguments)=value`.
    private mutating func checkAssignment(_ text: String, at place: SourceLocation) {
        guard let equal = text.firstIndex(of: "="), let open = text[..<equal].firstIndex(of: "(") else { return }
        let name = String(text[..<open]).trimmingSpaces
        guard !name.contains(Template.hole), functions[name] == nil else { return }
        tellUnknownFunction(name, at: place)
    }

    /// `context,extension,priority(arguments)` without its last part.
    private static func withoutCall(_ text: String) -> String {
        text.firstIndex(of: "(").map { String(text[..<$0]) } ?? text
    }
}

/// `Application(arguments)` within the argument of another: `ExecIf`.
public struct NestedCall: Hashable, Sendable {
    public var name: String
    public var arguments: String

    /// nil when there is no name.
    public init?(_ text: String) {
        guard let open = text.firstIndex(of: "(") else {
            name = text.trimmingSpaces
            arguments = ""
            if name.isEmpty { return nil }
            return
        }
        name = String(text[..<open]).trimmingSpaces
        let inner = text[text.index(after: open)...]
        arguments = String(inner[..<(inner.lastIndex(of: ")") ?? inner.endIndex)])
        if name.isEmpty { return nil }
    }
}
