// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Dialplan
internal import Timing

extension Interpreter {
    /// What the priorities of an extension end in.
    private enum Ending {
        /// No further priority.
        case ranOut
        case digits(String)
        case hangUp(HangupCause)
        /// `TIMEOUT(absolute)` has passed.
        case timedOut
    }

    /// The whole way: steps, digits, `i` `t` `e` `T`, hang-up, `h`.
    func run() async {
        let cause: HangupCause
        do {
            cause = try await runToEnd()
        } catch let ended as CallEnded {
            cause = ended.cause
        } catch {
            note("dialplan.failed", [("error", String(describing: error))])
            cause = .temporaryFailure
        }
        await end(cause)
    }

    /// A feature code: one application in place of the dialplan.
    func run(application: String, arguments: [String]) async {
        let text = arguments.map(Self.quoted).joined(separator: ",")
        call.trace(
            DialplanStep(
                file: "features", line: 0, context: position.context, exten: position.exten, priority: 1,
                application: application, arguments: text))
        var cause = HangupCause.normalClearing
        do {
            switch try await perform(application, text) {
            case .hangUp(let wanted): cause = wanted
            case .jump, .digits: return await run()
            case .next: break
            }
        } catch let ended as CallEnded {
            cause = ended.cause
        } catch {
            note("dialplan.failed", [("error", String(describing: error))])
            cause = .temporaryFailure
        }
        await end(cause)
    }

    private static func quoted(_ argument: String) -> String {
        argument.contains(",") ? "\"\(argument)\"" : argument
    }

    private func end(_ cause: HangupCause) async {
        hangupCause = call.ended?.cause ?? cause
        if call.ended == nil { call.hangUp(cause) }
        await runHangupHandler()
    }

    // MARK: Steps

    private func runToEnd() async throws -> HangupCause {
        while true {
            switch try await runExtension() {
            case .hangUp(let cause): return cause
            case .timedOut:
                absoluteDeadline = nil
                if exists("T") {
                    go(to: "T")
                } else if exists("e") {
                    raise("ABSOLUTETIMEOUT")
                } else {
                    return .normalClearing
                }
            case .digits(let digits):
                if let cause = try await dial(from: digits) { return cause }
            case .ranOut:
                if let cause = try await continueAfterLastPriority() { return cause }
            }
        }
    }

    /// Runs priority after priority until there is none, the caller dials, or the call ends.
    private func runExtension() async throws -> Ending {
        while let found = find(position) {
            if let ended = call.ended { throw ended }
            if let deadline = absoluteDeadline, call.now >= deadline { return .timedOut }
            switch try await run(found) {
            case .next: position.priority += 1
            case .jump: break
            case .digits(let digits): return .digits(digits)
            case .hangUp(let cause): return .hangUp(cause)
            }
        }
        return .ranOut
    }

    private func run(_ found: MatchedExtension) async throws -> Outcome {
        let step = found.step
        let text = await step.arguments.text(from: self)
        call.trace(
            DialplanStep(
                file: step.location.file, line: step.location.line, context: position.context,
                exten: position.exten, priority: position.priority, application: step.application,
                arguments: text))
        let before = call.now
        let outcome = try await perform(step.application, text)
        if before.duration(to: call.now) >= Self.shortestWait {
            stepsWithoutTime = 0
        } else {
            stepsWithoutTime += 1
            if stepsWithoutTime > Self.maximumStepsWithoutTime {
                note("dialplan.loop", [("steps", String(stepsWithoutTime))])
                return .hangUp(.temporaryFailure)
            }
            if stepsWithoutTime % Self.stepsBetweenYields == 0 { await Task.yield() }
        }
        return outcome
    }

    /// Runs an application by name, of the core or of a module.
    func perform(_ name: String, _ text: String) async throws -> Outcome {
        let key = name.lowercased()
        if let application = CoreApplications.byName[key] {
            return try await application.body(self, text)
        }
        guard let application = program.moduleApplications[key] else {
            note("dialplan.unknownApplication", [("application", name)])
            return .hangUp(.temporaryFailure)
        }
        let context = ApplicationContext(call: call, arguments: Arguments.split(text), variables: self)
        switch try await application.body(context) {
        case .next: return .next
        case .hangUp(let cause): return .hangUp(cause)
        }
    }

    // MARK: After the last priority

    /// nil: the call goes on where `position` is.
    private func continueAfterLastPriority() async throws -> HangupCause? {
        guard exists(position.exten) else { return invalid(position.exten, cause: .unallocatedNumber) }
        guard program.dialplan.endsWhenPrioritiesRunOut else { return try await dial(from: "") }
        switch variables["DIALSTATUS"] {
        case "BUSY": return try await ToneEnding.busy.run(on: call, for: .seconds(10))
        case "CONGESTION", "CHANUNAVAIL": return try await ToneEnding.congestion.run(on: call, for: .seconds(10))
        default: return hangupCause ?? .normalClearing
        }
    }

    private func invalid(_ digits: String, cause: HangupCause) -> HangupCause? {
        if exists("i") {
            // `i` itself may have run out of priorities; it is not gone to from itself by this way.
            setVariable("INVALID_EXTEN", digits)
            go(to: "i")
        } else if exists("e") {
            raise("INVALID")
        } else {
            note("dialplan.invalidExtension", [("extension", digits)])
            return cause
        }
        return nil
    }

    func raise(_ reason: String) {
        setVariable("EXCEPTION_REASON", reason)
        go(to: "e")
    }

    /// Goes on collecting an extension that began with `digits` and enters it, `i` or `t`.
    private func dial(from digits: String) async throws -> HangupCause? {
        let dialled = try await collect(digits, firstWithin: digits.isEmpty ? responseTimeout : digitTimeout)
        if dialled.isEmpty {
            if exists("t") {
                go(to: "t")
            } else if exists("e") {
                raise("RESPONSETIMEOUT")
            } else {
                note("dialplan.timeout", [])
                return .normalClearing
            }
            return nil
        }
        guard exists(dialled) else { return invalid(dialled, cause: .normalClearing) }
        go(to: dialled)
        return nil
    }

    /// Digits until nothing longer can match or none comes in time.
    private func collect(_ digits: String, firstWithin first: Duration) async throws -> String {
        var digits = digits
        var timeout = first
        while digits.utf8.count < Self.maximumDigits,
            program.dialplan.canMatchMore(
                context: position.context, extension: digits, callerID: callerNumber, at: searchTime)
        {
            guard let digit = try await call.nextDigit(within: limited(timeout)) else { break }
            digits.append(digit)
            timeout = digitTimeout
        }
        return digits
    }

    /// `duration`, or what is left until `TIMEOUT(absolute)`.
    func limited(_ duration: Duration) -> Duration {
        guard let deadline = absoluteDeadline else { return duration }
        return max(.zero, min(duration, call.now.duration(to: deadline)))
    }

    // MARK: After the hang-up

    /// `h` of the context the call was in. Nothing can wait any more, and what tries to ends it.
    private func runHangupHandler() async {
        guard exists("h") else { return }
        go(to: "h")
        absoluteDeadline = nil
        stepsWithoutTime = 0
        let start = call.now
        while let found = find(position), start.duration(to: call.now) < Self.hangupHandlerLimit {
            guard let outcome = try? await run(found) else { return }
            switch outcome {
            case .next: position.priority += 1
            case .jump: break
            case .digits, .hangUp: return
            }
        }
    }
}
