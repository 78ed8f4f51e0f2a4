// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SwitchTesting
import Testing
import Timing

@testable import Exchange

/// Transfer by keys, for telephones that have no key for it: at each moment who hears whom.
@Suite struct TalkCodeTests {
    // MARK: Blind

    @Test func theCalledTransfersByKeys() throws {
        let party = try Party()
        let (a, b, c) = (party.a, party.b, party.c)
        #expect(party.talk(a, b))
        party.press("##", b)
        #expect(party.apart(a, b) && party.waits(a))
        party.press("8003", b)
        // The number is complete: nothing more is waited for.
        party.run(3)
        #expect(party.talk(a, c))
        #expect(b.log.last == .ended)
        a.hangUp()
        party.run(1)
        #expect(c.log.last == .ended)
        party.world.expectClean()
        #expect(party.talks == ["8001-8002", "8001-8003"])
    }

    @Test func theCallerTransfersByKeys() throws {
        let party = try Party()
        party.press("##8003", party.a)
        party.run(3)
        #expect(party.talk(party.b, party.c))
        #expect(party.a.log.last == .ended)
        party.b.hangUp()
        party.world.expectClean()
    }

    @Test(arguments: ["55", "", "*99#", "8009"])
    func aNumberThatIsNoneGivesTheTalkBack(keys: String) throws {
        let party = try Party()
        party.press("##" + keys, party.b)
        party.run(22)
        #expect(party.talk(party.a, party.b), "\(keys)")
        party.a.hangUp()
        party.world.expectClean(Comment(rawValue: keys))
    }

    @Test func aTargetThatIsBusyComesBack() throws {
        let party = try Party()
        party.c.manner = .refuses(status: 486)
        party.press("##8003", party.b)
        party.run(3)
        #expect(party.talk(party.a, party.b))
        party.b.hangUp()
        party.world.expectClean()
    }

    @Test func aSeatThatMayNotTransferHasPlainKeys() throws {
        let party = try Party(changing: [
            "seats.toml": """
            [[seat]]
            number = "8001"
            [[seat]]
            number = "8002"
            transfer = false
            park = false
            [[seat]]
            number = "8003"
            """
        ])
        party.press("##8003", party.b)
        party.run(3)
        #expect(party.talk(party.a, party.b))
        party.a.hangUp()
        party.world.expectClean()
    }

    // MARK: Attended

    @Test func consultAndComplete() throws {
        let party = try Party()
        let (a, b, c) = (party.a, party.b, party.c)
        party.press("*28003", b)
        party.run(3)
        #expect(party.talk(b, c) && party.waits(a) && party.apart(a, c))
        party.press("*2", b)
        party.run(1)
        #expect(party.talk(a, c))
        #expect(b.log.last == .ended)
        c.hangUp()
        party.run(1)
        #expect(a.log.last == .ended)
        party.world.expectClean()
        #expect(party.talks == ["8001-8002", "8002-8003", "8001-8003"])
    }

    @Test func hangingUpCompletes() throws {
        let party = try Party()
        party.press("*28003", party.b)
        party.run(3)
        party.b.hangUp()
        party.run(1)
        #expect(party.talk(party.a, party.c))
        party.a.hangUp()
        party.world.expectClean()
    }

    @Test func hangingUpWhileItRingsHandsTheRingingOn() throws {
        let party = try Party()
        party.c.manner = .answers(after: .seconds(8))
        party.press("*28003", party.b)
        party.run(1)
        party.b.hangUp()
        party.run(10)
        #expect(party.talk(party.a, party.c))
        party.a.hangUp()
        party.world.expectClean()
    }

    @Test func cancelGoesBack() throws {
        let party = try Party()
        party.press("*28003", party.b)
        party.run(3)
        party.press("*1", party.b)
        party.run(2)
        #expect(party.talk(party.a, party.b))
        #expect(party.c.log.last == .ended)
        party.a.hangUp()
        party.run(1)
        #expect(party.b.log.last == .ended)
        party.world.expectClean()
        #expect(party.talks == ["8001-8002", "8002-8003", "8001-8002"])
    }

    @Test(arguments: [486, 480, 603])
    func whoIsConsultedAndRefuses(status: Int) throws {
        let party = try Party()
        party.c.manner = .refuses(status: status)
        party.press("*28003", party.b)
        party.run(4)
        #expect(party.talk(party.a, party.b))
        party.b.hangUp()
        party.world.expectClean()
    }

    @Test func whoIsConsultedHangsUp() throws {
        let party = try Party()
        party.press("*28003", party.b)
        party.run(3)
        party.c.hangUp()
        party.run(2)
        #expect(party.talk(party.a, party.b))
        party.a.hangUp()
        party.world.expectClean()
    }

    @Test func theFirstHangsUpDuringTheConsultation() throws {
        let party = try Party()
        party.press("*28003", party.b)
        party.run(3)
        party.a.hangUp()
        party.run(1)
        #expect(party.talk(party.b, party.c))
        party.c.hangUp()
        party.run(2)
        #expect(party.b.log.last == .ended)
        party.world.expectClean()
    }

    @Test func swapAndBack() throws {
        let party = try Party()
        let (a, b, c) = (party.a, party.b, party.c)
        party.press("*28003", b)
        party.run(3)
        party.press("*4", b)
        party.run(1)
        #expect(party.talk(a, b) && party.waits(c) && party.apart(a, c))
        party.press("*4", b)
        party.run(1)
        #expect(party.talk(b, c) && party.waits(a))
        party.press("*4", b)
        party.press("*2", b)
        party.run(1)
        #expect(party.talk(a, c))
        a.hangUp()
        party.world.expectClean()
    }

    @Test(arguments: [0, 1, 2, 3])
    func whoeverLeavesWhileSwapped(leaver: Int) throws {
        let party = try Party()
        let (a, b, c) = (party.a, party.b, party.c)
        party.press("*28003", b)
        party.run(3)
        party.press("*4", b)
        party.run(1)
        switch leaver {
        case 0:
            a.hangUp()
            party.run(2)
            #expect(party.talk(b, c))
        case 1:
            b.hangUp()
            party.run(2)
            #expect(party.talk(a, c))
        case 2:
            c.hangUp()
            party.run(2)
            #expect(party.talk(a, b))
        default:
            party.press("*1", b)
            party.run(2)
            #expect(party.talk(a, b))
            #expect(c.log.last == .ended)
        }
        for phone in [a, b, c] { phone.hangUp() }
        party.world.expectClean("\(leaver)")
    }

    @Test(arguments: [0, 1, 2])
    func threeInOneTalk(leaver: Int) throws {
        let party = try Party()
        let phones = [party.a, party.b, party.c]
        party.press("*28003", party.b)
        party.run(3)
        party.press("*3", party.b)
        party.run(1)
        for (x, y) in [(0, 1), (1, 2), (0, 2)] { #expect(party.talk(phones[x], phones[y])) }
        phones[leaver].hangUp()
        party.run(1)
        let rest = phones.indices.filter { $0 != leaver }
        #expect(party.talk(phones[rest[0]], phones[rest[1]]))
        phones[rest[0]].hangUp()
        party.run(1)
        #expect(phones[rest[1]].log.last == .ended)
        party.world.expectClean("\(leaver)")
    }

    // MARK: By dialplan

    @Test func theDialplanTransfersTheCaller() throws {
        let party = try Party(calls: false)
        party.a.call("601")
        party.run(4)
        #expect(party.talk(party.a, party.c))
        party.a.hangUp()
        party.run(1)
        party.a.call("602")
        party.run(2)
        #expect(party.world.said == ["FAILURE"])
        party.world.expectClean()
    }
}
