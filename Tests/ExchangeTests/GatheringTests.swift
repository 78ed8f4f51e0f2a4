// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SwitchTesting
import Testing

@testable import Exchange

/// Three who talk together.
@Suite struct GatheringTests {
    // MARK: The machine

    private typealias Member = GatheringMachine.Member
    private static let legs = (1...4).map { LegID(rawValue: $0) }

    private func member(_ number: Int, _ after: AfterTalk = .hangUp) -> Member {
        Member(leg: Self.legs[number - 1], rules: SideRules(after: after))
    }

    @Test func whenOneOfThreeLeavesTheOthersAreATalkOfTwo() {
        let legs = Self.legs
        var machine = GatheringMachine([member(2), member(1, .goOn), member(3)])
        #expect(
            machine.handle(.begin) == [
                .join(legs[1], .party), .join(legs[0], .party), .join(legs[2], .party), .talk(legs[0], legs[1], true),
                .talk(legs[1], legs[2], true), .talk(legs[0], legs[2], true),
            ])
        #expect(machine.handle(.left(legs[3])) == [])
        #expect(
            machine.handle(.left(legs[1])) == [
                .talk(legs[0], legs[1], false), .talk(legs[1], legs[2], false), .talk(legs[0], legs[2], false), .over,
                .pair(member(1, .goOn), member(3)),
            ])
        #expect(machine.handle(.left(legs[0])) == [] && machine.handle(.overdue) == [])
    }

    @Test func fourBecomeThree() {
        let legs = Self.legs
        var machine = GatheringMachine((1...4).map { member($0) })
        #expect(machine.handle(.begin).count == 10)
        #expect(
            machine.handle(.left(legs[0])) == [
                .talk(legs[0], legs[1], false), .talk(legs[0], legs[2], false), .talk(legs[0], legs[3], false),
            ])
        #expect(!machine.isOver)
    }

    @Test func whoHoldsNeitherSpeaksNorHears() {
        let leg = Self.legs[0]
        var machine = GatheringMachine((1...3).map { member($0) })
        _ = machine.handle(.begin)
        #expect(machine.handle(.held(leg, true)) == [.role(leg, .onHold)])
        #expect(machine.handle(.held(leg, true)) == [])
        #expect(machine.handle(.held(leg, false)) == [.role(leg, .party)])
        #expect(machine.handle(.overdue).suffix(4) == Self.legs[0..<3].map { .hangUp($0) } + [.over])
    }

    @Test func oneAloneIsReleased() {
        var machine = GatheringMachine([member(1, .goOn)])
        #expect(machine.handle(.begin) == [.join(Self.legs[0], .party), .over, .release(member(1, .goOn))])
    }

    // MARK: The switch

    /// A calls B; B holds it by its telephone, calls C, and has the switch make one talk of both.
    private struct Three {
        let world: SimulatedSwitch
        let a: SimulatedPhone
        let b: SimulatedPhone
        let c: SimulatedPhone

        init(_ runner: @escaping ScriptRunner = Fixture.dialsSeats) throws {
            world = try Fixture.world(runner: runner)
            a = world.addRegisteredPhone("8001")
            b = world.addRegisteredPhone("8002")
            c = world.addRegisteredPhone("8003")
            a.call("8002")
            world.run(for: .seconds(3))
            b.consult("8003")
            world.run(for: .seconds(3))
            let legs = world.calls.flatMap(\.legs).filter { $0.party == .seat("8002") }.map(\.id).sorted()
            guard legs.count == 2 else { return }
            world.inject { _ = try? await $0.perform(.conference(legs[0], legs[1]), by: "test") }
            world.run(for: .seconds(3))
        }

        func hear(_ phones: SimulatedPhone...) -> Bool {
            phones.allSatisfy { x in phones.allSatisfy { y in x === y || world.hears(x, y) } }
        }

        func end() {
            for phone in [a, b, c] { phone.hangUp() }
            world.expectClean()
            let talks = world.ledger.events.filter { $0.name == "talk.started" || $0.name == "talk.ended" }
            #expect(talks.count.isMultiple(of: 2))
        }
    }

    @Test func allThreeHearEachOtherAndTheSecondLineIsFree() throws {
        let three = try Three()
        #expect(three.hear(three.a, three.b, three.c))
        #expect(three.b.aside.isEmpty)
        #expect(three.world.heard(by: three.a) == [])
        #expect(three.world.ledger.facts(CallLinked.self).map(\.reason) == [.conference])
        three.end()
    }

    @Test(arguments: [0, 1, 2]) func whoeverLeavesTheOthersTalkOn(leaver: Int) throws {
        let three = try Three()
        let phones = [three.a, three.b, three.c]
        phones[leaver].hangUp()
        three.world.run(for: .seconds(1))
        let left = phones.indices.filter { $0 != leaver }.map { phones[$0] }
        #expect(three.hear(left[0], left[1]))
        // They are relayed as any two.
        #expect(three.world.media.isRelayed(atPort: try #require(left[0].switchPort)))
        left[0].hold(true)
        three.world.run(for: .seconds(1))
        #expect(three.world.heard(by: left[1]) == ["clip"])
        left[0].hangUp()
        three.world.run(for: .seconds(1))
        #expect(left[1].log.last == .ended)
        three.end()
    }

    @Test func whoHoldsAThreePartyCallPlaysItNoMusic() throws {
        let three = try Three()
        three.c.hold(true)
        three.world.run(for: .seconds(1))
        #expect(three.hear(three.a, three.b))
        #expect(three.world.heard(by: three.a) == [])
        #expect(!three.world.hears(three.a, three.c) && !three.world.hears(three.c, three.a))
        three.c.hold(false)
        three.world.run(for: .seconds(1))
        #expect(three.hear(three.a, three.b, three.c))
        three.end()
    }

    @Test func aLimitOfOneOfTheTalksHoldsForAllThree() throws {
        let three = try Three { call, entry in
            var request = DialRequest(targets: [.seat(entry.exten)], timeout: .seconds(20))
            request.answeredLimit = .seconds(60)
            _ = try? await call.dial(request)
        }
        #expect(three.hear(three.a, three.b, three.c))
        three.world.run(for: .seconds(60))
        #expect([three.a, three.b, three.c].allSatisfy { $0.log.last == .ended })
        three.end()
    }

    @Test func talksSumUpToWhatWasTalked() throws {
        let three = try Three()
        three.world.run(for: .seconds(10))
        three.b.hangUp()
        three.world.run(for: .seconds(10))
        three.end()
        // Nobody is in two talks with the same one at a time, and each talk has two ends.
        var open: Set<String> = []
        for event in three.world.ledger.events {
            if let fact = event.read(TalkStarted.self), let leg = event.leg {
                #expect(open.insert("\(min(leg, fact.peer)) \(max(leg, fact.peer))").inserted)
            } else if let fact = event.read(TalkEnded.self), let leg = event.leg {
                #expect(open.remove("\(min(leg, fact.peer)) \(max(leg, fact.peer))") != nil)
            }
        }
        #expect(open.isEmpty)
    }
}
