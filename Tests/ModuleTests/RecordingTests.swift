// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Dialplan
import DialplanRuntime
import Testing
import Timing

@testable import Recording

@Suite struct RecordingTests {
    /// The world's wall clock reads 22:00 UTC on the 21st; at the site, further east, it is the morning of the 22nd.
    @Test func recordingsLieInAFolderOfTheDayAtTheSite() async {
        let call = FakeCall()
        call.wallTime = WallTime(microseconds: 1_795_298_400_000_000)
        let dialplan = DialplanDocument.parse("[in]\nexten => s,1,MixMonitor()").dialplan
        let program = DialplanProgram(
            dialplan: dialplan, modules: [RecordingModule()], globals: GlobalVariables(),
            civilTime: { time in
                let isEvening = time == WallTime(microseconds: 1_795_298_400_000_000)
                return CivilTime(minuteOfDay: 360, weekday: 0, day: isEvening ? 22 : 1, month: 11, year: 2026)
            })
        await program.run(call, context: "in", extension: "s")
        #expect(call.done == ["record 2026-11-22/\(call.callID)-8001-8002 site", "hang up"])
    }

    @Test(arguments: [(1970, 1, 1, "1970-01-01"), (2026, 11, 21, "2026-11-21"), (12026, 2, 3, "12026-02-03")])
    func aDayIsWrittenSoThatFoldersSort(year: Int, month: Int, day: Int, text: String) {
        #expect(CivilDay(year: year, month: month, day: day).description == text)
    }

    @Test func aNameHoldsTheCallAndBothNumbers() {
        let call = FakeCall()
        call.caller = CallerIdentity(number: "+8613800138000", name: "x")
        #expect(RecordingName.make(for: call, on: .someday) == "2026-11-02/\(call.callID)-+8613800138000-8002")
    }

    @Test func numbersFromOutsideCannotLeaveTheFolder() {
        let call = FakeCall()
        call.caller = CallerIdentity(number: "../../etc/passwd\n\u{0}张", name: "")
        call.dialled = String(repeating: "9", count: 500) + "/.."
        let name = RecordingName.make(for: call, on: .someday)
        #expect(name == "2026-11-02/\(call.callID)-etcpasswd-\(String(repeating: "9", count: 24))")
    }

    @Test func whatRefusesARecordingDoesNotEndTheCallAndIsNoted() async throws {
        let call = FakeCall()
        call.refusal = "the table is full"
        let variables = FakeVariables()
        let start = try #require(RecordingModule().applications.first { $0.name == "MixMonitor" })
        let context = ApplicationContext(call: call, arguments: ["../x"], variables: variables, today: .someday)
        #expect(try await start.body(context) == .next)
        #expect(call.done == ["note recording.refused path=../x reason=the table is full"])
        #expect(variables.values["MIXMONITOR_FILENAME"] == nil)
        call.ended = LegGone(cause: .userBusy)
        await #expect(throws: LegGone(cause: .userBusy)) { try await start.body(context) }
    }

    @Test func mixMonitorRecordsUnderTheNameGivenAndLeavesThePath() async throws {
        let call = FakeCall()
        let variables = FakeVariables()
        let module = RecordingModule()
        let start = try #require(module.applications.first { $0.name == "MixMonitor" })
        let stop = try #require(module.applications.first { $0.name == "StopMixMonitor" })
        #expect(
            try await start.body(
                ApplicationContext(call: call, arguments: ["a/b", "D"], variables: variables, today: .someday)) == .next
        )
        #expect(variables.values["MIXMONITOR_FILENAME"] == "/recordings/a/b")
        #expect(
            try await start.body(ApplicationContext(call: call, arguments: [""], variables: variables, today: .someday))
                == .next)
        #expect(
            try await stop.body(ApplicationContext(call: call, arguments: [], variables: variables, today: .someday))
                == .next)
        #expect(
            call.done == [
                "record a/b stereo", "record \(RecordingName.make(for: call, on: .someday)) site", "stop recording",
            ])
    }
}
