// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SDP
import SIPMessage
import SIPStack
import SwitchTesting
import Testing
import Timing

@testable import Exchange

/// What `Dial` makes of phones and callers that do not behave as usual.
@Suite struct DiallingTests {
    @Test func aCallerWithoutOfferTalksAfterTheAnswerInHisAck() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        a.call("8002", offering: .late)
        world.run(for: .seconds(3))
        let (atA, atB) = (try #require(a.switchPort), try #require(b.switchPort))
        #expect(world.media.hears(listener: atA, speaker: atB))
        #expect(world.media.hears(listener: atB, speaker: atA))
        a.hangUp()
        world.expectClean()
    }

    @Test func aCallerWithoutOfferIsToldOfRingingWhenTheCalledSendsEarlyMedia() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        b.manner = .earlyMediaThenAnswers(after: .seconds(4))
        a.call("8002", offering: .late)
        world.run(for: .seconds(2))
        #expect(a.log == [.ringing(status: 180)])
        a.hangUp()
        world.expectClean()
    }

    @Test func aCallerWhoNeverSaysHowHeHearsIsHungUp() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        a.call("8002", offering: .never)
        world.run(for: .seconds(3))
        #expect(a.log.last == .ended)
        #expect(b.log.last == .ended)
        #expect(world.ledger.calls.first.flatMap(world.end)?.cause == .bearerNotAvailable)
        world.expectClean()
    }

    @Test(arguments: [[], Array("v=0\r\nnonsense".utf8), Array("hello".utf8)] as [[UInt8]])
    func anAnswerThatSaysNothingOfMediaIsNoAnswer(body: [UInt8]) throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        b.manner = .answersWithBody(body, after: .seconds(1))
        a.call("8002")
        world.run(for: .seconds(4))
        #expect(a.log.last == .failed(status: 488))
        #expect(b.log.last == .ended)
        world.expectClean()
    }

    @Test(arguments: [(302, 480), (603, 403), (606, 488), (404, 404), (599, 480)])
    func strangeRefusalsEndTheCallAfterEarlyMediaToo(refusal: Int, told: Int) throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        b.manner = .earlyMediaThenRefuses(status: refusal, after: .seconds(2))
        a.call("8002")
        world.run(for: .seconds(4))
        #expect(a.log.last == .failed(status: told))
        #expect(world.ledger.calls.first.map(world.ledger.names)?.contains("talk.started") == false)
        world.expectClean()
    }

    @Test func whoDialsHimselfHoldsOnePlaceNotTwo() throws {
        let world = try Fixture.world { call, entry in
            for _ in 0..<3 { _ = try? await call.dial(DialRequest(targets: [.seat("8001")], timeout: .seconds(5))) }
            _ = try? await call.sleep(.seconds(60))
        }
        let a = world.addRegisteredPhone("8001")
        a.call("8001")
        world.run(for: .seconds(5))
        #expect(world.services.occupancy.taken(.seat("8001")) == 1)
        a.hangUp()
        world.expectClean()
    }

    @Test func withoutPortsForTheCalledTheCauseIsCongestionNotAbsence() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        _ = world.addRegisteredPhone("8002")
        world.media.mostLegs = 1
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(a.log.last == .failed(status: 503))
        #expect(world.ledger.calls.first.flatMap(world.end)?.cause == .switchCongestion)
        world.expectClean()
    }

    @Test func aRingBackThatCannotBePlayedEndsTheDialAsWell() throws {
        let world = try Fixture.world { call, entry in
            try? await call.answer()
            _ = try? await call.dial(
                DialRequest(targets: [.seat("8002")], timeout: .seconds(20), forcesRingback: true))
        }
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        b.manner = .ringsForEver
        world.media.mostInstruments = 0
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(a.log.last == .ended)
        #expect(b.session == nil)
        world.expectClean()
    }

    @Test func aCallerWithoutACommonCodecIsNeverBridged() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001", codecs: [])
        let b = world.addRegisteredPhone("8002")
        a.call("8002")
        world.run(for: .seconds(4))
        #expect(a.log.last == .failed(status: 488))
        #expect(b.session == nil)
        #expect(world.ledger.calls.first.map(world.ledger.names)?.contains("talk.ended") == false)
        world.expectClean()
    }

    @Test func ringBackStopsWhenTheCalledIsHeard() throws {
        let world = try Fixture.world { call, entry in
            try? await call.answer()
            _ = try? await call.dial(DialRequest(targets: [.seat("8002")], timeout: .seconds(20)))
        }
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        b.manner = .answers(after: .seconds(2))
        a.call("8002")
        world.run(for: .seconds(1))
        #expect(world.media.playing(atPort: try #require(a.switchPort)) == ["ringback"])
        world.run(for: .seconds(2))
        #expect(world.media.playing(atPort: try #require(a.switchPort)) == [])
        a.hangUp()
        world.expectClean()
    }

    /// The caller gives up at every moment of a call's first seconds.
    @Test(arguments: Array(stride(from: 0, to: 3000, by: 60)))
    func theCallerMayGiveUpAtAnyMoment(milliseconds: Int) throws {
        let world = try Fixture.world(seed: UInt64(milliseconds + 1), runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let phones = (0..<3).map { _ in world.addRegisteredPhone("8002") }
        phones[1].manner = .earlyMediaThenAnswers(after: .milliseconds(1500))
        phones[2].manner = .refuses(status: 486)
        a.call("8002")
        // The INVITE is challenged first; the time counts from the first word of the switch.
        world.run(for: .milliseconds(Int64(milliseconds)))
        a.hangUp()
        world.expectClean("\(milliseconds) ms")
        #expect(a.session == nil && phones.allSatisfy { $0.session == nil }, "\(milliseconds) ms")
    }

    @Test func phonesThatWereTooLateDoNotShowAMissedCall() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let (fast, slow) = (world.addRegisteredPhone("8002"), world.addRegisteredPhone("8002"))
        slow.manner = .ringsForEver
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(fast.log.last == .connected)
        #expect(slow.lastReason == "SIP;cause=200;text=\"Call completed elsewhere\"")
        a.hangUp()
        world.run(for: .seconds(1))
        // This one was missed.
        fast.manner = .ringsForEver
        a.call("8002")
        world.run(for: .seconds(3))
        a.hangUp()
        world.run(for: .seconds(1))
        #expect(slow.lastReason?.hasPrefix("Q.850;cause=16") == true)
        world.expectClean()
    }

    @Test func aCallThatGoesRoundInCirclesLosesAHopEachTime() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        a.call("8002", maxForwards: 5)
        world.run(for: .seconds(3))
        #expect(b.lastInvite?.maxForwards == 4)
        a.hangUp()
        world.expectClean()
    }

    /// ICMP says that nobody is there: the phone is off, the switch is not congested.
    @Test func aPhoneWhoseMachineIsOffIsUnavailable() throws {
        let results = Results()
        let world = try Fixture.world { call, entry in
            if let result = try? await call.dial(DialRequest(targets: [.seat("8002")], timeout: .seconds(20))) {
                results.add(result.status)
            }
        }
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        b.manner = .isDead
        b.vanish()
        a.call("8002")
        world.run(for: .milliseconds(300))
        let flow = Flow(transport: .udp, address: "127.0.0.1", port: b.port)
        world.inject { await $0.flowClosed(flow) }
        world.run(for: .seconds(1))
        #expect(results.all == [.unavailable])
        world.expectClean()
    }

    private final class Results: @unchecked Sendable {
        private(set) var all: [DialStatus] = []
        func add(_ status: DialStatus) { all.append(status) }
    }

    @Test func aNumberThatCouldBeReadAsMoreThanANumberIsRefused() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        for number in ["8002&Trunk", "8002,20,g", "${SECRET}", "8\n002", String(repeating: "8", count: 200)] {
            a.call(number)
            world.run(for: .seconds(2))
            #expect(a.log.last == .failed(status: 404), "\(number)")
        }
        #expect(world.ledger.calls.isEmpty)
        world.expectClean()
    }

    @Test func newCallsAreRefusedWhileTheSwitchDrainsAndOldOnesGoOn() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        let c = world.addRegisteredPhone("8003")
        a.call("8002")
        world.run(for: .seconds(3))
        world.inject { _ = await $0.drain() }
        c.call("8001")
        world.run(for: .seconds(1))
        #expect(c.log == [.failed(status: 503)])
        #expect(b.log.last == .connected)
        world.inject { await $0.endAllCalls() }
        world.run(for: .seconds(1))
        #expect(a.log.last == .ended && b.log.last == .ended)
        world.expectClean()
    }
}
