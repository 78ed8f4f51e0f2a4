// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Dialplan
internal import Timing

/// Where a call is in its dialplan.
struct Position: Hashable {
    var context: String
    var exten: String
    var priority: Int
}

/// What a step leaves to be done.
enum Outcome {
    /// On to the next priority.
    case next
    /// The application has set the position itself; the step there is the next.
    case jump
    /// The caller has begun to dial within the dialplan (Background, WaitExten).
    case digits(String)
    case hangUp(HangupCause)
}

/// One call's way through its dialplan: position, variables, timeouts. Confined to the exchange's executor.
final class Interpreter {
    let program: DialplanProgram
    let call: any CallControl

    var position: Position
    var variables: [String: String] = [:]
    /// Returns of Gosub, the innermost last.
    var frames: [Frame] = []
    /// Between two digits (`TIMEOUT(digit)`).
    var digitTimeout: Duration = .seconds(5)
    /// For the first digit (`TIMEOUT(response)`).
    var responseTimeout: Duration = .seconds(10)
    var hangupCause: HangupCause?
    /// Steps since the last one that took time.
    var stepsWithoutTime = 0

    /// Variables a call may set; more are dropped.
    static let maximumVariables = 1_024
    static let maximumFrames = 64
    /// Digits collected for one extension.
    static let maximumDigits = 80
    /// A dialplan that runs so many steps without any that takes time is in a loop.
    static let maximumStepsWithoutTime = 2_000
    /// After so many, other calls get a turn.
    static let stepsBetweenYields = 64
    /// What a step must take to count as having taken time.
    static let shortestWait: Duration = .milliseconds(5)
    /// The `h` extension runs no longer than this.
    static let hangupHandlerLimit: Duration = .seconds(30)

    struct Frame {
        var position: Position
        /// The variables the subroutine hides, nil for those that had no value.
        var hidden: [String: String?]
    }

    init(program: DialplanProgram, call: any CallControl, context: String, exten: String) {
        self.program = program
        self.call = call
        self.position = Position(context: context, exten: exten.isEmpty ? "s" : exten, priority: 1)
    }

    // MARK: Looking up

    var callerNumber: String? { call.caller.number.isEmpty ? nil : call.caller.number }

    var searchTime: CivilTime? {
        program.dialplan.asksForTime ? program.civilTime(call.wallTime) : nil
    }

    func find(_ position: Position) -> MatchedExtension? {
        program.dialplan.match(
            context: position.context, extension: position.exten, callerID: callerNumber,
            priority: position.priority, at: searchTime)
    }

    func exists(_ exten: String, in context: String? = nil) -> Bool {
        find(Position(context: context ?? position.context, exten: exten, priority: 1)) != nil
    }

    func go(to exten: String) {
        position = Position(context: position.context, exten: exten, priority: 1)
    }

    func note(_ name: String, _ fields: [(String, String)]) {
        call.note(name, [("at", "\(position.context),\(position.exten),\(position.priority)")] + fields)
    }
}
