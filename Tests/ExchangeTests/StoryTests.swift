// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Exchange
import SDP
import SwitchTesting
import Testing
import Timing

/// Calls as people make them, told by what their phones show and hear.
@Suite struct StoryTests {
    private func talk(_ steps: [String] = ["Dial(Seat/8002,20)"]) throws -> (
        world: SimulatedSwitch, a: SimulatedPhone, b: SimulatedPhone
    ) {
        let world = try Fixture.world(steps: steps)
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(world.hears(a, b) && world.hears(b, a))
        return (world, a, b)
    }

    @Test(arguments: [true, false], [true, false])
    func aCallHeldByOneIsHungUpByAnyOfThem(callerHolds: Bool, holderHangsUp: Bool) throws {
        let (world, a, b) = try talk()
        let (holder, held) = callerHolds ? (a, b) : (b, a)
        holder.hold(true)
        world.run(for: .seconds(30))
        #expect(!world.hears(holder, held))
        (holderHangsUp ? holder : held).hangUp()
        world.run(for: .seconds(1))
        #expect(a.log.last == .ended && b.log.last == .ended)
        let end = try #require(world.ledger.calls.first.flatMap(world.end))
        #expect(end.by == (callerHolds == holderHangsUp ? .caller : .callee))
        #expect(end.disposition == .answered)
        #expect(world.names.filter { $0 == "leg.held" }.count == 1)
        world.expectClean()
    }

    @Test func bothHoldAndBothComeBack() throws {
        let (world, a, b) = try talk()
        a.hold(true)
        world.run(for: .seconds(1))
        b.hold(true)
        world.run(for: .seconds(1))
        #expect(!world.hears(a, b) && !world.hears(b, a))
        a.hold(false)
        world.run(for: .seconds(1))
        b.hold(false)
        world.run(for: .seconds(1))
        #expect(world.hears(a, b) && world.hears(b, a))
        #expect(world.names.filter { $0 == "leg.held" || $0 == "leg.resumed" }.count == 4)
        a.hangUp()
        world.expectClean()
    }

    @Test(arguments: [true, false])
    func aReInviteMayChangeTheCodecOfOneSideOfATalk(callerChanges: Bool) throws {
        let (world, a, b) = try talk()
        let changes = callerChanges ? a : b
        #expect(a.codec == .pcma && b.codec == .pcma)
        changes.codecs = [.pcmu]
        changes.reoffer(.sendReceive)
        world.run(for: .seconds(1))
        #expect(changes.codec == .pcmu)
        let leg = try #require(changes.switchPort.flatMap(world.media.leg))
        #expect(world.media.legs[leg]?.media?.codec == .pcmu)
        #expect(world.hears(a, b) && world.hears(b, a))
        #expect(a.log.last == .connected && b.log.last == .connected)
        a.hangUp()
        world.expectClean()
    }

    @Test func aReInviteWithNothingInCommonIsRefusedAndTheTalkGoesOn() throws {
        let (world, a, b) = try talk()
        a.codecs = []
        a.reoffer(.sendReceive)
        world.run(for: .seconds(1))
        #expect(world.hears(a, b) && world.hears(b, a))
        a.hangUp()
        world.expectClean()
    }

    @Test func phonesThatRegisterAnewInMidCallTalkOnAndCanBeCalledAfterwards() throws {
        let (world, a, b) = try talk()
        for _ in 0..<3 {
            a.register()
            b.register()
            world.run(for: .seconds(5))
        }
        #expect(world.hears(a, b) && world.hears(b, a))
        #expect(a.log.last == .connected && b.log.last == .connected)
        a.register(expires: 0)
        world.run(for: .seconds(5))
        // Whoever is not registered any more still ends his talk himself.
        #expect(world.hears(a, b))
        b.hangUp()
        world.run(for: .seconds(1))
        #expect(a.log.last == .ended)
        a.register()
        world.run(for: .seconds(1))
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(b.log.last == .connected)
        a.hangUp()
        world.expectClean()
    }

    @Test func oneCallerTalksToTwoOneAfterTheOtherWithAPromptBetween() throws {
        let world = try Fixture.world(
            steps: [
                "Dial(Seat/8002,20,g)", "Verbose(${DIALSTATUS} ${ANSWEREDTIME})", "Playback(welcome)",
                "Dial(Seat/8003,20,g)", "Verbose(${DIALSTATUS} ${ANSWEREDTIME})", "Playback(welcome)", "Hangup()",
            ])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        let c = world.addRegisteredPhone("8003")
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(world.hears(a, b) && world.hears(b, a))
        b.hangUp()
        world.run(for: .milliseconds(500))
        #expect(world.heard(by: a) == ["clip"])
        #expect(c.log == [])
        world.run(for: .seconds(1))
        #expect(world.heard(by: a) == ["ringback"])
        world.run(for: .seconds(2))
        #expect(world.hears(a, c) && world.hears(c, a))
        #expect(world.heard(by: a) == [])
        c.hangUp()
        world.run(for: .milliseconds(500))
        #expect(world.heard(by: a) == ["clip"])
        #expect(a.log.last == .connected)
        world.run(for: .seconds(2))
        #expect(a.log.last == .ended)
        #expect(world.said.map { $0.split(separator: " ").first } == ["ANSWER", "ANSWER"])
        #expect(world.names.filter { $0 == "talk.started" }.count == 2)
        world.expectClean()
    }

    @Test(arguments: [
        "Wait(60)", "Playback(long)", "Playback(long,noanswer)", "BackGround(long)", "WaitExten(60)", "Progress()",
        "Ringing()", "Answer()", "MixMonitor(a)", "Busy(60)", "Congestion(60)", "SayDigits(123)",
        "Dial(Seat/8002,60)", "Dial(Seat/8002,60,r)", "Dial(Seat/8003,60)", "Dial(Seat/8002&Seat/8003,60,g)",
        "Dial(Seat/8004,60)", "Dial(Trunk/gateway/139,60)",
    ])
    func whateverTheCallWaitsForACallerWhoGivesUpEndsIt(application: String) throws {
        for isAnswered in [false, true] {
            let world = try Fixture.world(
                steps: [isAnswered ? "Answer()" : "NoOp()", application, "Wait(60)", "Verbose(never)"],
                others: "exten => h,1,Verbose(h ${HANGUPCAUSE})")
            let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
            let (c, gateway) = (world.addRegisteredPhone("8003"), world.addRegisteredPhone("gateway"))
            b.manner = .ringsForEver
            c.manner = .earlyMediaThenAnswers(after: .seconds(30))
            gateway.manner = .answers(after: .milliseconds(200))
            a.call("7000")
            world.run(for: .milliseconds(1500))
            a.hangUp()
            world.run(for: .seconds(1))
            #expect(!world.said.contains("never"))
            #expect(world.said.count == 1, "\(world.said)")
            for phone in [a, b, c, gateway] { #expect(phone.session == nil) }
            world.expectClean()
        }
    }

    @Test(arguments: [true, false])
    func ofTwoPhonesThatRingNeithersEarlyMediaIsHeardAlone(theTalkativeAnswers: Bool) throws {
        let world = try Fixture.world(steps: ["Dial(Seat/8002&Seat/8003,20)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        let c = world.addRegisteredPhone("8003")
        b.manner =
            theTalkativeAnswers
            ? .earlyMediaThenAnswers(after: .seconds(4)) : .earlyMediaThenAnswers(after: .seconds(15))
        c.manner = theTalkativeAnswers ? .ringsForEver : .answers(after: .seconds(4))
        a.call("7000")
        world.run(for: .seconds(3))
        #expect(a.told == [180])
        #expect(!world.hears(a, b) && !world.hears(b, a))
        world.run(for: .seconds(3))
        let (winner, loser) = theTalkativeAnswers ? (b, c) : (c, b)
        #expect(a.log.last == .connected)
        #expect(world.hears(a, winner) && world.hears(winner, a))
        #expect(loser.log.last == .cancelled)
        a.hangUp()
        world.expectClean()
    }
}
