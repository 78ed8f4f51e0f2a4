// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing
import Timing

@testable import Exchange

/// Transfers by what RFC 5589 draws: each failure, and each party gone at each moment.
@Suite struct TransferMachineTests {
    typealias Machine = TransferMachine

    private func begun(_ kind: Machine.Kind, _ inputs: Machine.Input...) -> Machine {
        var transfer = Machine(kind: kind)
        _ = transfer.handle(.begin)
        for input in inputs { _ = transfer.handle(input) }
        return transfer
    }

    // MARK: Blind (RFC 5589 §6.1)

    @Test func blindSucceeds() {
        var transfer = Machine(kind: .blind)
        #expect(transfer.handle(.rings) == [])
        #expect(transfer.handle(.begin) == [.progress(100), .move])
        #expect(transfer.handle(.begin) == [])
        #expect(transfer.handle(.rings) == [.progress(180)])
        #expect(transfer.handle(.rings) == [])
        #expect(
            transfer.handle(.taken) == [
                .result(200), .letGo, .releaseTransferor, .over(succeeded: true, .normalClearing),
            ])
        // Afterwards whoever goes is none of the transfer's.
        for input in [.taken, .failed(.userBusy), .transferorGone, .transfereeGone] as [Machine.Input] {
            #expect(transfer.handle(input) == [])
        }
    }

    @Test(arguments: [
        (HangupCause.userBusy, 486), (.noAnswer, 480), (.unallocatedNumber, 404), (.callRejected, 403),
        (.switchCongestion, 503), (.noUserResponding, 408), (.subscriberAbsent, 480),
    ]) func blindFailsAndTheTwoTalkAgain(cause: HangupCause, status: Int) {
        var transfer = begun(.blind, .rings)
        #expect(
            transfer.handle(.failed(cause)) == [.result(status), .rejoin, .over(succeeded: false, cause)])
        #expect(transfer.state == .over)
    }

    /// The transferor hangs up right after 202, and at any later moment.
    @Test(arguments: [[], [Machine.Input.rings]]) func theTransferorIsGoneAndTheTransfereeGoesOn(
        before: [Machine.Input]
    ) {
        var works = begun(.blind)
        for input in before { _ = works.handle(input) }
        #expect(works.handle(.transferorGone) == [])
        #expect(works.handle(.transferorGone) == [])
        #expect(works.handle(.taken) == [.result(200), .letGo, .over(succeeded: true, .normalClearing)])

        var fails = begun(.blind)
        for input in before { _ = fails.handle(input) }
        _ = fails.handle(.transferorGone)
        #expect(fails.handle(.failed(.userBusy)) == [.result(486), .recall])
        #expect(fails.handle(.recalled) == [.over(succeeded: false, .normalClearing)])

        var alone = begun(.blind, .transferorGone, .failed(.userBusy))
        #expect(alone.handle(.failed(.userBusy)) == [])
        #expect(alone.handle(.recallFailed(.noAnswer)) == [.resume(.noAnswer), .over(succeeded: false, .noAnswer)])

        var nobody = begun(.blind, .transferorGone, .failed(.userBusy))
        #expect(nobody.handle(.transfereeGone) == [.over(succeeded: false, .normalClearing)])
        #expect(nobody.handle(.recallFailed(.noAnswer)) == [])
    }

    @Test func theTransfereeIsGone() {
        var transfer = begun(.blind, .rings)
        #expect(
            transfer.handle(.transfereeGone) == [
                .result(487), .releaseTransferor, .over(succeeded: false, .normalClearing),
            ])
        var both = begun(.blind, .transferorGone)
        #expect(both.handle(.transfereeGone) == [.result(487), .over(succeeded: false, .normalClearing)])
    }

    // MARK: Attended (RFC 5589 §7)

    @Test func attendedSucceeds() {
        var transfer = Machine(kind: .attended)
        #expect(transfer.handle(.begin) == [.progress(100), .join])
        #expect(
            transfer.handle(.joined) == [
                .result(200), .releaseTransferor, .over(succeeded: true, .normalClearing),
            ])
    }

    @Test func attendedFailsAndBothTalksStay() {
        var transfer = begun(.attended)
        #expect(
            transfer.handle(.failed(.destinationOutOfOrder)) == [
                .result(502), .over(succeeded: false, .destinationOutOfOrder),
            ])
    }

    // MARK: Any order

    @Test(arguments: 1...100 as ClosedRange<UInt64>)
    func anyOrderTellsOneResultAndIsOverOnce(seed: UInt64) {
        var entropy = Entropy.seeded(seed)
        let inputs: [Machine.Input] = [
            .begin, .rings, .taken, .failed(.userBusy), .transferorGone, .transfereeGone, .recalled,
            .recallFailed(.noAnswer), .joined,
        ]
        for _ in 0..<100 {
            var transfer = Machine(kind: Bool.random(using: &entropy) ? .blind : .attended)
            var log: [Machine.Action] = []
            for _ in 0..<Int.random(in: 0...12, using: &entropy) {
                log += transfer.handle(inputs.randomElement(using: &entropy) ?? .begin)
            }
            log += transfer.handle(.begin)
            log += transfer.handle(.transferorGone)
            log += transfer.handle(.transfereeGone)
            #expect(transfer.state == .over, "seed \(seed)")
            func count(_ body: (Machine.Action) -> Bool) -> Int { log.count(where: body) }
            #expect(count { if case .result = $0 { true } else { false } } == 1, "seed \(seed): \(log)")
            #expect(count { if case .over = $0 { true } else { false } } == 1, "seed \(seed): \(log)")
            if case .over = log.last {} else { Issue.record("seed \(seed): \(log)") }
            // He is told before he is let go, and he is let go or talks again at most once.
            #expect(count { $0 == .releaseTransferor || $0 == .rejoin || $0 == .recall } <= 1, "seed \(seed): \(log)")
            for input in inputs { #expect(transfer.handle(input) == [], "seed \(seed)") }
        }
    }
}
