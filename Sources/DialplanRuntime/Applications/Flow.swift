// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Dialplan

extension CoreApplications {
    static let flow: [CoreApplication] = [
        CoreApplication("Goto", 1...3, jump: .whole, neverGoesOn: true) { interpreter, text in
            interpreter.jump(to: text)
        },
        CoreApplication("GotoIf", 1...1, splitting: .none, jump: .branches) { interpreter, text in
            guard let branch = chosen(text) else { return .next }
            return interpreter.jump(to: branch)
        },
        CoreApplication("GotoIfTime", 1...1, splitting: .none, jump: .branches) { interpreter, text in
            let (condition, then, otherwise) = Arguments.branches(text)
            guard let time = IncludeTime(condition) else { return .next }
            let isTime = time.contains(interpreter.program.civilTime(interpreter.call.wallTime))
            guard let branch = isTime ? then : otherwise else { return .next }
            return interpreter.jump(to: branch)
        },
        CoreApplication("ExecIf", 1...1, splitting: .none, jump: .applications) { interpreter, text in
            guard let branch = chosen(text), let call = NestedCall(branch) else { return .next }
            return try await interpreter.perform(call.name, call.arguments)
        },
        CoreApplication("Gosub", 1...3, jump: .subroutine) { interpreter, text in
            interpreter.enter(text)
        },
        CoreApplication("GosubIf", 1...1, splitting: .none, jump: .subroutineBranches) { interpreter, text in
            guard let branch = chosen(text) else { return .next }
            return interpreter.enter(branch)
        },
        CoreApplication("Return", 0...1, splitting: .none, neverGoesOn: true) { interpreter, text in
            interpreter.leave(value: text)
        },
        CoreApplication("StackPop", 0...0) { interpreter, _ in
            if let frame = interpreter.frames.popLast() { interpreter.uncover(frame) }
            return .next
        },
    ]

    private static func chosen(_ text: String) -> String? {
        let (condition, then, otherwise) = Arguments.branches(text)
        return Arguments.isTrue(condition) ? then : otherwise
    }
}

extension Interpreter {
    /// The position a jump means; nil when its label is not there.
    private func resolve(_ text: String) -> Position? {
        guard let target = GotoTarget(text) else { return nil }
        var place = position
        if let context = target.context, !context.isEmpty { place.context = context }
        if let exten = target.extension, !exten.isEmpty { place.exten = exten }
        if let number = Int(target.priority) {
            let isRelative = target.priority.hasPrefix("+") || target.priority.hasPrefix("-")
            guard number.magnitude < 1_000_000 else { return nil }
            place.priority = isRelative ? position.priority + number : number
            guard place.priority > 0 else { return nil }
            return place
        }
        let found = program.dialplan.match(
            context: place.context, extension: place.exten, callerID: callerNumber, label: target.priority,
            at: searchTime)
        guard let found else { return nil }
        place.priority = found.step.priority
        return place
    }

    func jump(to text: String) -> Outcome {
        guard let place = resolve(text) else {
            note("dialplan.noSuchPlace", [("target", text)])
            return .hangUp(.temporaryFailure)
        }
        position = place
        return .jump
    }

    // MARK: Subroutines

    /// `context,extension,priority(argument,…)`: ARG1… are the subroutine's own.
    func enter(_ text: String) -> Outcome {
        var target = text
        var arguments: [String] = []
        if let open = text.firstIndex(of: "(") {
            target = String(text[..<open])
            let inner = text[text.index(after: open)...]
            arguments = Arguments.split(String(inner[..<(inner.lastIndex(of: ")") ?? inner.endIndex)]))
        }
        guard frames.count < Self.maximumFrames, let place = resolve(target) else {
            note("dialplan.noSuchPlace", [("target", text)])
            return .hangUp(.temporaryFailure)
        }
        var back = position
        back.priority += 1
        var hidden: [String: String?] = [:]
        func hide(_ name: String, _ value: String?) {
            hidden[name] = .some(variables[name])
            setVariable(name, value)
        }
        hide("ARGC", String(arguments.count))
        // Arguments of the outer subroutine are not this one's.
        let outer = frames.last == nil ? 0 : (Int((hidden["ARGC"] ?? nil) ?? "") ?? 0)
        for index in 0..<max(arguments.count, min(outer, Arguments.maximumCount)) {
            hide("ARG\(index + 1)", index < arguments.count ? arguments[index] : nil)
        }
        frames.append(Frame(position: back, hidden: hidden))
        position = place
        return .jump
    }

    func leave(value: String) -> Outcome {
        guard let frame = frames.popLast() else {
            note("dialplan.returnWithoutGosub", [])
            return .hangUp(.temporaryFailure)
        }
        uncover(frame)
        setVariable("GOSUB_RETVAL", value)
        position = frame.position
        return .jump
    }

    /// `Set(LOCAL(x)=…)`: x is as before when the subroutine returns.
    func setLocal(_ name: String, _ value: String) {
        if !frames.isEmpty, frames[frames.count - 1].hidden[name] == nil {
            frames[frames.count - 1].hidden[name] = .some(variables[name])
        }
        setVariable(name, value)
    }

    func uncover(_ frame: Frame) {
        for (name, value) in frame.hidden { variables[name] = value }
    }
}
