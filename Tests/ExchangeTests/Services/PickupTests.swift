// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SwitchTesting
import Testing
import Timing

@testable import Exchange

/// Call pickup by codes.
@Suite struct PickupTests {
    @Test(arguments: ["*8", "**8002"])
    func aRingingCallIsTaken(code: String) throws {
        let party = try Party(calls: false)
        party.b.manner = .ringsForEver
        party.a.call("8002")
        party.run(2)
        party.c.call(code)
        party.run(2)
        #expect(party.talk(party.a, party.c))
        #expect(party.b.log.last == .cancelled)
        party.a.hangUp()
        party.run(1)
        #expect(party.c.log.last == .ended)
        party.world.expectClean(Comment(rawValue: code))
        #expect(party.talks == ["8001-8003"])
    }

    @Test(arguments: ["*8", "**8002", "**8001"])
    func nothingRingsAndItIsTold(code: String) throws {
        let party = try Party(calls: false)
        party.c.call(code)
        party.run(3)
        #expect(party.c.log.last == .ended)
        #expect(party.world.notes("pickup.nothing").count == 1)
        party.world.expectClean(Comment(rawValue: code))
    }

    @Test func anotherGroupIsNotTaken() throws {
        let party = try Party(
            changing: [
                "seats.toml": """
                [[seat]]
                number = "8001"
                [[seat]]
                number = "8002"
                pickup_groups = ["sales"]
                [[seat]]
                number = "8003"
                """
            ], calls: false)
        party.b.manner = .ringsForEver
        party.a.call("8002")
        party.run(2)
        party.c.call("*8")
        party.run(3)
        #expect(party.c.log.last == .ended)
        party.c.call("**8002")
        party.run(2)
        #expect(party.talk(party.a, party.c))
        party.a.hangUp()
        party.world.expectClean()
    }
}
