// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Timing

/// A call that writes down what is done with it.
final class FakeCall: CallControl {
    var done: [String] = []
    var keys: [Character] = []
    /// The caller hangs up when there is no key left.
    var endsWithoutKeys = false

    let id = CallID(startSecond: 1, shard: 0, counter: 7)
    var caller = CallerIdentity(number: "8001", name: "Anna")
    var dialled = "8002"
    var party: Party { .seat("8001") }
    var language = "en"
    var now: Instant { Instant(nanoseconds: 0) }
    var wallTime = WallTime(microseconds: 0)
    var isAnswered = false
    var ended: CallEnded?
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
    func nextDigit(within timeout: Duration) async throws -> Character? {
        if keys.isEmpty, endsWithoutKeys { throw CallEnded(cause: .normalClearing) }
        return keys.isEmpty ? nil : keys.removeFirst()
    }
    func discardDigits() { keys = [] }
    func setEcho(_ on: Bool) throws { done.append("echo \(on ? "on" : "off")") }
    func dial(_ request: DialRequest) async throws -> DialResult {
        DialResult(status: .noAnswer, cause: .noAnswer, dialled: .zero, answered: .zero)
    }
    func startRecording(path: String, layout: RecorderSettings.Layout?) throws -> String {
        if path.contains("..") { throw CallEnded(cause: .invalidNumberFormat) }
        done.append("record \(path) \(layout.map { "\($0)" } ?? "site")")
        return "/recordings/" + path
    }
    func stopRecording() { done.append("stop recording") }
    func trace(_ step: DialplanStep) {}
    func note(_ name: String, _ fields: [(String, String)]) { done.append("note \(name)") }
}

final class FakeVariables: VariableStore {
    var values: [String: String] = [:]
    func variable(_ name: String) -> String? { values[name] }
    func setVariable(_ name: String, _ value: String?) { values[name] = value }
}
