// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing
import Timing

@testable import Exchange

/// Forks of ringing: who rings when, who wins, and what is told when nobody does.
@Suite struct OfferMachineTests {
    typealias Action = OfferMachine.Action

    private let one = LegID(rawValue: 1)
    private let two = LegID(rawValue: 2)
    private let three = LegID(rawValue: 3)

    private func machine(_ count: Int, asks: Bool = false, limit: Duration = .seconds(60)) -> OfferMachine {
        OfferMachine(
            branches: (0..<count).map { _ in .init(startsAfter: .zero, ringsFor: nil) }, limit: limit, asks: asks)
    }

    /// As many branches that ring already, branch n with leg n + 1.
    private func ringing(_ count: Int, asks: Bool = false) -> OfferMachine {
        var offer = machine(count, asks: asks)
        _ = offer.handle(.begin)
        for branch in 0..<count {
            let leg = LegID(rawValue: UInt64(branch + 1))
            _ = offer.handle(.calling(branch, [leg]))
            _ = offer.handle(.rings(leg, status: 180, media: false))
        }
        return offer
    }

    // MARK: Time

    @Test func branchesStartAtTheirTimesAndRingForTheirs() {
        var offer = OfferMachine(
            branches: [
                .init(startsAfter: .zero, ringsFor: .seconds(10)), .init(startsAfter: .seconds(5), ringsFor: nil),
            ], limit: .seconds(40))
        #expect(
            offer.handle(.begin)
                == [.timer(.limit, after: .seconds(40)), .reach(0), .timer(.starts(1), after: .seconds(5))])
        #expect(offer.handle(.begin) == [])
        #expect(offer.handle(.calling(0, [one, two])) == [.timer(.ends(0), after: .seconds(10))])
        #expect(offer.handle(.due(.starts(1))) == [.reach(1)])
        // It starts once.
        #expect(offer.handle(.due(.starts(1))) == [])
        #expect(offer.handle(.calling(1, [three])) == [])
        #expect(offer.ringing == [one, two, three])
        #expect(offer.handle(.due(.ends(0))) == [.cancel(one), .cancel(two)])
        #expect(offer.handle(.due(.ends(0))) == [])
        #expect(offer.ringing == [three])
        #expect(offer.handle(.due(.limit)) == [.cancel(three), .fail(.noAnswer, .noUserResponding)])
        #expect(offer.isOver)
    }

    @Test func aBranchThatWaitsKeepsTheOfferAliveWhenAllOthersHaveFailed() {
        var offer = OfferMachine(
            branches: [.init(startsAfter: .zero, ringsFor: nil), .init(startsAfter: .seconds(5), ringsFor: nil)],
            limit: .seconds(40))
        _ = offer.handle(.begin)
        #expect(offer.handle(.unreachable(0, .userBusy)) == [])
        #expect(offer.handle(.due(.starts(1))) == [.reach(1)])
        #expect(offer.handle(.unreachable(1, .subscriberAbsent)) == [.fail(.busy, .userBusy)])
    }

    @Test func theFirstUnreachableOneDoesNotEndAnOfferWhoseOthersAreBeingReached() {
        var offer = machine(2)
        #expect(offer.handle(.begin) == [.timer(.limit, after: .seconds(60)), .reach(0), .reach(1)])
        #expect(offer.handle(.unreachable(0, .subscriberAbsent)) == [])
        #expect(offer.handle(.calling(1, [one])) == [])
        #expect(offer.handle(.answered(one)) == [.take(one)])
    }

    @Test func nobodyToRingFailsAtOnce() {
        var offer = machine(0)
        #expect(offer.handle(.begin) == [.fail(.unavailable, .subscriberAbsent)])
    }

    @Test func theLimitSaysNoAnswerWhenSomebodyRangAndNobodyThereWhenNobodyDid() {
        var rang = ringing(1)
        #expect(rang.handle(.due(.limit)) == [.cancel(one), .fail(.noAnswer, .noAnswer)])
        var silent = machine(1)
        _ = silent.handle(.begin)
        _ = silent.handle(.calling(0, [one]))
        #expect(silent.handle(.due(.limit)) == [.cancel(one), .fail(.noAnswer, .noUserResponding)])
    }

    // MARK: Nobody answers: the kindest truth

    /// Causes of the branches in order, and what the caller is told.
    @Test(
        arguments: [
            ([.userBusy], DialStatus.busy, HangupCause.userBusy),
            ([.callRejected], .busy, .callRejected),
            ([.noAnswer, .userBusy], .busy, .userBusy),
            ([.subscriberAbsent, .userBusy, .noAnswer], .busy, .userBusy),
            ([.switchCongestion, .noAnswer], .noAnswer, .noAnswer),
            ([.subscriberAbsent, .noCircuit], .congestion, .noCircuit),
            ([.temporaryFailure], .congestion, .temporaryFailure),
            ([.networkOutOfOrder], .congestion, .networkOutOfOrder),
            ([.unallocatedNumber], .unavailable, .unallocatedNumber),
            ([.subscriberAbsent, .unallocatedNumber], .unavailable, .subscriberAbsent),
            ([.noUserResponding], .unavailable, .noUserResponding),
            ([.incompatibleDestination, .numberChanged], .unavailable, .incompatibleDestination),
        ] as [([HangupCause], DialStatus, HangupCause)])
    func theFinalCause(causes: [HangupCause], status: DialStatus, told: HangupCause) {
        // As routing failures, and as refusals of legs.
        var unreachable = machine(causes.count)
        var refused = machine(causes.count)
        _ = unreachable.handle(.begin)
        _ = refused.handle(.begin)
        for branch in causes.indices {
            _ = refused.handle(.calling(branch, [LegID(rawValue: UInt64(branch))]))
        }
        for (branch, cause) in causes.enumerated() {
            let isLast = branch == causes.count - 1
            let expected: [Action] = isLast ? [.fail(status, told)] : []
            #expect(unreachable.handle(.unreachable(branch, cause)) == expected)
            #expect(refused.handle(.failed(LegID(rawValue: UInt64(branch)), cause)) == expected)
        }
        #expect(unreachable.isOver && refused.isOver)
    }

    // MARK: Ringing is told

    @Test func ringingIsToldOnceAndEarlyMediaOnlyOfTheOnlyOne() {
        var alone = machine(1)
        _ = alone.handle(.begin)
        _ = alone.handle(.calling(0, [one]))
        #expect(alone.handle(.rings(one, status: 181, media: false)) == [])
        #expect(alone.handle(.rings(one, status: 180, media: false)) == [.rings])
        #expect(alone.handle(.rings(one, status: 180, media: false)) == [])
        #expect(alone.handle(.rings(one, status: 183, media: true)) == [.earlyMedia(one)])

        var fork = machine(2)
        _ = fork.handle(.begin)
        _ = fork.handle(.calling(0, [one]))
        _ = fork.handle(.calling(1, [two]))
        #expect(fork.handle(.rings(one, status: 183, media: true)) == [.rings])
        #expect(fork.handle(.rings(two, status: 183, media: true)) == [])
        // The other one is gone: what the last one plays is the ringing.
        #expect(fork.handle(.failed(two, .userBusy)) == [])
        #expect(fork.handle(.rings(one, status: 183, media: true)) == [.earlyMedia(one)])
        #expect(fork.handle(.rings(three, status: 180, media: false)) == [])
    }

    @Test func noEarlyMediaWhileAnotherBranchIsToCome() {
        var offer = OfferMachine(
            branches: [.init(startsAfter: .zero, ringsFor: nil), .init(startsAfter: .seconds(5), ringsFor: nil)],
            limit: .seconds(40))
        _ = offer.handle(.begin)
        _ = offer.handle(.calling(0, [one]))
        #expect(offer.handle(.rings(one, status: 183, media: true)) == [.rings])
    }

    // MARK: Somebody answers

    @Test func theFirstAnswerWinsAndTheOthersAreDismissed() {
        var offer = ringing(3)
        #expect(offer.handle(.answered(two)) == [.dismiss(one), .dismiss(three), .take(two)])
        // Two answered at the same time: the second one was dismissed already, and hears no more of it.
        #expect(offer.handle(.answered(one)) == [])
        #expect(offer.handle(.failed(one, .normalClearing)) == [])
        #expect(offer.handle(.due(.limit)) == [])
        #expect(offer.handle(.withdrawn) == [])
    }

    @Test func theOwnerIsGone() {
        var offer = ringing(2)
        #expect(offer.handle(.withdrawn) == [.cancel(one), .cancel(two), .fail(.cancel, .normalClearing)])
        #expect(offer.handle(.answered(one)) == [])
        #expect(offer.handle(.withdrawn) == [])
    }

    @Test func pickedUpByAnother() {
        var offer = ringing(2)
        #expect(offer.handle(.pickedUp(three)) == [.dismiss(one), .dismiss(two), .take(three)])
        #expect(offer.handle(.pickedUp(three)) == [])
    }

    // MARK: Acceptance

    @Test func whoAnswersIsAskedAndOthersRingOn() {
        var offer = ringing(2, asks: true)
        #expect(offer.handle(.answered(one)) == [.accept(one)])
        #expect(offer.handle(.answered(one)) == [])
        #expect(offer.ringing == [two])
        // What it says meanwhile is no ringing.
        #expect(offer.handle(.rings(one, status: 183, media: true)) == [])
        #expect(offer.handle(.declined(one)) == [.cancel(one)])
        #expect(offer.handle(.accepted(one)) == [])
        #expect(offer.handle(.answered(two)) == [.accept(two)])
        #expect(offer.handle(.accepted(two)) == [.take(two)])
    }

    @Test func twoAreAskedAndTheFirstToAcceptWins() {
        var offer = ringing(2, asks: true)
        _ = offer.handle(.answered(one))
        _ = offer.handle(.answered(two))
        #expect(offer.handle(.accepted(two)) == [.dismiss(one), .take(two)])
        #expect(offer.handle(.accepted(one)) == [])
    }

    @Test func everybodyDeclinesOrHangsUpWhileAsked() {
        var offer = ringing(2, asks: true)
        _ = offer.handle(.answered(one))
        _ = offer.handle(.answered(two))
        #expect(offer.handle(.declined(one)) == [.cancel(one)])
        #expect(offer.handle(.failed(two, .normalClearing)) == [.fail(.noAnswer, .noAnswer)])
    }

    @Test func anAcceptanceOfSomebodyWhoWasNeverAskedIsNothing() {
        var offer = ringing(1, asks: true)
        #expect(offer.handle(.accepted(one)) == [])
        #expect(offer.handle(.accepted(three)) == [])
        #expect(offer.handle(.declined(three)) == [])
        #expect(!offer.isOver)
    }

    @Test func theBranchIsOverForThoseWhoRingNotForWhoIsAsked() {
        var offer = OfferMachine(
            branches: [.init(startsAfter: .zero, ringsFor: .seconds(10))], limit: .seconds(40), asks: true)
        _ = offer.handle(.begin)
        _ = offer.handle(.calling(0, [one, two]))
        _ = offer.handle(.answered(one))
        #expect(offer.handle(.due(.ends(0))) == [.cancel(two)])
        #expect(offer.handle(.due(.limit)) == [.cancel(one), .fail(.noAnswer, .noAnswer)])
    }

    // MARK: Any order

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func anyOrderEndsOnceAndEveryLegIsSettled(seed: UInt64) {
        var entropy = Entropy.seeded(seed)
        for _ in 0..<50 {
            let count = Int.random(in: 0...4, using: &entropy)
            let branches = (0..<count).map { _ in
                OfferMachine.Branch(
                    startsAfter: Bool.random(using: &entropy) ? .zero : .seconds(3),
                    ringsFor: Bool.random(using: &entropy) ? nil : .seconds(5))
            }
            let asks = Bool.random(using: &entropy)
            var offer = OfferMachine(branches: branches, limit: .seconds(20), asks: asks)
            var log: [Action] = []
            var toReach: [Int] = []
            var timers: Set<OfferMachine.Timer> = []
            var open: Set<LegID> = []
            var next: UInt64 = 100
            func take(_ input: OfferMachine.Input) {
                for action in offer.handle(input) {
                    log.append(action)
                    switch action {
                    case .reach(let branch): toReach.append(branch)
                    case .timer(let timer, _): timers.insert(timer)
                    case .cancel(let leg), .dismiss(let leg):
                        #expect(open.remove(leg) != nil, "seed \(seed): \(leg) twice in \(log)")
                    case .take(let leg): open.remove(leg)
                    default: break
                    }
                }
            }
            take(.begin)
            for _ in 0..<40 {
                // What was asked for is answered before anything else, as the shell does it.
                while let branch = toReach.popLast() {
                    if Bool.random(using: &entropy) {
                        let called = (0..<Int.random(in: 1...2, using: &entropy)).map { _ in
                            next += 1
                            return LegID(rawValue: next)
                        }
                        open.formUnion(called)
                        take(.calling(branch, called))
                    } else {
                        take(
                            .unreachable(
                                branch, [.userBusy, .subscriberAbsent].randomElement(using: &entropy) ?? .userBusy))
                    }
                }
                let leg = open.sorted().randomElement(using: &entropy) ?? LegID(rawValue: 1)
                switch Int.random(in: 0..<14, using: &entropy) {
                case 0...2: take(.rings(leg, status: 180, media: Bool.random(using: &entropy)))
                case 3, 4: take(.answered(leg))
                case 5: take(.accepted(leg))
                case 6: take(.declined(leg))
                case 7, 8:
                    open.remove(leg)
                    take(.failed(leg, .userBusy))
                case 9:
                    if let timer = timers.sorted(by: { "\($0)" < "\($1)" }).randomElement(using: &entropy) {
                        timers.remove(timer)
                        take(.due(timer))
                    }
                case 10 where Int.random(in: 0..<6, using: &entropy) == 0: take(.withdrawn)
                case 11 where Int.random(in: 0..<6, using: &entropy) == 0: take(.pickedUp(LegID(rawValue: 1)))
                default: take(.begin)
                }
            }
            // Whatever happened, the limit is the end.
            take(.due(.limit))
            #expect(offer.isOver, "seed \(seed)")
            #expect(open.isEmpty, "seed \(seed): \(open) ring on after \(log)")
            let ends = log.count { if case .take = $0 { true } else if case .fail = $0 { true } else { false } }
            #expect(ends == 1, "seed \(seed): \(log)")
            if case .take? = log.last {} else if case .fail? = log.last {} else { Issue.record("seed \(seed): \(log)") }
            #expect(offer.ringing.isEmpty || offer.isOver)
        }
    }
}
