// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Exchange
import SwitchTesting
import Testing
import Timing

/// `TIMEOUT(absolute)`: so long from the moment it is set, whatever the call is doing then.
@Suite struct AbsoluteTimeTests {
    private static let over = """
        exten => T,1,Verbose(over after $[${EPOCH} - ${START}])
         same => n,Playback(welcome)
        """

    @Test(arguments: [
        "Wait(60)", "Playback(long)", "Playback(long,noanswer)", "BackGround(long)", "WaitExten(60)",
        "Dial(Seat/8002,60)", "Dial(Seat/8002,60,r)", "Playback(welcome&welcome&welcome&welcome&long)",
        "SayDigits(1)", "Busy(60)",
    ])
    func itIsOverInTheMiddleOfAWait(application: String) throws {
        let world = try Fixture.world(
            steps: [
                application.hasPrefix("Busy") ? "Answer()" : "NoOp()", "Set(START=${EPOCH})",
                "Set(TIMEOUT(absolute)=5)", application, "Wait(60)", "Verbose(never)",
            ], others: Self.over)
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        b.manner = .ringsForEver
        a.call("7000")
        world.run(for: .seconds(6))
        #expect(world.said == ["over after 5"])
        #expect(world.heard(by: a) == ["clip"])
        #expect(b.session == nil)
        world.run(for: .seconds(3))
        #expect(a.session == nil)
        world.expectClean()
    }

    @Test func aTalkIsOverAndTheCallerGoesOnAlone() throws {
        let world = try Fixture.world(
            steps: ["Set(START=${EPOCH})", "Set(TIMEOUT(absolute)=7)", "Dial(Seat/8002,60)", "Verbose(never)"],
            others: """
                exten => T,1,Verbose(${DIALSTATUS} over after $[${EPOCH} - ${START}])
                 same => n,Playback(welcome)
                exten => h,1,Verbose(h)
                """)
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        a.call("7000")
        world.run(for: .seconds(5))
        #expect(world.hears(a, b))
        world.run(for: .milliseconds(2800))
        #expect(b.log.last == .ended)
        #expect(a.log.last == .connected)
        #expect(world.heard(by: a) == ["clip"])
        #expect(world.said == ["ANSWER over after 7"])
        world.run(for: .seconds(3))
        #expect(a.log.last == .ended)
        #expect(world.said.last == "h")
        world.expectClean()
    }

    @Test func whoIsStillRungForIsNotRungForAnyMore() throws {
        let world = try Fixture.world(
            steps: ["Set(TIMEOUT(absolute)=5)", "Dial(Seat/8002,60)", "Verbose(never)"],
            others: "exten => T,1,Verbose(${DIALSTATUS})")
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        b.manner = .ringsForEver
        a.call("7000")
        world.run(for: .seconds(6))
        #expect(b.log == [.called(from: "8001"), .cancelled])
        #expect(world.said == ["CANCEL"])
        world.expectClean()
    }

    @Test func withoutTTheCallEndsThenAndWithETheReasonIsTold() throws {
        for (others, said) in [("", []), ("exten => e,1,Verbose(${EXCEPTION(reason)})", ["ABSOLUTETIMEOUT"])] {
            let world = try Fixture.world(
                steps: ["Answer()", "Set(TIMEOUT(absolute)=5)", "Playback(long)", "Verbose(never)"], others: others)
            let a = world.addRegisteredPhone("8001")
            a.call("7000")
            world.run(for: .seconds(5))
            #expect(a.log.last == .connected)
            world.run(for: .seconds(1))
            #expect(a.log.last == .ended)
            #expect(world.said == said)
            world.expectClean()
        }
    }

    @Test func eachSetCountsFromItsOwnMomentAndNoughtTakesItAway() throws {
        let world = try Fixture.world(
            steps: [
                "Set(START=${EPOCH})", "Verbose(${TIMEOUT(absolute)})", "Set(TIMEOUT(absolute)=5)", "Wait(3)",
                "Verbose(${TIMEOUT(absolute)})", "Set(TIMEOUT(absolute)=10)", "Verbose(${TIMEOUT(absolute)})",
                "Wait(8)", "Verbose(${TIMEOUT(absolute)})", "Set(TIMEOUT(absolute)=0)",
                "Verbose(${TIMEOUT(absolute)})", "Wait(20)", "Set(TIMEOUT(absolute)=4)", "Wait(60)",
            ], others: Self.over)
        let a = world.addRegisteredPhone("8001")
        a.call("7000")
        world.run(for: .seconds(40))
        #expect(world.said == ["0.000", "2.000", "10.000", "2.000", "0.000", "over after 35"])
        world.expectClean()
    }

    @Test func aLimitSetInTCountsAnew() throws {
        let world = try Fixture.world(
            steps: ["Set(START=${EPOCH})", "Set(TIMEOUT(absolute)=3)", "Wait(60)"],
            others: """
                exten => T,1,Verbose(over after $[${EPOCH} - ${START}])
                 same => n,Set(TIMEOUT(absolute)=2)
                 same => n,GotoIf($[${EPOCH} - ${START} > 6]?done)
                 same => n,Playback(long,noanswer)
                 same => n(done),Verbose(done)
                """)
        let a = world.addRegisteredPhone("8001")
        a.call("7000")
        world.run(for: .seconds(20))
        #expect(world.said == ["over after 3", "over after 5", "over after 7", "done"])
        world.expectClean()
    }

    @Test func aCallerWhoIsGoneHasNoTimeLeftToRunOut() throws {
        let world = try Fixture.world(
            steps: ["Answer()", "Set(TIMEOUT(absolute)=5)", "Wait(60)"],
            others: "exten => T,1,Verbose(never)\nexten => h,1,Verbose(h)")
        let a = world.addRegisteredPhone("8001")
        a.call("7000")
        world.run(for: .seconds(3))
        a.hangUp()
        world.run(for: .seconds(10))
        #expect(world.said == ["h"])
        world.expectClean()
    }
}
