// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Exchange
import SwitchTesting
import Testing
import Timing

/// What a caller is told and hears while somebody is rung for him, after everything that may have come before the
/// Dial: a phone that was sent into early media goes on listening to it (RFC 3960 §3.2).
@Suite struct RingBackTests {
    enum Before: String, CaseIterable, Sendable {
        case nothing = "NoOp()"
        case progress = "Progress()"
        case prompt = "Playback(welcome,noanswer)"
        case ringing = "Ringing()"

        /// What the caller has been told when the Dial begins.
        var told: [Int] {
            switch self {
            case .nothing: []
            case .progress, .prompt: [183]
            case .ringing: [180]
            }
        }

        /// What he has been told when a phone rings.
        var toldRinging: [Int] { told.last == 180 ? told : told + [180] }
        /// What plays for him while a phone rings: without early media his own phone rings.
        var heard: [String] { told == [183] ? ["ringback"] : [] }
    }

    private func talk(_ world: SimulatedSwitch, _ a: SimulatedPhone, _ b: SimulatedPhone) {
        #expect(a.log.last == .connected)
        #expect(world.heard(by: a) == [])
        #expect(world.hears(a, b) && world.hears(b, a))
        a.hangUp()
        world.expectClean()
    }

    @Test(arguments: Before.allCases)
    func aPhoneThatRingsIsToldAndHeard(before: Before) throws {
        let world = try Fixture.world(steps: [before.rawValue, "Dial(Seat/8002,20)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        b.manner = .answers(after: .seconds(4))
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(a.told == before.toldRinging)
        #expect(world.heard(by: a) == before.heard)
        world.run(for: .seconds(4))
        talk(world, a, b)
    }

    @Test(arguments: Before.allCases)
    func earlyMediaOfTheCalledIsHeardInPlaceOfAnyRingBack(before: Before) throws {
        let world = try Fixture.world(steps: [before.rawValue, "Dial(Seat/8002,20)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        b.manner = .earlyMediaThenAnswers(after: .seconds(4))
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(a.told == (before.told.last == 183 ? before.told : before.told + [183]))
        #expect(world.heard(by: a) == [])
        #expect(world.hears(a, b))
        #expect(!world.hears(b, b))
        world.run(for: .seconds(4))
        talk(world, a, b)
    }

    @Test(arguments: Before.allCases)
    func earlyMediaAfterRingingTakesTheRingBacksPlace(before: Before) throws {
        let world = try Fixture.world(steps: [before.rawValue, "Dial(Seat/8002,20)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        b.manner = .ringsThenEarlyMedia(answers: .seconds(4))
        a.call("8002")
        #expect(world.run(until: .seconds(3)) { b.log.last == .called(from: "8001") })
        world.run(for: .milliseconds(500))
        #expect(a.told == before.toldRinging)
        #expect(world.heard(by: a) == before.heard)
        world.run(for: .seconds(2))
        #expect(a.told == before.toldRinging + [183])
        #expect(world.heard(by: a) == [])
        #expect(world.hears(a, b))
        world.run(for: .seconds(4))
        talk(world, a, b)
    }

    @Test(arguments: Before.allCases, [true, false])
    func theSecondDialRingsAsTheFirst(before: Before, firstRings: Bool) throws {
        let world = try Fixture.world(steps: [before.rawValue, "Dial(Seat/8002,20)", "Dial(Seat/8003,20)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        let c = world.addRegisteredPhone("8003")
        b.manner = firstRings ? .ringsThenRefuses(status: 486, after: .seconds(2)) : .refuses(status: 486)
        c.manner = .answers(after: .seconds(6))
        a.call("8002")
        world.run(for: .seconds(5))
        #expect(c.log == [.called(from: "8001")])
        // He has been told once; the second phone rings no differently.
        #expect(a.told == before.toldRinging)
        #expect(world.heard(by: a) == before.heard)
        world.run(for: .seconds(6))
        talk(world, a, c)
    }

    @Test(arguments: Before.allCases)
    func whoWasInEarlyMediaOfTheFirstIsRungForAtTheSecond(before: Before) throws {
        let world = try Fixture.world(steps: [before.rawValue, "Dial(Seat/8002,20)", "Dial(Seat/8003,20)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        let c = world.addRegisteredPhone("8003")
        b.manner = .earlyMediaThenRefuses(status: 486, after: .seconds(2))
        c.manner = .answers(after: .seconds(4))
        a.call("8002")
        world.run(for: .seconds(5))
        #expect(a.told.suffix(2) == [183, 180])
        #expect(world.heard(by: a) == ["ringback"])
        world.run(for: .seconds(4))
        talk(world, a, c)
    }

    @Test func aPromptBetweenTwoDialsIsHeardAndEndsTheRinging() throws {
        let world = try Fixture.world(
            steps: ["Progress()", "Dial(Seat/8002,20)", "Playback(welcome,noanswer)", "Dial(Seat/8003,20)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        let c = world.addRegisteredPhone("8003")
        world.media.newFarSide = .reports
        b.manner = .ringsThenRefuses(status: 486, after: .seconds(2))
        c.manner = .answers(after: .seconds(4))
        a.call("8002")
        world.run(for: .seconds(1))
        #expect(world.heard(by: a) == ["ringback"])
        world.run(for: .milliseconds(1500))
        #expect(world.heard(by: a) == ["clip"])
        #expect(a.told == [183, 180, 183])
        world.run(for: .seconds(2))
        #expect(world.heard(by: a) == ["ringback"])
        #expect(a.told == [183, 180, 183, 180])
        world.run(for: .seconds(4))
        talk(world, a, c)
    }

    /// Option r: ring-back at once and until the answer, whatever the called side sends.
    @Test(arguments: Before.allCases, ["r", "m"])
    func forcedRingBackHidesWhatTheCalledSends(before: Before, option: String) throws {
        let world = try Fixture.world(steps: [before.rawValue, "Dial(Seat/8002,20,\(option))"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        b.manner = .earlyMediaThenAnswers(after: .seconds(4))
        a.call("8002")
        #expect(world.run(until: .seconds(3)) { b.log.last == .called(from: "8001") })
        world.run(for: .milliseconds(100))
        #expect(a.told == before.toldRinging)
        #expect(world.heard(by: a) == before.heard)
        world.run(for: .seconds(2))
        #expect(a.told == before.toldRinging)
        #expect(world.heard(by: a) == before.heard)
        #expect(!world.hears(a, b))
        world.run(for: .seconds(4))
        talk(world, a, b)
    }

    @Test func forcedRingBackComesAnewAtASecondDial() throws {
        let world = try Fixture.world(steps: ["Progress()", "Dial(Seat/8002,20,r)", "Dial(Seat/8003,5,r)", "Wait(5)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        let c = world.addRegisteredPhone("8003")
        b.manner = .refuses(status: 486)
        c.manner = .isDead
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(c.log == [.called(from: "8001")])
        #expect(world.heard(by: a) == ["ringback"])
        world.run(for: .seconds(4))
        #expect(world.heard(by: a) == [])
        a.hangUp()
        world.expectClean()
    }

    @Test func ringBackEndsWithTheDial() throws {
        let world = try Fixture.world(steps: ["Progress()", "Dial(Seat/8002,5)", "Wait(10)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        b.manner = .ringsForEver
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(world.heard(by: a) == ["ringback"])
        world.run(for: .seconds(4))
        #expect(world.heard(by: a) == [])
        #expect(b.log.last == .cancelled)
        world.expectClean()
    }

    @Test func aCallerWhoGivesUpWhileHeHearsRingBackLeavesNothing() throws {
        let world = try Fixture.world(steps: ["Playback(welcome,noanswer)", "Dial(Seat/8002,20)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        b.manner = .ringsForEver
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(world.heard(by: a) == ["ringback"])
        a.hangUp()
        world.run(for: .seconds(1))
        #expect(b.log.last == .cancelled)
        world.expectClean()
    }

    /// His phone rings by itself when it is told to.
    @Test func ringBackThatCannotBePlayedBeforeTheAnswerCostsNoCall() throws {
        let world = try Fixture.world(steps: ["Progress()", "Dial(Seat/8002,20)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        world.media.mostInstruments = 0
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(a.told == [183, 180])
        talk(world, a, b)
    }

    @Test func theRingingAppliedAfterProgressIsToldAndHeardUntilTheAnswer() throws {
        let world = try Fixture.world(steps: ["Progress()", "Ringing()", "Wait(2)", "Answer()", "Wait(5)"])
        let a = world.addRegisteredPhone("8001")
        a.call("8002")
        world.run(for: .seconds(1))
        #expect(a.told == [183, 180])
        #expect(world.heard(by: a) == ["ringback"])
        world.run(for: .seconds(3))
        #expect(a.log.last == .connected)
        #expect(world.heard(by: a) == [])
        a.hangUp()
        world.expectClean()
    }

    @Test(arguments: ["Progress()", "Playback(welcome,noanswer)"])
    func aCallerWithoutOfferCannotBeInEarlyMediaAndIsToldOfRinging(before: String) throws {
        let world = try Fixture.world(steps: [before, "Dial(Seat/8002,20)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        b.manner = .answers(after: .seconds(2))
        a.call("8002", offering: .late)
        world.run(for: .seconds(2))
        #expect(a.told == [180])
        world.run(for: .seconds(3))
        talk(world, a, b)
    }

    @Test func anAnsweredCallerHearsRingBackAtEachDialAndBetweenThemOnlyThePrompt() throws {
        let world = try Fixture.world(
            steps: ["Answer()", "Dial(Seat/8002,20)", "Playback(welcome)", "Dial(Seat/8003,20)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        let c = world.addRegisteredPhone("8003")
        world.media.newFarSide = .reports
        b.manner = .ringsThenRefuses(status: 486, after: .seconds(2))
        c.manner = .answers(after: .seconds(4))
        a.call("8002")
        world.run(for: .milliseconds(1500))
        #expect(world.heard(by: a) == ["ringback"])
        world.run(for: .milliseconds(1600))
        #expect(world.heard(by: a) == ["clip"])
        world.run(for: .milliseconds(1500))
        #expect(world.heard(by: a) == ["ringback"])
        #expect(a.told == [])
        world.run(for: .seconds(4))
        talk(world, a, c)
    }
}
