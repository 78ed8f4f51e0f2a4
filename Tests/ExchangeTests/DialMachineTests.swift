// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing

@testable import Exchange

@Suite struct DialMachineTests {
    @Test func theCallerHearsOfRingingOnce() {
        var machine = DialMachine(legs: [2, 3])
        #expect(machine.handle(.provisional(2, status: 180, media: false)) == [.ring])
        #expect(machine.handle(.provisional(3, status: 180, media: false)) == [])
    }

    @Test func earlyMediaIsPassedOnOnlyWhenOneLegRings() {
        var one = DialMachine(legs: [2])
        #expect(one.handle(.provisional(2, status: 183, media: true)) == [.earlyMedia(2)])
        var two = DialMachine(legs: [2, 3])
        #expect(two.handle(.provisional(2, status: 183, media: true)) == [.ring])
    }

    @Test func ringingAfterEarlyMediaIsNotToldAgainOverIt() {
        var machine = DialMachine(legs: [2])
        #expect(machine.handle(.provisional(2, status: 183, media: true)) == [.earlyMedia(2)])
        #expect(machine.handle(.provisional(2, status: 180, media: false)) == [])
    }

    @Test func theFirstAnswerWinsAndTheOthersAreCancelled() {
        var machine = DialMachine(legs: [2, 3, 4])
        _ = machine.handle(.failed(4, status: 486))
        #expect(machine.handle(.answered(3)) == [.dismiss(2), .connect(3)])
        // An answer that crossed the CANCEL is too late.
        #expect(machine.handle(.answered(2)) == [])
        #expect(machine.handle(.failed(2, status: 487)) == [])
    }

    @Test func timeIsUp() {
        var rang = DialMachine(legs: [2])
        _ = rang.handle(.provisional(2, status: 180, media: false))
        #expect(rang.handle(.timedOut) == [.cancel(2), .finish(.noAnswer, .noAnswer)])
        var silent = DialMachine(legs: [2])
        #expect(silent.handle(.timedOut) == [.cancel(2), .finish(.noAnswer, .noUserResponding)])
    }

    @Test func theCallerGoes() {
        var machine = DialMachine(legs: [2, 3])
        #expect(machine.handle(.callerGone) == [.cancel(2), .cancel(3), .finish(.cancel, .normalClearing)])
        #expect(machine.handle(.answered(2)) == [])
    }

    @Test(
        arguments: [
            ([486, 404], DialStatus.busy, HangupCause.userBusy), ([404, 480], .noAnswer, .noAnswer),
            ([404, 503], .congestion, .switchCongestion), ([404], .unavailable, .unallocatedNumber),
            ([408], .unavailable, .noUserResponding), ([603, 480], .busy, .callRejected),
        ])
    func whenEverybodyFailsTheKindestTruthIsTold(statuses: [Int], status: DialStatus, cause: HangupCause) {
        let legs = (0..<statuses.count).map { UInt16($0 + 2) }
        var machine = DialMachine(legs: legs)
        for (leg, code) in zip(legs, statuses).dropLast() {
            #expect(machine.handle(.failed(leg, status: code)) == [])
        }
        let last = statuses.count - 1
        #expect(machine.handle(.failed(legs[last], status: statuses[last])) == [.finish(status, cause)])
        #expect(machine.isFinished)
    }

    /// Whatever comes in whatever order: at most one leg is connected, and there is at most one end.
    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func anyOrderOfInputsEndsOnce(seed: UInt64) {
        var random = SplitMix(state: seed)
        var machine = DialMachine(legs: [2, 3, 4])
        var connected = 0
        var finished = 0
        for _ in 0..<20 {
            let leg = UInt16.random(in: 1...5, using: &random)
            let input: DialMachine.Input =
                switch Int.random(in: 0..<6, using: &random) {
                case 0: .provisional(leg, status: 180, media: Bool.random(using: &random))
                case 1: .answered(leg)
                case 2, 3: .failed(leg, status: [404, 480, 486, 503].randomElement(using: &random) ?? 404)
                case 4: .timedOut
                default: .callerGone
                }
            for action in machine.handle(input) {
                switch action {
                case .connect(let index):
                    connected += 1
                    #expect((2...4).contains(index), "seed \(seed)")
                case .finish: finished += 1
                case .ring, .earlyMedia, .cancel, .dismiss: break
                }
            }
        }
        #expect(connected + finished <= 1, "seed \(seed)")
        #expect((connected + finished == 1) == machine.isFinished, "seed \(seed)")
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}
