// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Exchange
import SwitchTesting
import Testing
import Timing

/// `Answer` is over when the caller can hear: with the first packet of his, or after half a second.
@Suite struct AnsweringTests {
    private func answered(_ steps: [String]) throws -> (SimulatedSwitch, SimulatedPhone) {
        let world = try Fixture.world(steps: steps, others: "exten => h,1,Verbose(gone)")
        world.media.newFarSide = .reports
        let a = world.addRegisteredPhone("8001")
        a.call("7000")
        #expect(world.run(until: .seconds(2)) { a.log.last == .connected })
        return (world, a)
    }

    @Test(arguments: ["Answer()", "NoOp()"])
    func thePromptBeginsWithTheFirstPacketOfTheCaller(first: String) throws {
        let (world, a) = try answered([first, "Playback(welcome)", "Wait(1)"])
        world.run(for: .milliseconds(100))
        #expect(world.heard(by: a) == [])
        a.speak()
        world.run(for: .milliseconds(1))
        #expect(world.heard(by: a) == ["clip"])
        world.expectClean()
    }

    @Test func aCallerWhoSendsNothingHearsThePromptAfterHalfASecond() throws {
        let (world, a) = try answered(["Answer()", "Playback(welcome)"])
        world.run(for: .milliseconds(450))
        #expect(world.heard(by: a) == [])
        world.run(for: .milliseconds(100))
        #expect(world.heard(by: a) == ["clip"])
        world.expectClean()
    }

    @Test func whoHasBeenHeardBeforeTheAnswerIsNotWaitedFor() throws {
        let world = try Fixture.world(steps: ["Progress()", "Wait(2)", "Answer()", "Playback(welcome)"])
        world.media.newFarSide = .reports
        let a = world.addRegisteredPhone("8001")
        a.call("7000")
        world.run(for: .seconds(1))
        a.speak()
        #expect(world.run(until: .seconds(2)) { a.log.last == .connected })
        #expect(world.heard(by: a) == ["clip"])
        world.expectClean()
    }

    @Test func aCallerWhoHangsUpMeanwhileIsGoneAtOnce() throws {
        let (world, a) = try answered(["Answer()", "Playback(welcome)", "Verbose(never)"])
        a.hangUp()
        world.run(for: .milliseconds(50))
        #expect(world.said == ["gone"])
        #expect(world.calls.isEmpty)
        world.expectClean()
    }

    @Test func keysPressedMeanwhileAreKept() throws {
        let world = try Fixture.world(
            steps: ["Answer()", "WaitExten(1)", "Verbose(never)"],
            others: "exten => 56,1,Verbose(56)\n same => n,Hangup()")
        world.media.newFarSide = .reports
        let a = world.addRegisteredPhone("8001")
        a.call("7000")
        #expect(world.run(until: .seconds(2)) { a.log.last == .connected })
        a.press("5")
        world.run(for: .milliseconds(600))
        a.press("6")
        world.run(for: .seconds(10))
        #expect(world.said == ["56"])
        world.expectClean()
    }

    @Test func theLimitOfTheCallHoldsHereToo() throws {
        let world = try Fixture.world(
            steps: ["Set(TIMEOUT(absolute)=0.2)", "Answer()", "Playback(welcome)"],
            others: "exten => T,1,Verbose(over)")
        world.media.newFarSide = .reports
        let a = world.addRegisteredPhone("8001")
        a.call("7000")
        world.run(for: .milliseconds(400))
        #expect(world.said == ["over"])
        world.expectClean()
    }
}
