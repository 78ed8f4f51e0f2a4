// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Exchange
import SDP
import SwitchTesting
import Testing
import Timing

@Suite struct CallTests {
    @Test func twoSeatsTalkAndTheCallerHangsUp() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        #expect(a.isRegistered && b.isRegistered)
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(a.log == [.ringing(status: 180), .connected])
        #expect(b.log == [.called(from: "8001"), .connected])
        let (atA, atB) = (try #require(a.switchPort), try #require(b.switchPort))
        #expect(world.media.hears(listener: atA, speaker: atB))
        #expect(world.media.hears(listener: atB, speaker: atA))
        #expect(!world.media.hears(listener: atA, speaker: atA))
        #expect(world.calls.count == 1)
        a.hangUp()
        world.run(for: .seconds(1))
        #expect(b.log.last == .ended)
        let end = try #require(world.ledger.calls.first.flatMap(world.end))
        #expect(end.disposition == .answered)
        #expect(end.by == .caller)
        world.expectClean()
    }

    @Test func theCalledHangsUpFirstAndTheCallerIsReleased() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        a.call("8002")
        world.run(for: .seconds(3))
        b.hangUp()
        world.run(for: .seconds(1))
        #expect(a.log.last == .ended)
        let end = try #require(world.ledger.calls.first.flatMap(world.end))
        #expect(end.by == .callee)
        world.expectClean()
    }

    @Test func bothSidesUseOneCodecWhenTheyCanSoThatSpeechIsRelayed() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001", codecs: [.pcmu, .pcma])
        let b = world.addRegisteredPhone("8002", codecs: [.pcma, .pcmu])
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(a.codec == b.codec)
        #expect(a.codec != nil)
        a.hangUp()
        world.expectClean()
    }

    @Test(arguments: [
        (486, 486, Disposition.busy), (480, 480, .noAnswer), (503, 503, .failed), (404, 404, .failed),
    ])
    func theCallerIsToldWhyNobodyAnswered(refusal: Int, told: Int, disposition: Disposition) throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        b.manner = .refuses(status: refusal)
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(a.log.last == .failed(status: told))
        #expect(world.ledger.calls.first.flatMap(world.end)?.disposition == disposition)
        world.expectClean()
    }

    @Test func aPhoneThatRingsTooLongIsCancelledAndItIsNoAnswer() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        b.manner = .ringsForEver
        a.call("8002")
        world.run(for: .seconds(25))
        #expect(b.log == [.called(from: "8001"), .cancelled])
        #expect(a.log == [.ringing(status: 180), .failed(status: 480)])
        #expect(world.ledger.calls.first.flatMap(world.end)?.disposition == .noAnswer)
        world.expectClean()
    }

    @Test func anUnreachablePhoneIsToldFromOneThatIsNotAnswered() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        a.call("8002")
        world.run(for: .seconds(2))
        let absent = try #require(world.ledger.calls.first.flatMap(world.end))
        #expect(absent.cause == .subscriberAbsent)
        let b = world.addRegisteredPhone("8002")
        b.vanish()
        a.call("8002")
        world.run(for: .seconds(60))
        let dead = try #require(world.ledger.calls.last.flatMap(world.end))
        #expect(dead.cause == .noUserResponding)
        world.expectClean()
    }

    @Test func theCallerGivesUpWhileItRings() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        b.manner = .ringsForEver
        a.call("8002")
        world.run(for: .seconds(5))
        a.hangUp()
        world.run(for: .seconds(2))
        #expect(b.log.last == .cancelled)
        let end = try #require(world.ledger.calls.first.flatMap(world.end))
        #expect(end.disposition == .cancelled)
        #expect(end.by == .caller)
        world.expectClean()
    }

    @Test func allPhonesOfASeatRingAndTheFirstAnswerWins() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let desk = world.addRegisteredPhone("8002")
        let soft = world.addRegisteredPhone("8002")
        desk.manner = .ringsForEver
        soft.manner = .answers(after: .seconds(2))
        a.call("8002")
        world.run(for: .seconds(5))
        #expect(desk.log == [.called(from: "8001"), .cancelled])
        #expect(soft.log.last == .connected)
        // The seat's place has passed from the phone that was cancelled to the one that talks.
        #expect(world.services.occupancy.taken(.seat("8002")) == 1)
        a.hangUp()
        world.expectClean()
    }

    @Test func earlyMediaIsHeardBeforeTheAnswer() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        b.manner = .earlyMediaThenAnswers(after: .seconds(4))
        a.call("8002")
        world.run(for: .seconds(2))
        #expect(a.log.contains(.earlyMedia))
        let (atA, atB) = (try #require(a.switchPort), try #require(b.switchPort))
        #expect(world.media.hears(listener: atA, speaker: atB))
        world.run(for: .seconds(4))
        #expect(a.log.last == .connected)
        a.hangUp()
        world.expectClean()
    }

    @Test func aPhoneThatVanishesInMidCallIsMissedByItsMediaAndTheCallEnds() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        a.call("8002")
        world.run(for: .seconds(3))
        b.vanish()
        world.media.timeOut(atPort: try #require(b.switchPort))
        world.run(for: .seconds(1))
        #expect(a.log.last == .ended)
        let names = try #require(world.ledger.calls.first.map(world.ledger.names))
        #expect(names.contains("media.timeout"))
        world.expectClean()
    }

    @Test func holdSilencesOneDirectionAndResumeBringsItBack() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        a.call("8002")
        world.run(for: .seconds(3))
        let (atA, atB) = (try #require(a.switchPort), try #require(b.switchPort))
        a.hold(true)
        world.run(for: .seconds(1))
        #expect(!world.media.hears(listener: atA, speaker: atB))
        a.hold(false)
        world.run(for: .seconds(1))
        #expect(world.media.hears(listener: atA, speaker: atB))
        a.hangUp()
        world.expectClean()
    }

    @Test func aCallWithoutMediaPortsIsRefusedAndLeavesNothing() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        _ = world.addRegisteredPhone("8002")
        world.media.mostLegs = 0
        a.call("8002")
        world.run(for: .seconds(2))
        guard case .failed = a.log.last else {
            Issue.record("the call should have failed: \(a.log)")
            return
        }
        world.expectClean()
    }
}
