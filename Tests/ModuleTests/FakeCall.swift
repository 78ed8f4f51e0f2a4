// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Timing

/// A call that writes down what is done with it.
final class FakeCall: CallControl {
    var done: [String] = []
    var keys: [Character] = []
    /// The caller hangs up when there is no key left.
    var endsWithoutKeys = false

    let id = LegID(rawValue: 42)
    let callID = CallID(rawValue: 41)
    var caller = CallerIdentity(number: "8001", name: "Anna")
    var dialled = "8002"
    var party: Party { .seat("8001") }
    var language = "en"
    var now: Instant { Instant(nanoseconds: 0) }
    var wallTime = WallTime(microseconds: 0)
    var isAnswered = false
    var ended: LegGone?
    var deadline: Instant?
    /// Why no recording can be had.
    var refusal: String?
    var lastDial: DialResult?

    func ring() throws { done.append("ring") }
    func progress() throws { done.append("progress") }
    func answer() async throws { done.append("answer") }
    func hangUp(_ cause: HangupCause) { done.append("hang up") }
    func sleep(_ duration: Duration) async throws {}
    func play(_ sound: String, interruptedBy keys: Set<Character>) async throws -> PlayResult {
        done.append("play \(sound)")
        return .finished
    }
    func startTone(_ tone: MediaTone) throws { done.append("tone \(tone)") }
    func stopTone() { done.append("stop tone") }
    var musicClass: String?
    func startMusic(class name: String?) throws { done.append("music \(name ?? "")") }
    func nextDigit(within timeout: Duration) async throws -> Character? {
        if keys.isEmpty, endsWithoutKeys { throw LegGone(cause: .normalClearing) }
        return keys.isEmpty ? nil : keys.removeFirst()
    }
    func discardDigits() { keys = [] }
    func setEcho(_ on: Bool) throws { done.append("echo \(on ? "on" : "off")") }
    func dial(_ request: DialRequest) async throws -> DialResult {
        DialResult(status: .noAnswer, cause: .noAnswer, dialled: .zero, answered: .zero)
    }
    func startRecording(path: String, layout: RecorderSettings.Layout?) throws -> String {
        if let ended { throw ended }
        if let refusal { throw RecordingRefused(reason: refusal) }
        done.append("record \(path) \(layout.map { "\($0)" } ?? "site")")
        return "/recordings/" + path
    }
    let partner: LegID? = nil
    func perform(_ command: Command) throws -> CommandResult { .done }
    func rest(for timeout: Duration?) async throws -> RestOutcome { .timedOut }
    func join(_ leg: LegID) async throws {}
    func consult(_ destination: Destination) async throws -> ConsultOutcome { .talked }
    func lookUp(_ number: String) -> NumberMatch { .complete }
    func module(named name: String) -> (any RunningModule)? { nil }
    func stopRecording() { done.append("stop recording") }
    func trace(_ step: DialplanStep) {}
    func note(_ name: String, _ fields: [(String, String)]) {
        done.append((["note \(name)"] + fields.map { "\($0)=\($1)" }).joined(separator: " "))
    }
}

extension CivilDay {
    static let someday = CivilDay(year: 2026, month: 11, day: 2)
}

final class FakeVariables: VariableStore {
    var values: [String: String] = [:]
    func variable(_ name: String) -> String? { values[name] }
    func setVariable(_ name: String, _ value: String?) { values[name] = value }
}
