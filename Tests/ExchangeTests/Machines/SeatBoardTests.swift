// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing
import Timing

@testable import Exchange

/// What seats are doing, folded from the facts of legs.
@Suite struct SeatBoardTests {
    private func started(_ seat: String, incoming: Bool) -> LegStarted {
        LegStarted(party: .seat(seat), incoming: incoming, sipCallID: "x", address: "y")
    }

    private let ended = LegEnded(cause: .normalClearing, by: .caller, sipStatus: nil, statistics: LegStatistics())
    private let one = LegID(rawValue: 1)
    private let two = LegID(rawValue: 2)

    private func state(_ board: SeatBoard, limit: Int = 2, isRegistered: Bool = true) -> SeatState {
        board.state(of: "8001", isRegistered: isRegistered, limit: limit)
    }

    @Test func aSeatWithoutCalls() {
        #expect(state(SeatBoard()) == .idle)
        #expect(state(SeatBoard(), isRegistered: false) == .unregistered)
    }

    /// Facts of leg one (a call to the seat) or of a call by it, and the state after each.
    @Test(arguments: [false, true]) func theLifeOfACall(incoming: Bool) {
        var board = SeatBoard()
        let life: [(any LedgerFact, SeatState)] = [
            (started("8001", incoming: incoming), incoming ? .inUse : .ringing),
            (LegRinging(), incoming ? .inUse : .ringing), (LegAnswered(codec: "pcma"), .inUse), (LegHeld(), .onHold),
            (LegResumed(), .inUse), (ended, .idle),
        ]
        for (fact, expected) in life {
            #expect(board.apply(fact, leg: one) == "8001")
            #expect(state(board) == expected, "\(type(of: fact).name)")
        }
        #expect(board.apply(ended, leg: one) == nil)
    }

    @Test func severalPhonesThatRingAreOneCallAndAnAnsweredOneIsNoRinging() {
        var board = SeatBoard()
        for leg in [one, two] {
            _ = board.apply(started("8001", incoming: false), leg: leg)
            _ = board.apply(LegRinging(), leg: leg)
        }
        #expect(state(board, limit: 1) == .ringing)
        #expect(board.ringing(for: "8001") == [one, two])
        _ = board.apply(LegAnswered(codec: ""), leg: two)
        _ = board.apply(ended, leg: one)
        #expect(state(board, limit: 1) == .busy)
        #expect(state(board, limit: 2) == .inUse)
        #expect(board.ringing(for: "8001") == [])
    }

    @Test func oneHeldOneTalkingIsInUseOrBusy() {
        var board = SeatBoard()
        for leg in [one, two] { _ = board.apply(started("8001", incoming: true), leg: leg) }
        _ = board.apply(LegAnswered(codec: ""), leg: one)
        _ = board.apply(LegHeld(), leg: one)
        #expect(state(board, limit: 2) == .busy)
        #expect(state(board, limit: 3) == .inUse)
    }

    @Test func whatIsNoSeatsOrNoLegsIsNothing() {
        var board = SeatBoard()
        #expect(board.apply(started("8001", incoming: true), leg: nil) == nil)
        #expect(
            board.apply(
                LegStarted(party: .trunk("gateway", number: "1"), incoming: true, sipCallID: "x", address: "y"),
                leg: one)
                == nil)
        #expect(board.apply(LegAnswered(codec: ""), leg: one) == nil)
        #expect(board.apply(LegHeld(), leg: two) == nil)
        #expect(state(board) == .idle)
    }

    /// A fold that ran all the time equals one made anew of the facts of legs that are not over; and in the end nothing is left.
    @Test(arguments: 1...100 as ClosedRange<UInt64>) func rebuiltEqualsIncremental(seed: UInt64) {
        var entropy = Entropy.seeded(seed)
        var board = SeatBoard()
        var facts: [(LegID, any LedgerFact)] = []
        let seats = ["8001", "8002", "8003"]
        var last: UInt64 = 0
        for _ in 0..<300 {
            let leg: LegID
            let fact: any LedgerFact
            if last == 0 || Int.random(in: 0..<4, using: &entropy) == 0 {
                last += 1
                leg = LegID(rawValue: last)
                fact = started(seats.randomElement(using: &entropy) ?? "8001", incoming: Bool.random(using: &entropy))
            } else {
                leg = LegID(rawValue: UInt64.random(in: 1...last, using: &entropy))
                fact =
                    [LegRinging(), LegAnswered(codec: ""), LegHeld(), LegResumed(), ended, DigitPressed(key: "1")]
                    .randomElement(using: &entropy) ?? LegRinging()
            }
            facts.append((leg, fact))
            _ = board.apply(fact, leg: leg)
        }
        let over = Set(facts.filter { $0.1 is LegEnded }.map(\.0))
        var rebuilt = SeatBoard()
        for (leg, fact) in facts where !over.contains(leg) { _ = rebuilt.apply(fact, leg: leg) }
        for seat in seats {
            for limit in 1...3 {
                #expect(
                    board.state(of: seat, isRegistered: true, limit: limit)
                        == rebuilt.state(of: seat, isRegistered: true, limit: limit), "seed \(seed)")
            }
            #expect(board.ringing(for: seat) == rebuilt.ringing(for: seat), "seed \(seed)")
        }
        if last > 0 { for number in 1...last { _ = board.apply(ended, leg: LegID(rawValue: number)) } }
        for seat in seats { #expect(board.state(of: seat, isRegistered: true, limit: 1) == .idle, "seed \(seed)") }
    }
}
