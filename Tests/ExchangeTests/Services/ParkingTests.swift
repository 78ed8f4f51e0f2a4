// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SwitchTesting
import Testing
import Timing

@testable import Exchange

/// Call park: by keys, by transfer, by command; fetched, timed out, given up.
@Suite struct ParkingTests {
    @Test func parkedByKeysAndFetchedElsewhere() throws {
        let party = try Party()
        let (a, b, c) = (party.a, party.b, party.c)
        party.press("*3", b)
        party.run(2)
        #expect(party.waits(a))
        #expect(b.log.last == .ended)
        c.call("701")
        party.run(2)
        #expect(party.talk(a, c))
        #expect(!party.waits(a))
        a.hangUp()
        party.run(2)
        #expect(c.log.last == .ended)
        party.world.expectClean()
        #expect(party.talks == ["8001-8002", "8001-8003"])
    }

    @Test func parkedByTransferAndFetchedByTheParker() throws {
        let party = try Party()
        party.b.transfer(to: "700")
        party.run(4)
        #expect(party.waits(party.a))
        #expect(party.b.log.last == .ended)
        party.b.call("701")
        party.run(2)
        #expect(party.talk(party.a, party.b))
        party.b.hangUp()
        party.run(2)
        #expect(party.a.log.last == .ended)
        party.world.expectClean()
    }

    @Test func nobodyComesAndTheParkerIsRung() throws {
        let party = try Party()
        party.press("*3", party.b)
        party.run(2)
        party.run(45)
        let calls = party.b.log.compactMap { if case .called(let from) = $0 { from } else { nil } }
        #expect(calls.count == 2)
        party.run(3)
        #expect(party.talk(party.a, party.b))
        party.a.hangUp()
        party.world.expectClean()
    }

    @Test func theParkerDoesNotAnswerAndTheDialplanGoesOn() throws {
        let party = try Party()
        party.b.transfer(to: "700")
        party.run(4)
        party.b.manner = .ringsForEver
        party.run(80)
        #expect(party.world.said == ["nobody wanted him"])
        #expect(party.a.log.last == .ended)
        party.world.expectClean()
    }

    @Test func whoIsParkedHangsUp() throws {
        let party = try Party()
        party.press("*3", party.b)
        party.run(2)
        party.a.hangUp()
        party.run(1)
        party.c.call("701")
        party.run(3)
        #expect(party.world.heard(by: party.c) == [] || party.c.log.last == .ended)
        party.world.expectClean()
    }

    @Test func anEmptySlotIsTold() throws {
        let party = try Party(calls: false)
        party.a.call("705")
        party.run(3)
        #expect(party.a.log.last == .ended)
        party.world.expectClean()
    }

    @Test func aFullLotIsToldAndTheTalkGoesOn() throws {
        let party = try Party(changing: ["parking.toml": "[[lot]]\nfirst = 701\nlast = 701"])
        let (a, b, c) = (party.a, party.b, party.c)
        party.press("*3", b)
        party.run(2)
        #expect(party.waits(a))
        b.call("8003")
        party.run(3)
        #expect(party.talk(b, c))
        party.press("*3", b)
        party.run(2)
        #expect(party.talk(b, c))
        // By transfer too: it comes back.
        b.transfer(to: "700")
        party.run(4)
        #expect(party.talk(b, c))
        b.hangUp()
        a.hangUp()
        party.world.expectClean()
    }

    @Test func twoFetchAtOnce() throws {
        let party = try Party()
        let d = party.world.addRegisteredPhone("8002")
        party.press("*3", party.b)
        party.run(2)
        party.c.call("701")
        d.call("701")
        party.run(3)
        #expect(party.talk(party.a, party.c) != party.talk(party.a, d))
        party.a.hangUp()
        party.world.expectClean()
    }
}
