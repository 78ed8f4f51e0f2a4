// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Diagnostics
internal import Dialplan
internal import Timing

extension Interpreter {
    /// What the priorities of an extension end in.
    private enum Ending {
        /// No further priority.
        case ranOut
        case digits(String)
        case hangUp(HangupCause)
    }

    /// The whole way: steps, digits, `i` `t` `e` `T`, hang-up, `h`.
    func run() async {
        let cause: HangupCause
        do {
            cause = try await runToEnd()
        } catch let gone as LegGone {
            cause = gone.cause
        } catch is LegTaken {
            // The leg goes on elsewhere: it is not this script's to end, and `h` is for legs that are gone.
            return
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
        } catch let gone as LegGone {
            cause = gone.cause
        } catch is LegTaken {
            // The leg goes on elsewhere: it is not this script's to end, and `h` is for legs that are gone.
            return
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
        // A script in the middle of a talk, or on the way of a transfer, ends without its leg.
        guard call.ended != nil else { return }
        await runHangupHandler()
    }

    // MARK: Steps

    private func runToEnd() async throws -> HangupCause {
        while true {
            do {
                switch try await runExtension() {
                case .hangUp(let cause): return cause
                case .digits(let digits):
                    if let cause = try await dial(from: digits) { return cause }
                case .ranOut:
                    if let cause = try await continueAfterLastPriority() { return cause }
                }
            } catch is DeadlinePassed {
                if let cause = timeIsOver() { return cause }
            }
        }
    }

    /// `TIMEOUT(absolute)` has passed, in the middle of a wait or between two steps. nil: the call goes on in `T` or `e`,
    /// with no limit until one is set again.
    private func timeIsOver() -> HangupCause? {
        call.deadline = nil
        if exists("T") {
            go(to: "T")
        } else if exists("e") {
            raise("ABSOLUTETIMEOUT")
        } else {
            return .normalClearing
        }
        return nil
    }

    /// Runs priority after priority until there is none, the caller dials, or the call ends.
    private func runExtension() async throws -> Ending {
        while let found = find(position) {
            if let ended = call.ended { throw ended }
            if let deadline = call.deadline, call.now >= deadline { throw DeadlinePassed() }
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
        guard let (module, application) = program.moduleApplications[key] else {
            note("dialplan.unknownApplication", [("application", name)])
            return .hangUp(.temporaryFailure)
        }
        let now = program.civilTime(call.wallTime)
        let context = ApplicationContext(
            call: call, arguments: Arguments.split(text), variables: self,
            today: CivilDay(year: now.year, month: now.month, day: now.day), module: call.module(named: module))
        do {
            switch try await application.body(context) {
            case .next: return .next
            case .hangUp(let cause): return .hangUp(cause)
            }
        } catch let error where error is LegGone || error is LegTaken || error is DeadlinePassed {
            throw error
        } catch {
            // A module that fails is named, and costs its step and not the call.
            note("module.failed", [("module", module), ("application", name), ("error", String(describing: error))])
            return .next
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
            guard let digit = try await call.nextDigit(within: timeout) else { break }
            digits.append(digit)
            timeout = digitTimeout
        }
        return digits
    }

    // MARK: After the hang-up

    /// `h` of the context the call was in. Nothing can wait any more, and what tries to ends it.
    private func runHangupHandler() async {
        guard exists("h") else { return }
        go(to: "h")
        call.deadline = nil
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
