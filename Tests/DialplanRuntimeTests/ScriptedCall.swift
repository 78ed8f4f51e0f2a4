// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Dialplan
import DialplanRuntime
import Timing

/// A call whose caller does what a script says, on a clock that only the call itself moves.
final class ScriptedCall: CallControl {
    let id = LegID(rawValue: 42)
    let callID = CallID(rawValue: 41)
    var caller = CallerIdentity(number: "8002", name: "Li Lei")
    var dialled = "8001"
    var party = Party.seat("8002")
    var language = "en"
    var now = Instant(nanoseconds: 0)
    var wallTime: WallTime { WallTime(microseconds: 1_700_000_000_000_000 + now.nanoseconds / 1_000) }
    var isAnswered = false
    var ended: LegGone?
    var deadline: Instant?
    private(set) var lastDial: DialResult?

    /// When the caller presses what, soonest first.
    var presses: [(at: Duration, key: Character)] = []
    /// When the caller hangs up.
    var hangsUpAt: Duration?
    /// What Dial gives, one a call of it; then nobody answers.
    var dialResults: [DialResult] = []
    var soundLength: Duration = .seconds(2)
    var missingSounds: Set<String> = []

    /// What happened, in words and order.
    private(set) var log: [String] = []
    private(set) var steps: [String] = []
    private(set) var notes: [String: [[String: String]]] = [:]
    private(set) var requests: [DialRequest] = []
    private var buffer: [Character] = []

    private func check() throws { if let ended { throw ended } }

    private func say(_ text: String) { log.append(text) }

    /// Moves the clock to `end`, filling the key buffer; throws when the caller hangs up or the deadline comes before.
    private func wait(until end: Instant, stopsAt wanted: (Character) -> Bool = { _ in false }) throws -> Character? {
        if let deadline, deadline < end {
            if let key = try pass(until: max(now, deadline), stopsAt: wanted) { return key }
            say("deadline")
            throw DeadlinePassed()
        }
        return try pass(until: end, stopsAt: wanted)
    }

    private func pass(until end: Instant, stopsAt wanted: (Character) -> Bool) throws -> Character? {
        let zero = Instant(nanoseconds: 0)
        while let press = presses.first, zero.advanced(by: press.at) <= end {
            if let hangsUpAt, hangsUpAt < press.at { break }
            presses.removeFirst()
            now = max(now, zero.advanced(by: press.at))
            if wanted(press.key) { return press.key }
            buffer.append(press.key)
        }
        if let hangsUpAt, zero.advanced(by: hangsUpAt) <= end {
            now = max(now, zero.advanced(by: hangsUpAt))
            ended = LegGone(cause: .normalClearing)
            say("caller hangs up")
            try check()
        }
        now = max(now, end)
        return nil
    }

    func ring() throws {
        try check()
        say("ring")
    }

    func progress() throws {
        try check()
        say("progress")
    }

    func answer() async throws {
        try check()
        guard !isAnswered else { return }
        isAnswered = true
        say("answer")
    }

    func hangUp(_ cause: HangupCause) {
        guard ended == nil else { return }
        ended = LegGone(cause: cause)
        say("hang up \(cause.rawValue)")
    }

    func sleep(_ duration: Duration) async throws {
        try check()
        say("sleep \(duration.milliseconds)")
        _ = try wait(until: now.advanced(by: duration))
    }

    func play(_ sound: String, interruptedBy keys: Set<Character>) async throws -> PlayResult {
        try check()
        if missingSounds.contains(sound) { return .missing }
        say("play \(sound)")
        if let index = buffer.firstIndex(where: keys.contains) {
            let key = buffer[index]
            buffer.removeFirst(index + 1)
            return .interrupted(key)
        }
        if let key = try wait(until: now.advanced(by: soundLength), stopsAt: keys.contains) {
            return .interrupted(key)
        }
        return .finished
    }

    func startTone(_ tone: MediaTone) throws {
        try check()
        say("tone \(tone)")
    }

    func stopTone() { say("stop tone") }
    var musicClass: String?
    func startMusic(class name: String?) throws {
        try check()
        say("music \(name ?? musicClass ?? "-")")
    }

    func nextDigit(within timeout: Duration) async throws -> Character? {
        try check()
        if !buffer.isEmpty { return buffer.removeFirst() }
        return try wait(until: now.advanced(by: timeout), stopsAt: { _ in true })
    }

    func discardDigits() { buffer.removeAll() }

    func setEcho(_ on: Bool) throws { try check() }

    func dial(_ request: DialRequest) async throws -> DialResult {
        try check()
        requests.append(request)
        say("dial " + request.targets.map(\.description).joined(separator: "&"))
        let result =
            dialResults.isEmpty
            ? DialResult(status: .noAnswer, cause: .noAnswer, dialled: request.timeout ?? .seconds(60), answered: .zero)
            : dialResults.removeFirst()
        if result.status == .answer { isAnswered = true }
        lastDial = DialResult(status: .cancel, cause: .normalClearing, dialled: .zero, answered: .zero)
        _ = try wait(until: now.advanced(by: result.dialled + result.answered))
        lastDial = result
        if result.status == .answer, !request.continuesAfterHangup {
            // As the exchange does it: the end of the talk is the end of the call.
            hangUp(result.cause)
            throw LegGone(cause: result.cause)
        }
        return result
    }

    func startRecording(path: String, layout: RecorderSettings.Layout?) throws -> String { "/\(path)" }
    let partner: LegID? = nil
    func perform(_ command: Command) throws -> CommandResult { .done }
    func rest(for timeout: Duration?) async throws -> RestOutcome { .timedOut }
    func join(_ leg: LegID) async throws {}
    func consult(_ destination: Destination) async throws -> ConsultOutcome { .talked }
    func lookUp(_ number: String) -> NumberMatch { .complete }
    func module(named name: String) -> (any RunningModule)? { nil }
    func stopRecording() {}

    func trace(_ step: DialplanStep) {
        steps.append("\(step.file):\(step.line) \(step.exten),\(step.priority) \(step.application)(\(step.arguments))")
    }

    func note(_ name: String, _ fields: [(String, String)]) {
        notes[name, default: []].append(Dictionary(fields, uniquingKeysWith: { $1 }))
    }

    /// The texts of `Verbose(…)`.
    var said: [String] { notes["verbose", default: []].map { $0["text"] ?? "" } }

    /// Runs the call through a dialplan with `[in]` as its context.
    func run(
        _ text: String, from exten: String = "s", modules: [any Module] = [], globals: GlobalVariables? = nil
    ) async -> [Diagnostic] {
        let (dialplan, parsed) = DialplanDocument.parse("[in]\n" + text)
        let checked = DialplanChecker.check(
            dialplan, applications: DialplanProgram.applicationSignatures(modules: modules),
            functions: DialplanProgram.functionSignatures)
        let program = DialplanProgram(
            dialplan: dialplan, modules: modules, globals: globals ?? GlobalVariables(dialplan),
            civilTime: { _ in CivilTime(minuteOfDay: 600, weekday: 1, day: 5, month: 5, year: 2026) })
        await program.run(self, context: "in", extension: exten)
        return parsed + checked
    }
}
