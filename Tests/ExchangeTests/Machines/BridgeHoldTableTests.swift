// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing

@testable import Exchange

/// Two legs in conversation, by inputs and actions.
@Suite struct BridgeHoldTableTests {
    private typealias Action = BridgeMachine.Action
    private static let codes = [TalkCode(digits: "*1", feature: "record"), TalkCode(digits: "##", feature: "transfer")]

    private func machine(
        _ rules: TalkRules = TalkRules(), _ habits: [BridgeMachine.Side: BridgeMachine.HoldHabit] = [:]
    ) -> BridgeMachine {
        var machine = BridgeMachine(rules: rules, habits: habits)
        _ = machine.handle(.begin)
        return machine
    }

    private func release(_ side: BridgeMachine.Side, by: EndedBy = .callee) -> Action {
        .release(side, .hangUp, .normalClearing, by: by)
    }

    // MARK: Hold

    @Test func musicIsForWhoIsHeldAndTheTalkComesBackWhenNobodyHolds() {
        var machine = machine()
        #expect(machine.handle(.held(.b, true, .phone)) == [.part, .music(.a, true)])
        #expect(machine.handle(.held(.b, true, .phone)) == [])
        #expect(machine.handle(.held(.a, true, .phone)) == [.part, .music(.b, true)])
        #expect(machine.handle(.held(.b, false, .phone)) == [.music(.a, false)])
        #expect(machine.handle(.held(.a, false, .phone)) == [.music(.b, false), .join])
    }

    @Test func aSideHoldsAsLongAsItDoesByOneMeans() {
        var machine = machine()
        #expect(machine.handle(.held(.a, true, .command)) == [.part, .music(.b, true)])
        #expect(machine.handle(.held(.a, true, .phone)) == [])
        #expect(machine.handle(.held(.a, false, .command)) == [])
        #expect(machine.holds(.a))
        #expect(machine.handle(.held(.a, false, .phone)) == [.music(.b, false), .join])
    }

    @Test func aHoldDuringSomethingElseIsThereAfterwards() {
        var machine = machine()
        #expect(machine.handle(.suspend(by: .a)) == [.part, .music(.b, true)])
        #expect(machine.handle(.held(.b, true, .phone)) == [])
        #expect(machine.handle(.resume) == [.music(.b, false), .music(.a, true)])
        // One that was there before is not heard twice.
        #expect(machine.handle(.suspend(by: .a)) == [.music(.a, false), .part, .music(.b, true)])
        #expect(machine.handle(.held(.b, false, .phone)) == [])
        #expect(machine.handle(.resume) == [.music(.b, false), .join])
    }

    @Test func aReminderComesAgainUntilTheHoldIsOver() {
        let habit = BridgeMachine.HoldHabit(reminder: .seconds(30))
        var machine = machine(TalkRules(), [.b: habit])
        let timer = Action.timer(.reminder(.b), after: .seconds(30))
        #expect(machine.handle(.held(.a, true, .phone)) == [.part, .music(.b, true)])
        #expect(machine.handle(.held(.b, true, .phone)) == [.part, .music(.a, true), timer])
        #expect(machine.handle(.due(.reminder(.b))) == [.remind(.b), timer])
        #expect(machine.handle(.held(.b, false, .phone)) == [.cancel(.reminder(.b)), .music(.a, false)])
        #expect(machine.handle(.due(.reminder(.b))) == [])
        _ = machine.handle(.held(.b, true, .phone))
        #expect(machine.handle(.suspend(by: .a)).contains(.cancel(.reminder(.b))))
        #expect(machine.handle(.due(.reminder(.b))) == [])
        #expect(machine.handle(.resume).contains(timer))
        #expect(machine.handle(.dissolve).contains(.cancel(.reminder(.b))))
    }

    @Test func whoHangsUpWhileHoldingIsCalledBackIfItsSeatSaysSo() {
        let recalls = BridgeMachine.HoldHabit(recalls: true)
        var held = machine(TalkRules(), [.b: recalls])
        _ = held.handle(.held(.b, true, .phone))
        // The music goes on.
        #expect(held.handle(.ended(.b, .normalClearing, by: .callee)) == [.cancel(.limit), .over, .recall(.a)])
        var talking = machine(TalkRules(), [.b: recalls])
        #expect(talking.handle(.ended(.b, .normalClearing, by: .callee)) == [.cancel(.limit), .over, release(.a)])
        var other = machine(TalkRules(), [.b: recalls])
        _ = other.handle(.held(.a, true, .phone))
        #expect(
            other.handle(.ended(.b, .normalClearing, by: .callee)) == [
                .cancel(.limit), .music(.b, false), .over, release(.a),
            ])
        var both = machine(TalkRules(), [.b: recalls])
        _ = both.handle(.held(.a, true, .phone))
        _ = both.handle(.held(.b, true, .phone))
        #expect(both.handle(.ended(.b, .normalClearing, by: .callee)).last == release(.a))
    }

    // MARK: Keys

    private func press(_ text: String, for milliseconds: Int = 100) -> [KeyPress] {
        text.map { KeyPress($0, for: .milliseconds(milliseconds)) }
    }

    @Test func keysAreSentOnAsLongAsTheyWerePressed() {
        var machine = machine(TalkRules(caller: SideRules(codes: Self.codes)))
        let keys = press("5", for: 300) + press("*", for: 140) + press("2", for: 80)
        #expect(
            machine.handle(.key(.a, keys[0], isRelayed: false)) == [.cancel(.keys(.a)), .sendKeys([keys[0]], to: .b)])
        #expect(
            machine.handle(.key(.a, keys[1], isRelayed: false)) == [
                .cancel(.keys(.a)), .timer(.keys(.a), after: BridgeMachine.keyTimeout),
            ])
        #expect(
            machine.handle(.key(.a, keys[2], isRelayed: false)) == [
                .cancel(.keys(.a)), .sendKeys([keys[1], keys[2]], to: .b),
            ])
        _ = machine.handle(.key(.a, keys[1], isRelayed: false))
        #expect(machine.handle(.due(.keys(.a))) == [.cancel(.keys(.a)), .sendKeys([keys[1]], to: .b)])
    }

    @Test func aCodeIsSentToNobodyAndWhatFollowsIsNotTakenForIt() {
        var machine = machine(TalkRules(caller: SideRules(codes: Self.codes)))
        let keys = press("*1", for: 200) + press("7", for: 90)
        _ = machine.handle(.key(.a, keys[0], isRelayed: false))
        #expect(
            machine.handle(.key(.a, keys[1], isRelayed: false)) == [.cancel(.keys(.a)), .code(.a, Self.codes[0])])
        #expect(
            machine.handle(.key(.a, keys[2], isRelayed: false)) == [.cancel(.keys(.a)), .sendKeys([keys[2]], to: .b)])
    }

    @Test func aKeyTheOtherSideHasAlreadyIsNoCodeAndNotSentTwice() {
        var machine = machine(TalkRules(caller: SideRules(codes: Self.codes)))
        for key in press("##") { #expect(machine.handle(.key(.a, key, isRelayed: true)) == []) }
        #expect(machine.handle(.key(.b, press("1")[0], isRelayed: true)) == [])
        #expect(machine.handle(.key(.b, press("1")[0], isRelayed: false)) == [.sendKeys(press("1"), to: .a)])
    }

    @Test func whoHearsMusicGetsNoKeys() {
        var machine = machine(TalkRules(caller: SideRules(codes: Self.codes)))
        _ = machine.handle(.held(.a, true, .command))
        #expect(machine.handle(.key(.b, press("1")[0], isRelayed: false)) == [])
        // The holder's codes work.
        _ = machine.handle(.key(.a, press("*")[0], isRelayed: false))
        #expect(machine.handle(.key(.a, press("1")[0], isRelayed: false)).last == .code(.a, Self.codes[0]))
    }
}
