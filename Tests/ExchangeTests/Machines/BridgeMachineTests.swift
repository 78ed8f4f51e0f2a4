// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing
import Timing

@testable import Exchange

/// Two in conversation under rules.
@Suite struct BridgeMachineTests {
    typealias Machine = BridgeMachine

    private let transfer = TalkCode(digits: "##", feature: "blind_transfer")

    private func talking(_ rules: TalkRules = TalkRules()) -> Machine {
        var bridge = Machine(rules: rules)
        _ = bridge.handle(.begin)
        return bridge
    }

    @Test func itBeginsOnce() {
        var bridge = Machine(
            rules: TalkRules(limit: .seconds(60), called: SideRules(codes: [transfer])))
        #expect(bridge.handle(.ended(.a, .normalClearing, by: .caller)) == [])
        #expect(bridge.handle(.begin) == [.timer(.limit, after: .seconds(60)), .join, .holdKeys(.b, true)])
        #expect(bridge.handle(.begin) == [])
        #expect(bridge.state == .talking)
    }

    /// Who is gone, what the rule of the other says, and what follows.
    @Test(arguments: Machine.Side.allCases, [AfterTalk.hangUp, .goOn])
    func whoIsLeftDoesWhatItsRuleSays(gone: Machine.Side, after: AfterTalk) {
        var rules = TalkRules()
        if gone == .a { rules.called.after = after } else { rules.caller.after = after }
        for isSuspended in [false, true] {
            var bridge = talking(rules)
            // He who does something else is the one who is gone.
            if isSuspended { _ = bridge.handle(.suspend(by: gone)) }
            let music: [Machine.Action] = isSuspended ? [.music(gone.other, false)] : []
            #expect(
                bridge.handle(.ended(gone, .userBusy, by: .callee))
                    == [.cancel(.limit)] + music + [.over, .release(gone.other, after, .userBusy, by: .callee)])
            #expect(bridge.isOver)
            #expect(bridge.handle(.ended(gone.other, .normalClearing, by: .caller)) == [])
        }
    }

    @Test func whoLeavesIsNotReleasedTheOtherIs() {
        var bridge = talking(TalkRules(caller: SideRules(after: .goOn)))
        #expect(
            bridge.handle(.left(.b)) == [
                .cancel(.limit), .over, .release(.a, .goOn, .normalClearing, by: .system),
            ])
    }

    @Test func whoDoesSomethingElseGoesOnWithItWhenTheOtherIsGone() {
        for input in [Machine.Input.left(.b), .ended(.b, .normalClearing, by: .callee)] {
            var bridge = talking()
            _ = bridge.handle(.suspend(by: .a))
            #expect(bridge.handle(input) == [.cancel(.limit), .music(.b, false), .over])
        }
    }

    @Test func bothAreTaken() {
        var bridge = talking()
        #expect(bridge.handle(.dissolve) == [.cancel(.limit), .over])
        #expect(bridge.handle(.dissolve) == [])
    }

    @Test func theLimitEndsItForBothEachByItsRule() {
        var bridge = talking(
            TalkRules(limit: .seconds(5), caller: SideRules(after: .goOn), called: SideRules(after: .goOn)))
        #expect(
            bridge.handle(.due(.limit)) == [
                .cancel(.limit), .over, .release(.b, .hangUp, .recoveryOnTimerExpire, by: .system),
                .release(.a, .goOn, .recoveryOnTimerExpire, by: .system),
            ])
    }

    // MARK: Something else for a while

    @Test func theOtherHearsMusicMeanwhile() {
        var bridge = talking(TalkRules(caller: SideRules(codes: [transfer])))
        #expect(
            bridge.handle(.suspend(by: .a)) == [
                .cancel(.keys(.a)), .holdKeys(.a, false), .part, .music(.b, true),
            ])
        #expect(bridge.handle(.suspend(by: .b)) == [])
        // Keys are none of the talk's now.
        #expect(bridge.handle(.key(.a, KeyPress("1"), isRelayed: false)) == [])
        #expect(bridge.handle(.resume) == [.music(.b, false), .join, .holdKeys(.a, true)])
        #expect(bridge.handle(.resume) == [])
    }

    @Test func aHoldThatCameMeanwhileHoldsAfterwards() {
        var bridge = talking()
        _ = bridge.handle(.suspend(by: .a))
        #expect(bridge.handle(.held(.b, true, .phone)) == [])
        #expect(bridge.handle(.resume) == [.music(.b, false), .music(.a, true)])
        #expect(bridge.handle(.held(.b, false, .phone)) == [.music(.a, false), .join])
    }

    @Test func bothHoldAndTheTalkGoesOnWhenBothAreBack() {
        var bridge = talking()
        #expect(bridge.handle(.held(.a, true, .phone)) == [.part, .music(.b, true)])
        #expect(bridge.handle(.held(.a, true, .phone)) == [])
        #expect(bridge.handle(.held(.b, true, .phone)) == [.part, .music(.a, true)])
        #expect(bridge.handle(.held(.a, false, .phone)) == [.music(.b, false)])
        #expect(bridge.handle(.held(.b, false, .phone)) == [.music(.a, false), .join])
        #expect(bridge.handle(.held(.b, false, .phone)) == [])
    }

    @Test func bothHoldWhenItIsSuspendedAndTheOrderIsAlwaysTheSame() {
        for _ in 0..<20 {
            var bridge = talking()
            _ = bridge.handle(.held(.b, true, .phone))
            _ = bridge.handle(.held(.a, true, .phone))
            #expect(
                bridge.handle(.suspend(by: .a)) == [.music(.a, false), .part, .music(.b, true)])
            #expect(bridge.handle(.resume) == [.music(.b, true), .music(.a, true)])
        }
    }

    @Test func aHoldByTwoMeansNeedsBothTakenBack() {
        var bridge = talking()
        #expect(bridge.handle(.held(.a, true, .phone)) == [.part, .music(.b, true)])
        #expect(bridge.handle(.held(.a, true, .command)) == [])
        #expect(bridge.handle(.held(.a, false, .phone)) == [])
        #expect(bridge.handle(.held(.a, false, .command)) == [.music(.b, false), .join])
    }

    @Test func whoHoldsForLongIsReminded() {
        var bridge = Machine(rules: TalkRules(), habits: [.a: .init(reminder: .seconds(60))])
        _ = bridge.handle(.begin)
        let again = Machine.Action.timer(.reminder(.a), after: .seconds(60))
        #expect(bridge.handle(.held(.a, true, .phone)) == [.part, .music(.b, true), again])
        #expect(bridge.handle(.due(.reminder(.a))) == [.remind(.a), again])
        #expect(bridge.handle(.held(.a, false, .phone)).contains(.cancel(.reminder(.a))))
        #expect(bridge.handle(.due(.reminder(.a))) == [])
    }

    @Test func whoHangsUpWhileHoldingIsRungWhereThatIsWanted() {
        var bridge = Machine(rules: TalkRules(), habits: [.a: .init(recalls: true)])
        _ = bridge.handle(.begin)
        _ = bridge.handle(.held(.a, true, .phone))
        // The music goes on meanwhile.
        #expect(bridge.handle(.ended(.a, .normalClearing, by: .caller)) == [.cancel(.limit), .over, .recall(.b)])
    }

    @Test func aHeldTalkThatEndsStopsItsMusic() {
        var bridge = talking()
        _ = bridge.handle(.held(.a, true, .phone))
        #expect(
            bridge.handle(.ended(.a, .normalClearing, by: .caller)) == [
                .cancel(.limit), .music(.b, false), .over, .release(.b, .hangUp, .normalClearing, by: .caller),
            ])
    }

    // MARK: Keys

    @Test func keysGoToTheOtherSideWhereNoCodeIsKnown() {
        var bridge = talking()
        #expect(bridge.handle(.key(.a, KeyPress("5"), isRelayed: true)) == [])
        #expect(bridge.handle(.key(.a, KeyPress("5"), isRelayed: false)) == [.sendKeys([KeyPress("5")], to: .b)])
    }

    @Test func aCodeIsHeldBackUntilItIsOneOrTimeIsUp() {
        var bridge = talking(TalkRules(caller: SideRules(codes: [transfer])))
        let wait = Machine.Action.timer(.keys(.a), after: Machine.keyTimeout)
        #expect(bridge.handle(.key(.a, KeyPress("#"), isRelayed: false)) == [.cancel(.keys(.a)), wait])
        #expect(bridge.handle(.key(.a, KeyPress("#"), isRelayed: false)) == [.cancel(.keys(.a)), .code(.a, transfer)])
        #expect(bridge.handle(.key(.a, KeyPress("#"), isRelayed: false)) == [.cancel(.keys(.a)), wait])
        #expect(bridge.handle(.due(.keys(.a))) == [.cancel(.keys(.a)), .sendKeys([KeyPress("#")], to: .b)])
        #expect(bridge.handle(.due(.keys(.a))) == [.cancel(.keys(.a))])
        // The other side has none; its keys are relayed by themselves.
        #expect(bridge.handle(.key(.b, KeyPress("#"), isRelayed: true)) == [])
    }

    // MARK: Any order

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func anyOrderEndsAndEveryMusicStops(seed: UInt64) {
        var entropy = Entropy.seeded(seed)
        for _ in 0..<50 {
            let codes = Bool.random(using: &entropy) ? [transfer] : []
            var bridge = Machine(
                rules: TalkRules(
                    limit: Bool.random(using: &entropy) ? .seconds(9) : nil, caller: SideRules(codes: codes),
                    called: SideRules(after: .goOn, codes: codes)),
                habits: Bool.random(using: &entropy) ? [.a: .init(reminder: .seconds(5))] : [:])
            var log: [Machine.Action] = []
            var music: [Machine.Side: Bool] = [:]
            var keys: [Machine.Side: Bool] = [:]
            var timers: Set<Machine.Timer> = []
            func take(_ input: Machine.Input) {
                for action in bridge.handle(input) {
                    log.append(action)
                    switch action {
                    case .music(let side, let on): music[side] = on
                    case .holdKeys(let side, let on): keys[side] = on
                    case .timer(let timer, _): timers.insert(timer)
                    case .cancel(let timer): timers.remove(timer)
                    default: break
                    }
                }
            }
            for _ in 0..<30 {
                let side: Machine.Side = Bool.random(using: &entropy) ? .a : .b
                switch Int.random(in: 0..<40, using: &entropy) {
                case 0...5: take(.begin)
                case 6...12:
                    take(.held(side, Bool.random(using: &entropy), Bool.random(using: &entropy) ? .phone : .command))
                case 13...17: take(.suspend(by: side))
                case 18...22: take(.resume)
                case 23...33: take(.key(side, KeyPress("#12".randomElement(using: &entropy) ?? "#"), isRelayed: false))
                case 34: take(.ended(side, .normalClearing, by: .caller))
                case 35: take(.left(side))
                case 36: take(.dissolve)
                default:
                    if let timer = timers.sorted(by: { "\($0)" < "\($1)" }).randomElement(using: &entropy) {
                        timers.remove(timer)
                        take(.due(timer))
                    }
                }
            }
            take(.begin)
            take(.ended(.a, .normalClearing, by: .caller))
            #expect(bridge.isOver, "seed \(seed)")
            #expect(music.values.allSatisfy { !$0 }, "seed \(seed): \(log)")
            #expect(keys.values.allSatisfy { !$0 }, "seed \(seed): \(log)")
            #expect(timers.isEmpty, "seed \(seed): \(timers) after \(log)")
            #expect(log.count { $0 == .over } == 1, "seed \(seed): \(log)")
        }
    }
}
