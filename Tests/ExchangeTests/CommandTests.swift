// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SwitchTesting
import Testing
import Timing

@testable import Exchange

/// Commands from outside, whatever the legs they name are doing just then.
@Suite struct CommandTests {
    /// Four phones; 8001 and 8002 talk.
    private struct Talk {
        let world: SimulatedSwitch
        let a: SimulatedPhone
        let b: SimulatedPhone
        let c: SimulatedPhone
        let g: SimulatedPhone

        init(seed: UInt64 = 1) throws {
            world = try Fixture.featureWorld(seed: seed)
            a = world.addRegisteredPhone("8001")
            b = world.addRegisteredPhone("8002")
            c = world.addRegisteredPhone("8003")
            g = world.addRegisteredPhone("gateway")
            a.call("8002")
            world.run(for: .seconds(3))
            #expect(world.talk(a, b))
        }

        func hangUpAll() {
            for phone in [a, b, c, g] { phone.hangUp() }
            world.expectClean()
        }
    }

    // MARK: What is refused

    @Test func whatIsNotThereIsSaid() throws {
        let talk = try Talk()
        let (world, nobody) = (talk.world, LegID(rawValue: 99))
        let leg = try world.leg(of: "8001")
        #expect(world.perform(.hangUp(nobody, .normalClearing)) == .failure(.noSuchLeg(nobody)))
        #expect(world.perform(.end(CallID(rawValue: 9))) == .failure(.noSuchCall(CallID(rawValue: 9))))
        #expect(world.perform(.bridge(leg, leg)) == .failure(.sameParty))
        #expect(world.perform(.bridge(leg, nobody)) == .failure(.noSuchLeg(nobody)))
        #expect(world.perform(.take(leg, to: .seat("9999"))) == .failure(.unknownDestination("Seat/9999")))
        #expect(world.perform(.take(leg, to: .number("1@2"))) == .failure(.unknownDestination("1@2")))
        #expect(world.perform(.complete(leg, leg)) == .failure(.noTalk(leg)))
        #expect(world.perform(.pickUp(by: leg, of: leg)) == .failure(.notRinging(leg)))
        let empty = Origination(offer: OfferRequest(branches: []), then: .seat("8001"))
        #expect(world.perform(.originate(empty)) == .failure(.unknownDestination("")))
        #expect(world.talk(talk.a, talk.b))
        talk.hangUpAll()
    }

    // MARK: Hold, mute, hang up

    @Test func theHeldSideHangsUp() throws {
        let talk = try Talk()
        let world = talk.world
        #expect(world.perform(.hold(try world.leg(of: "8001"), true)) == .success(.done))
        world.run(for: .seconds(1))
        #expect(!world.hears(talk.b, talk.a))
        talk.b.hangUp()
        world.run(for: .seconds(2))
        #expect(talk.a.log.last == .ended)
        talk.hangUpAll()
    }

    @Test func whoIsMutedStaysMutedThroughAHold() throws {
        let talk = try Talk()
        let world = talk.world
        #expect(world.perform(.mute(try world.leg(of: "8002"), true)) == .success(.done))
        #expect(!world.hears(talk.a, talk.b) && world.hears(talk.b, talk.a))
        talk.a.hold(true)
        world.run(for: .seconds(1))
        talk.a.hold(false)
        world.run(for: .seconds(1))
        #expect(!world.hears(talk.a, talk.b) && world.hears(talk.b, talk.a))
        #expect(world.perform(.mute(try world.leg(of: "8002"), false)) == .success(.done))
        #expect(world.talk(talk.a, talk.b))
        talk.hangUpAll()
    }

    /// No room is to be had for the one who is held; afterwards the two hear each other again.
    @Test func aHoldWithoutARoomIsOverWhenItIsTakenBack() throws {
        let talk = try Talk()
        let world = talk.world
        world.media.mostRooms = 1
        talk.a.hold(true)
        world.run(for: .seconds(1))
        #expect(!world.hears(talk.b, talk.a))
        talk.a.hold(false)
        world.run(for: .seconds(1))
        #expect(world.talk(talk.a, talk.b))
        talk.hangUpAll()
    }

    // MARK: Bridge

    @Test func twoOfTwoTalksAreJoinedAndTheOthersReleased() throws {
        let talk = try Talk()
        let world = talk.world
        talk.c.call("9138")
        world.run(for: .seconds(3))
        #expect(world.perform(.bridge(try world.leg(of: "8001"), try world.leg(of: "8003"))) == .success(.done))
        world.run(for: .seconds(2))
        #expect(world.talk(talk.a, talk.c))
        #expect(talk.b.log.last == .ended && talk.g.log.last == .ended)
        talk.a.hangUp()
        world.run(for: .seconds(2))
        #expect(talk.c.log.last == .ended)
        talk.hangUpAll()
    }

    /// One of the two is dialling somebody, is asked for a number after `##`, or is on the way of a transfer.
    @Test(arguments: ["codes", "consulting", "consulted", "transferee", "transferor"])
    func whoIsJoinedLeavesWhateverItWasIn(what: String) throws {
        let talk = try Talk()
        let (world, a, b, c) = (talk.world, talk.a, talk.b, talk.c)
        c.call("9138")
        world.run(for: .seconds(3))
        var joined = try world.leg(of: "8001")
        var phone = a
        switch what {
        case "codes": for key in "##" { a.press(key) }
        case "consulting":
            talk.g.hasManyLines = true
            talk.g.manner = .ringsForEver
            for key in "*29138" { a.press(key) }
        case "consulted":
            talk.g.hasManyLines = true
            for key in "*29138" { a.press(key) }
        case "transferee":
            talk.g.hasManyLines = true
            talk.g.manner = .ringsForEver
            b.transfer(to: "9138")
        default:
            talk.g.hasManyLines = true
            talk.g.manner = .ringsForEver
            b.transfer(to: "9138")
            joined = try world.leg(of: "8002")
            phone = b
        }
        world.run(for: .seconds(6))
        #expect(world.perform(.bridge(joined, try world.leg(of: "8003"))) == .success(.done))
        world.run(for: .seconds(30))
        #expect(world.talk(phone, c), "\(what)")
        #expect(Set(world.legs.filter { $0.state == "answered" }.map(\.party)).count <= 3, "\(what)")
        phone.hangUp()
        world.run(for: .seconds(2))
        #expect(c.log.last == .ended)
        talk.hangUpAll()
    }

    // MARK: Take

    @Test func whoRingsCannotBeTaken() throws {
        let talk = try Talk()
        let world = talk.world
        talk.g.manner = .ringsForEver
        talk.c.call("9138")
        world.run(for: .seconds(2))
        let ringing = try #require(world.legs.last { $0.state == "ringing" && $0.party != .seat("8003") }).id
        #expect(world.perform(.take(ringing, to: .seat("8001"))) == .failure(.notAnswered(ringing)))
        talk.hangUpAll()
    }

    @Test func aTransfereeThatIsTakenLeavesTheTransferBehind() throws {
        let talk = try Talk()
        let (world, a, b, c) = (talk.world, talk.a, talk.b, talk.c)
        talk.g.manner = .ringsForEver
        b.transfer(to: "9138")
        world.run(for: .seconds(2))
        #expect(world.perform(.take(try world.leg(of: "8001"), to: .seat("8003"))) == .success(.done))
        world.run(for: .seconds(5))
        #expect(world.talk(a, c))
        #expect(b.log.last == .ended)
        #expect(talk.g.log.last == .cancelled)
        talk.hangUpAll()
    }

    @Test func aTransferorThatIsTakenDoesNotGetTheTransfereeBack() throws {
        let talk = try Talk()
        let (world, a, b, c) = (talk.world, talk.a, talk.b, talk.c)
        talk.g.manner = .ringsThenRefuses(status: 486, after: .seconds(5))
        b.hasManyLines = true
        b.transfer(to: "9138")
        world.run(for: .seconds(2))
        #expect(world.perform(.take(try world.leg(of: "8002"), to: .seat("8003"))) == .success(.done))
        world.run(for: .seconds(3))
        // His old line talks to 8003, and the transferee's way back is a call to his seat.
        #expect(c.log.contains(.connected))
        world.run(for: .seconds(10))
        #expect(b.log.count { if case .called = $0 { true } else { false } } == 2)
        #expect(world.talk(a, b))
        talk.hangUpAll()
    }

    @Test func aLegThatTransfersItselfForEverIsStopped() throws {
        let world = try Fixture.world(runner: { call, _ in
            try? await call.answer()
            _ = try? call.perform(.take(call.id, to: .number("8002")))
            try? await call.sleep(.seconds(1))
        })
        let a = world.addRegisteredPhone("8001")
        a.call("8002")
        world.run(for: .seconds(20))
        #expect(a.log.last == .ended)
        world.expectClean()
        #expect(world.ledger.events.count < 500)
    }

    // MARK: Pickup

    @Test(arguments: ["caller", "itself", "talking", "dialling"]) func whoPicksUp(who: String) throws {
        let talk = try Talk()
        let (world, a, b, c, g) = (talk.world, talk.a, talk.b, talk.c, talk.g)
        g.manner = .ringsForEver
        c.call("9138")
        world.run(for: .seconds(2))
        let ringing = try #require(world.legs.last { if case .trunk = $0.party { true } else { false } }).id
        switch who {
        case "caller":
            let caller = try world.leg(of: "8003")
            #expect(world.perform(.pickUp(by: caller, of: ringing)) == .failure(.sameParty))
            #expect(g.log.last != .cancelled)
        case "itself":
            #expect(world.perform(.pickUp(by: ringing, of: ringing)) == .failure(.sameParty))
            #expect(g.log.last != .cancelled)
        case "talking":
            #expect(world.perform(.pickUp(by: try world.leg(of: "8001"), of: ringing)) == .success(.done))
            world.run(for: .seconds(2))
            #expect(world.talk(a, c))
            #expect(b.log.last == .ended)
            #expect(g.log.last == .cancelled)
        default:
            let second = world.addRegisteredPhone("8001")
            let third = world.addRegisteredPhone("8002")
            third.manner = .ringsForEver
            second.call("8002")
            world.run(for: .seconds(2))
            #expect(world.perform(.pickUp(by: try world.leg(of: "8001"), of: ringing)) == .success(.done))
            world.run(for: .seconds(2))
            #expect(world.talk(second, c))
            #expect(third.log.last == .cancelled)
            second.hangUp()
        }
        talk.hangUpAll()
    }

    // MARK: Originate

    private func origination(_ branches: [OfferBranch], to destination: Destination) -> Command {
        .originate(Origination(offer: OfferRequest(branches: branches, limit: .seconds(30)), then: destination))
    }

    @Test func ownPhoneFirstThenTheTarget() throws {
        let world = try Fixture.featureWorld()
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        guard
            case .success(.call(let call)) = world.perform(origination([OfferBranch(.seat("8001"))], to: .seat("8002")))
        else {
            _ = Issue.record("refused")
            return
        }
        world.run(for: .seconds(5))
        #expect(world.talk(a, b))
        b.hangUp()
        world.run(for: .seconds(2))
        #expect(a.log.last == .ended)
        world.expectClean()
        #expect(world.end(of: call)?.disposition == .answered)
    }

    /// The first phone that was rung says busy, another one answers: it is its call.
    @Test func theCallIsThatOfWhoAnswered() throws {
        let world = try Fixture.featureWorld()
        let (a, b, c) = (
            world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"), world.addRegisteredPhone("8003")
        )
        a.manner = .refuses(status: 486)
        let branches = [OfferBranch(.seat("8001")), OfferBranch(.seat("8002"), startsAfter: .seconds(2))]
        guard case .success(.call(let call)) = world.perform(origination(branches, to: .seat("8003"))) else { return }
        world.run(for: .seconds(8))
        #expect(world.talk(b, c))
        b.hangUp()
        world.expectClean()
        let end = try #require(world.end(of: call))
        #expect(end.disposition == .answered)
        #expect(end.cause == .normalClearing)
        #expect(a.log.last != .connected)
    }

    @Test func theCallerIsGoneWhenTheTargetAnswers() throws {
        let world = try Fixture.featureWorld()
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        b.manner = .answers(after: .seconds(3))
        world.perform(origination([OfferBranch(.seat("8001"))], to: .seat("8002")))
        // In the very millisecond, more or less.
        world.run(for: .milliseconds(4012))
        a.hangUp()
        world.run(for: .seconds(5))
        #expect(b.log.last == .ended || b.log.last == .cancelled)
        world.expectClean()
    }

    /// Ended while nobody rings yet, and while somebody does.
    @Test(arguments: [0, 3, 6] as [Int64]) func anOriginatedCallIsEndedBeforeAnybodyAnswers(after: Int64) throws {
        let world = try Fixture.featureWorld()
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        a.manner = .ringsForEver
        b.manner = .answers(after: .seconds(1))
        let branches = [
            OfferBranch(.seat("8001"), startsAfter: .seconds(2), ringsFor: .seconds(3)),
            OfferBranch(.seat("8002"), startsAfter: .seconds(10)),
        ]
        guard case .success(.call(let call)) = world.perform(origination(branches, to: .seat("8003"))) else { return }
        world.run(for: .seconds(after))
        #expect(world.perform(.end(call)) == .success(.done))
        world.run(for: .seconds(20))
        #expect(!b.log.contains { if case .called = $0 { true } else { false } })
        #expect(world.end(of: call) != nil)
        world.expectClean()
    }

    @Test func endingAllCallsEndsThoseThatRingNobodyYet() throws {
        let world = try Fixture.featureWorld()
        let a = world.addRegisteredPhone("8001")
        world.perform(origination([OfferBranch(.seat("8001"), startsAfter: .seconds(5))], to: .seat("8002")))
        world.inject { await $0.endAllCalls() }
        world.run(for: .seconds(10))
        #expect(a.log.isEmpty)
        world.expectClean()
    }
}
