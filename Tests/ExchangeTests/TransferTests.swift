// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SIPMessage
import SwitchTesting
import Testing
import Timing

@testable import Exchange

/// Transfer by phones (RFC 3515, RFC 3891, RFC 5589): at each moment who hears whom, afterwards what the ledger says.
@Suite struct TransferTests {
    /// A calls B, who answers; C stands by.
    private struct Three {
        let world: SimulatedSwitch
        let a: SimulatedPhone
        let b: SimulatedPhone
        let c: SimulatedPhone

        init(seed: UInt64 = 1) throws {
            world = try Fixture.world(seed: seed, runner: Fixture.dialsSeats)
            a = world.addRegisteredPhone("8001")
            b = world.addRegisteredPhone("8002")
            c = world.addRegisteredPhone("8003")
            a.call("8002")
            world.run(for: .seconds(3))
        }

        func talk(_ x: SimulatedPhone, _ y: SimulatedPhone) -> Bool { world.hears(x, y) && world.hears(y, x) }

        var statuses: (SimulatedPhone) -> [Int] {
            { phone in phone.log.compactMap { if case .transfer(let status) = $0 { status } else { nil } } }
        }

        /// The sums of the ledger: every talk has two ends.
        func expectTalksEnded() {
            let names = world.ledger.events.map(\.name)
            #expect(names.filter { $0 == "talk.started" }.count == names.filter { $0 == "talk.ended" }.count)
        }
    }

    @Test func theCalledTransfersTheCallerBlindly() throws {
        let three = try Three()
        let (world, a, b, c) = (three.world, three.a, three.b, three.c)
        #expect(three.talk(a, b))
        b.transfer(to: "8003")
        world.run(for: .milliseconds(500))
        #expect(!world.hears(a, b) && !world.hears(b, a))
        #expect(world.heard(by: a) == ["ringback"])
        world.run(for: .seconds(3))
        #expect(three.talk(a, c))
        #expect(three.statuses(b) == [100, 180, 200])
        #expect(b.log.last == .ended)
        a.hangUp()
        world.run(for: .seconds(1))
        #expect(c.log.last == .ended)
        world.expectClean()
        three.expectTalksEnded()
    }

    @Test func theCallerTransfersTheCalledBlindly() throws {
        let three = try Three()
        let (world, a, b, c) = (three.world, three.a, three.b, three.c)
        a.transfer(to: "8003")
        world.run(for: .seconds(5))
        #expect(three.talk(b, c))
        #expect(three.statuses(a) == [100, 180, 200])
        #expect(a.log.last == .ended)
        c.hangUp()
        world.run(for: .seconds(1))
        #expect(b.log.last == .ended)
        world.expectClean()
        three.expectTalksEnded()
    }

    @Test(arguments: [486, 480, 404, 503, 603])
    func aBlindTransferThatFailsComesBackToTheTransferor(refusal: Int) throws {
        let three = try Three()
        let (world, a, b, c) = (three.world, three.a, three.b, three.c)
        c.manner = .refuses(status: refusal)
        b.transfer(to: "8003")
        world.run(for: .seconds(3))
        #expect(three.talk(a, b))
        #expect(three.statuses(b).last ?? 0 >= 400)
        b.hangUp()
        world.run(for: .seconds(1))
        #expect(a.log.last == .ended)
        world.expectClean()
        three.expectTalksEnded()
    }

    @Test func aTransferorWhoHangsUpAfter202IsRungWhenNobodyAnswers() throws {
        let three = try Three()
        let (world, a, b, c) = (three.world, three.a, three.b, three.c)
        c.manner = .ringsForEver
        b.transfer(to: "8003")
        world.run(for: .seconds(1))
        b.hangUp()
        world.run(for: .seconds(25))
        #expect(b.log.filter { if case .called = $0 { true } else { false } }.count == 2)
        #expect(three.talk(a, b))
        a.hangUp()
        world.expectClean()
        three.expectTalksEnded()
    }

    @Test func aTransferorWhoHangsUpAfter202DoesNotHarmATransferThatWorks() throws {
        let three = try Three()
        let (world, a, b, c) = (three.world, three.a, three.b, three.c)
        c.manner = .answers(after: .seconds(2))
        b.transfer(to: "8003")
        world.run(for: .milliseconds(200))
        b.hangUp()
        world.run(for: .seconds(4))
        #expect(three.talk(a, c))
        a.hangUp()
        world.expectClean()
        three.expectTalksEnded()
    }

    @Test func theTransfereeHangsUpMidway() throws {
        let three = try Three()
        let (world, a, b, c) = (three.world, three.a, three.b, three.c)
        c.manner = .ringsForEver
        b.transfer(to: "8003")
        world.run(for: .seconds(2))
        a.hangUp()
        world.run(for: .seconds(4))
        #expect(c.log.last == .cancelled)
        #expect(b.log.last == .ended)
        world.expectClean()
        three.expectTalksEnded()
    }

    @Test(arguments: [
        "", "8003@gateway", "8003,1", "8003/9", "8003&8001", "nobody there", String(repeating: "8", count: 100),
    ])
    func whatIsNoNumberIsRefusedAndTheTalkGoesOn(target: String) throws {
        let three = try Three()
        let (world, a, b) = (three.world, three.a, three.b)
        guard let session = b.session else { return }
        b.refer(session, to: NameAddress(uri: SIPURI(user: target.isEmpty ? nil : target, host: "martlet")))
        world.run(for: .seconds(2))
        #expect(three.talk(a, b))
        #expect(three.statuses(b).last ?? 0 >= 400)
        a.hangUp()
        world.expectClean("\(target)")
    }

    // MARK: Attended

    @Test func aConsultationIsCompleted() throws {
        let three = try Three()
        let (world, a, b, c) = (three.world, three.a, three.b, three.c)
        b.consult("8003")
        world.run(for: .seconds(3))
        #expect(three.talk(b, c))
        #expect(!world.hears(a, b) && !world.hears(a, c) && !world.hears(c, a))
        #expect(world.heard(by: a) == ["clip"])
        b.transferAttended()
        world.run(for: .seconds(3))
        #expect(three.talk(a, c))
        #expect(world.heard(by: a) == [])
        #expect(three.statuses(b).last == 200)
        #expect(b.session == nil && b.aside.isEmpty)
        #expect(world.ledger.facts(CallLinked.self).map(\.reason) == [.transfer])
        a.hangUp()
        world.run(for: .seconds(1))
        #expect(c.log.last == .ended)
        world.expectClean()
        three.expectTalksEnded()
    }

    @Test func theConsultedHangsUpAndTheFirstTalkGoesOn() throws {
        let three = try Three()
        let (world, a, b, c) = (three.world, three.a, three.b, three.c)
        b.consult("8003")
        world.run(for: .seconds(3))
        c.hangUp()
        world.run(for: .seconds(1))
        #expect(world.heard(by: a) == ["clip"])
        b.swap()
        b.hold(false)
        world.run(for: .seconds(1))
        #expect(three.talk(a, b))
        a.hangUp()
        world.run(for: .seconds(1))
        #expect(b.session == nil)
        world.expectClean()
        three.expectTalksEnded()
    }

    @Test func whoIsConsultedStillRingsAndRingsOnForTheTransferee() throws {
        let three = try Three()
        let (world, a, b, c) = (three.world, three.a, three.b, three.c)
        c.manner = .answers(after: .seconds(6))
        b.consult("8003")
        world.run(for: .seconds(2))
        b.transferAttended()
        world.run(for: .seconds(2))
        #expect(world.heard(by: a) == ["ringback"])
        world.run(for: .seconds(10))
        #expect(three.talk(a, c))
        #expect(c.log.filter { if case .called = $0 { true } else { false } }.count == 1)
        a.hangUp()
        world.expectClean()
        three.expectTalksEnded()
    }

    @Test func aReplacesThatNamesNoDialogLeavesBothTalks() throws {
        let three = try Three()
        let (world, a, b, c) = (three.world, three.a, three.b, three.c)
        b.consult("8003")
        world.run(for: .seconds(3))
        let first = try #require(b.aside.last)
        let wrong = ReplacesHeader(callID: "nobody", toTag: "x", fromTag: "y")
        b.refer(
            first.session,
            to: ReferToHeader(address: NameAddress(uri: SIPURI(user: "8003", host: "martlet")), replacing: wrong)
                .address)
        world.run(for: .seconds(2))
        #expect(three.statuses(b).last == 481)
        #expect(three.talk(b, c))
        b.swap()
        b.hold(false)
        world.run(for: .seconds(1))
        #expect(three.talk(a, b))
        b.hangUp()
        b.swap()
        b.hangUp()
        world.expectClean()
        three.expectTalksEnded()
    }

    @Test func bothSidesTransferAtOnce() throws {
        let three = try Three()
        let (world, a, b) = (three.world, three.a, three.b)
        a.transfer(to: "8003")
        b.transfer(to: "8003")
        world.run(for: .seconds(5))
        // One of them was first; nobody is left in a talk with nobody.
        for phone in [a, b, three.c] { phone.hangUp() }
        world.expectClean()
        three.expectTalksEnded()
    }

    // MARK: INVITE with Replaces

    @Test func anInviteWithReplacesTakesThePlaceOfATalkingLeg() throws {
        let three = try Three()
        let (world, a, b, c) = (three.world, three.a, three.b, three.c)
        c.call("8002", replacing: b.session.flatMap(b.replaces))
        world.run(for: .seconds(2))
        #expect(three.talk(a, c))
        #expect(b.log.last == .ended)
        a.hangUp()
        world.expectClean()
        three.expectTalksEnded()
    }

    @Test func anInviteWithReplacesPicksUpWhatRings() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let (a, b, c) = (
            world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"), world.addRegisteredPhone("8003")
        )
        b.manner = .ringsForEver
        a.call("8002")
        world.run(for: .seconds(2))
        c.call("8002", replacing: b.session.flatMap(b.replaces))
        world.run(for: .seconds(2))
        #expect(b.log.last == .cancelled)
        #expect(b.lastReason == "SIP;cause=200;text=\"Call completed elsewhere\"")
        #expect(world.hears(a, c) && world.hears(c, a))
        #expect(world.ledger.facts(CallLinked.self).map(\.reason) == [.pickup])
        a.hangUp()
        world.expectClean()
    }

    @Test func aReplacesForNobodyIs481() throws {
        let three = try Three()
        three.c.call("8002", replacing: ReplacesHeader(callID: "x", toTag: "y", fromTag: "z"))
        three.world.run(for: .seconds(1))
        #expect(three.c.log.last == .failed(status: 481))
        three.a.hangUp()
        three.world.expectClean()
    }
}
