// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SDP
import Testing
import Timing

@testable import Exchange

/// A leg's inputs in any order: it never traps, tells its end once, and always comes to it.
@Suite struct LegMachineRandomTests {
    private static func input(_ entropy: inout Entropy) -> LegInput {
        let descriptions: [SessionDescription?] = [
            nil, LegTable.theirs(), LegTable.theirs(.sendOnly), LegTable.theirs(.inactive), LegTable.refusing,
            LegTable.theirs(codecs: [.pcmu]),
        ]
        let description = descriptions.randomElement(using: &entropy) ?? nil
        let inputs: [LegInput] = [
            .mediaOpened(LegTable.local), .ring, .progress(preferring: []), .answer(preferring: [.pcmu]),
            .hangUp(.normalClearing, by: .system, reason: nil), .holdKeys(true), .holdKeys(false), .prefer(.pcmu),
            .prefer(.pcma), .provisional(status: 180, description),
            .accepted(description, isEmpty: description == nil && Bool.random(using: &entropy)),
            .acknowledged(description), .offered(description), .offerAnswered(description), .offerRefused,
            .over(.normalClearing, by: .caller, status: nil), .mediaTimedOut, .mediaClosed(LegStatistics()),
            .mediaOverdue,
        ]
        return inputs.randomElement(using: &entropy) ?? .ring
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func anyOrderEndsOnce(seed: UInt64) {
        var entropy = Entropy.seeded(seed)
        for _ in 0..<50 {
            var leg: LegMachine =
                switch Int.random(in: 0..<4, using: &entropy) {
                case 0: LegTable.incoming(nil)
                case 1: LegTable.incoming(LegTable.theirs())
                case 2: LegMachine(incoming: LegTable.theirs(), sessionNumber: 1, profile: LegTable.profile)
                default: LegTable.outgoing()
                }
            var words: [String] = []
            for _ in 0..<Int.random(in: 0...25, using: &entropy) {
                words += leg.words(Self.input(&entropy))
            }
            // Whatever has happened: gone, and media closed.
            words += leg.words(.over(.normalClearing, by: .system, status: nil))
            words += leg.words(.mediaClosed(LegStatistics()))
            // An offer to a leg that is over is refused, and that is all.
            words.removeAll { $0 == "reject offer 488" }
            #expect(leg.state == .closed, "seed \(seed): \(words)")
            #expect(words.count { $0.hasPrefix("fact ended") } == 1, "seed \(seed): \(words)")
            #expect(words.count { $0.hasPrefix("tell ended") } == 1, "seed \(seed): \(words)")
            #expect(words.count { $0 == "forget" } == 1, "seed \(seed): \(words)")
            #expect(words.last == "forget", "seed \(seed): \(words)")
            #expect(words.count { $0.hasPrefix("fact answered") } <= 1, "seed \(seed): \(words)")
            #expect(words.count { $0 == "bye" || $0.hasPrefix("reject 4") } <= 1, "seed \(seed): \(words)")
            // Hold and resume take turns.
            let holds = words.filter { $0 == "fact held" || $0 == "fact resumed" }
            for (index, word) in holds.enumerated() {
                #expect(word == (index % 2 == 0 ? "fact held" : "fact resumed"), "seed \(seed): \(words)")
            }
            // Nothing comes back to life.
            for _ in 0..<10 {
                let input = Self.input(&entropy)
                if case .offered = input { continue }
                #expect(leg.words(input) == [], "seed \(seed)")
            }
        }
    }
}
