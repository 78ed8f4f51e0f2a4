// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing

@testable import TestCalls

@Suite struct TestCallsTests {
    private func run(_ name: String, on call: FakeCall) async throws -> ApplicationOutcome {
        let application = try #require(TestCallsModule().applications.first { $0.name == name })
        return try await application.body(
            ApplicationContext(call: call, arguments: [], variables: FakeVariables(), today: .someday))
    }

    @Test func theEchoEndsWithTheHashKeyAndIsTakenBack() async throws {
        let call = FakeCall()
        call.keys = Array("12#3")
        #expect(try await run("Echo", on: call) == .next)
        #expect(call.done == ["answer", "echo on", "echo off"])
        #expect(call.keys == ["3"])
    }

    @Test func theEchoTestAnnouncesItselfAndSaysWhenItIsOver() async throws {
        let call = FakeCall()
        call.keys = ["#"]
        _ = try await run("EchoTest", on: call)
        #expect(
            call.done == ["answer", "play demo-echotest", "answer", "echo on", "echo off", "play demo-echodone"])
    }

    @Test func aCallerWhoHangsUpDuringTheEchoEndsIt() async throws {
        let call = FakeCall()
        call.endsWithoutKeys = true
        await #expect(throws: LegGone.self) { try await run("Echo", on: call) }
        #expect(call.done == ["answer", "echo on"])
    }

    @Test func keysAreReadBackByTheNamesOfTheirSounds() async throws {
        let call = FakeCall()
        call.keys = Array("7*#A")
        _ = try await run("ReadBack", on: call)
        #expect(
            call.done == [
                "answer", "play beep", "note testcalls.key key=7", "play digits/7", "note testcalls.key key=*",
                "play digits/star", "note testcalls.key key=#", "play digits/pound", "note testcalls.key key=A",
                "play letters/a",
            ])
    }

    @Test func theToneSoundsUntilNobodyListens() async throws {
        let call = FakeCall()
        call.keys = ["1"]
        _ = try await run("Milliwatt", on: call)
        #expect(call.done == ["answer", "tone milliwatt", "stop tone"])
    }

    @Test func everyFeatureCodeNamesAnApplicationOfTheModule() {
        let module = TestCallsModule()
        for code in module.featureCodes {
            #expect(module.applications.contains { $0.name == code.application }, "\(code.name)")
        }
    }
}
