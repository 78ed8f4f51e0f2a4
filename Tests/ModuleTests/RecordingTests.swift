// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing
import Timing

@testable import Recording

@Suite struct RecordingTests {
    @Test(
        arguments: [
            (0, "1970-01-01"), (951_782_400, "2000-02-29"), (951_868_800, "2000-03-01"), (1_709_164_800, "2024-02-29"),
            (1_735_689_599, "2024-12-31"), (1_735_689_600, "2025-01-01"), (1_795_219_200, "2026-11-21"),
            (4_107_542_399, "2100-02-28"), (4_107_542_400, "2100-03-01"),
        ])
    func recordingsLieInAFolderOfTheirUTCDay(seconds: Int64, day: String) {
        let call = FakeCall()
        call.wallTime = WallTime(microseconds: seconds * 1_000_000)
        #expect(RecordingName.make(for: call).hasPrefix(day + "/"))
    }

    @Test func aNameHoldsTheCallAndBothNumbers() {
        let call = FakeCall()
        call.caller = CallerIdentity(number: "+8613800138000", name: "x")
        #expect(RecordingName.make(for: call) == "1970-01-01/\(call.id)-+8613800138000-8002")
    }

    @Test func numbersFromOutsideCannotLeaveTheFolder() {
        let call = FakeCall()
        call.caller = CallerIdentity(number: "../../etc/passwd\n\u{0}张", name: "")
        call.dialled = String(repeating: "9", count: 500) + "/.."
        let name = RecordingName.make(for: call)
        #expect(name == "1970-01-01/\(call.id)-etcpasswd-\(String(repeating: "9", count: 24))")
    }

    @Test func aNameOutsideTheFolderCostsTheRecordingNotTheCall() async throws {
        let call = FakeCall()
        let variables = FakeVariables()
        let start = try #require(RecordingModule().applications.first { $0.name == "MixMonitor" })
        let context = ApplicationContext(call: call, arguments: ["../x"], variables: variables)
        #expect(try await start.body(context) == .next)
        #expect(call.done == ["note recording.refused"])
        #expect(variables.values["MIXMONITOR_FILENAME"] == nil)
        call.ended = CallEnded(cause: .userBusy)
        await #expect(throws: CallEnded(cause: .userBusy)) { try await start.body(context) }
    }

    @Test func mixMonitorRecordsUnderTheNameGivenAndLeavesThePath() async throws {
        let call = FakeCall()
        let variables = FakeVariables()
        let module = RecordingModule()
        let start = try #require(module.applications.first { $0.name == "MixMonitor" })
        let stop = try #require(module.applications.first { $0.name == "StopMixMonitor" })
        #expect(
            try await start.body(ApplicationContext(call: call, arguments: ["a/b", "D"], variables: variables)) == .next
        )
        #expect(variables.values["MIXMONITOR_FILENAME"] == "/recordings/a/b")
        #expect(try await start.body(ApplicationContext(call: call, arguments: [""], variables: variables)) == .next)
        #expect(try await stop.body(ApplicationContext(call: call, arguments: [], variables: variables)) == .next)
        #expect(call.done == ["record a/b stereo", "record \(RecordingName.make(for: call)) site", "stop recording"])
    }
}
