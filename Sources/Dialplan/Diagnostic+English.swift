// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Diagnostics

extension Diagnostic.Problem {
    /// Message and hint; an empty hint means there is none.
    var english: (message: String, hint: String) {
        func maybe(_ name: String?) -> String { name.map { "did you mean '\($0)'?" } ?? "" }
        switch self {
        case .fileTooLarge(let limit):
            return ("the file is larger than \(limit) bytes", "split it with #include")
        case .tooManyLines(let limit):
            return ("the dialplan has more than \(limit) lines", "the rest is not read")
        case .lineTooLong(let limit): return ("the line is longer than \(limit) bytes", "")
        case .tooManyFiles(let limit): return ("more than \(limit) files are included", "")
        case .filesTooDeep(let limit):
            return ("#include is nested deeper than \(limit) files", "")
        case .fileIncludesItself(let name):
            return ("the file '\(name)' includes itself", "remove this #include")
        case .fileNotFound(let name):
            return ("the file '\(name)' cannot be read", "#tryinclude passes over a missing file")
        case .unterminatedComment:
            return ("the comment ';--' is not ended", "end it with '--;'")
        case .unknownDirective(let name):
            return ("unknown directive '#\(name)'", "there are #include and #tryinclude")
        case .execRefused: return ("#exec is not supported", "write its output to a file")
        case .unclosedHeader: return ("the section header is not closed", "write [name]")
        case .unknownBaseSection(let name):
            return ("there is no section [\(name)] above to add to or inherit from", "")
        case .lineOutsideContext: return ("this line stands before any [context]", "")
        case .missingEqualSign: return ("no '=' in this line", "write key => value")
        case .unknownKey(let name, let suggestion):
            return ("unknown key '\(name)'", maybe(suggestion))
        case .unsupportedKey(let name):
            return ("'\(name)' is not supported and has no effect", "")
        case .missingExtension: return ("the extension is empty", "write exten => 100,1,…")
        case .sameWithoutExtension:
            return ("'same' needs an 'exten' before it in this context", "")
        case .invalidPriority(let text):
            return ("'\(text)' is no priority", "a number, n, n(label), hint or a known label")
        case .nextWithoutPrevious:
            return ("priority 'n' needs a priority before it in this context", "begin with 1")
        case .unclosedLabel: return ("the label is not closed", "write n(label)")
        case .textAfterLabel(let text): return ("'\(text)' after the label is ignored", "")
        case .missingApplication: return ("no application in this step", "write NoOp() at least")
        case .unclosedArguments(let name):
            return ("the arguments of '\(name)' are not closed", "add ')'")
        case .textAfterArguments(let text):
            return ("'\(text)' after the arguments is ignored", "a comment begins with ';'")
        case .unclosedSet(let pattern):
            return ("'[' is not closed in the pattern '\(pattern)'", "add ']'")
        case .emptySet(let pattern):
            return ("a set of the pattern '\(pattern)' can never match", "write ranges upwards")
        case .textAfterWildcard(let pattern):
            return ("what follows '.' or '!' in '\(pattern)' is ignored", "")
        case .emptyPattern: return ("'_' without a pattern", "")
        case .catchAllPattern(let pattern):
            let better = "_X" + pattern.dropFirst()
            return (
                "'\(pattern)' also catches the special extensions h, i, t…", "write '\(better)'"
            )
        case .extensionTooLong(let limit):
            return ("the extension is longer than \(limit) characters", "")
        case .duplicatePriority(let name, let priority, let first):
            return (
                "priority \(priority) of '\(name)' is there already, at \(first)",
                "the first one counts"
            )
        case .duplicateLabel(let label, let first):
            return ("label '\(label)' is there already, at \(first)", "the first one counts")
        case .missingHint(let name):
            return ("the hint of '\(name)' names nothing to watch", "write exten => \(name),hint,SIP/8001")
        case .duplicateHint(let name, let first):
            return ("'\(name)' has a hint already, at \(first)", "the first one counts")
        case .missingFirstPriority(let name):
            return ("'\(name)' has no priority 1, so it is never entered", "")
        case .priorityGap(let name, let priority, let missing):
            return (
                "priority \(priority) of '\(name)' is never reached, \(missing) is missing",
                "number with n"
            )
        case .unreachablePriority(let name, let priority, let after):
            return (
                "priority \(priority) of '\(name)' is never reached, '\(after)' does not go on", ""
            )
        case .shadowed(let name, let by, let location):
            return ("'\(name)' never matches, '\(by)' at \(location) comes first", "")
        case .unclosedVariable: return ("'${' is not closed", "add '}'")
        case .unclosedExpression: return ("'$[' is not closed", "add ']'")
        case .unclosedQuote: return ("a '\"' of the expression is not closed", "")
        case .badExpression(let text, let at):
            return ("the expression '\(text)' does not parse at '\(at)'", "")
        case .expressionKnownOnlyWhenRun(let text):
            return (
                "the expression '\(text)' can be understood only with its variables' values",
                "put strings into \"quotes\""
            )
        case .nestingTooDeep(let limit): return ("nested deeper than \(limit) levels", "")
        case .unknownFunction(let name, let suggestion):
            return ("unknown function '\(name)'", maybe(suggestion))
        case .unknownApplication(let name, let suggestion):
            return ("unknown application '\(name)'", maybe(suggestion))
        case .tooFewArguments(let name, let minimum, let given):
            return ("'\(name)' needs at least \(minimum) arguments, \(given) given", "")
        case .tooManyArguments(let name, let maximum, let given):
            return ("'\(name)' takes at most \(maximum) arguments, \(given) given", "")
        case .missingBranch(let name):
            return ("'\(name)' has no '?' and so never does anything", "condition?then:else")
        case .unknownContext(let name, let suggestion):
            return ("there is no context [\(name)]", maybe(suggestion))
        case .unknownExtension(let name, let context):
            return ("there is no extension '\(name)' in [\(context)]", "")
        case .unknownLabel(let label, let name, let suggestion):
            return ("'\(name)' has no label '\(label)'", maybe(suggestion))
        case .unknownPriority(let priority, let name):
            return ("'\(name)' has no priority \(priority)", "")
        case .missingIncludedContext(let name, let suggestion):
            return ("the included context [\(name)] is not there", maybe(suggestion))
        case .includeCycle(let path):
            return ("contexts include each other: \(path.joined(separator: " → "))", "")
        case .badIncludeTime(let text):
            return ("'\(text)' is no time condition", "9:00-17:00,mon-fri,*,*")
        }
    }
}
