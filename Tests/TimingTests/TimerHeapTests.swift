// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing
import Timing

@Suite struct TimerHeapTests {
    @Test func soonestComesFirstAndEqualDeadlinesInOrderSet() {
        var heap = TimerHeap<String>()
        heap.set("late", at: Instant(nanoseconds: 30))
        heap.set("first", at: Instant(nanoseconds: 10))
        heap.set("second", at: Instant(nanoseconds: 10))
        #expect(heap.nextDeadline == Instant(nanoseconds: 10))
        #expect(heap.popDue(Instant(nanoseconds: 9)) == nil)
        #expect(heap.popDue(Instant(nanoseconds: 10)) == "first")
        #expect(heap.popDue(Instant(nanoseconds: 10)) == "second")
        #expect(heap.popDue(Instant(nanoseconds: 10)) == nil)
        #expect(heap.popDue(Instant(nanoseconds: 99)) == "late")
        #expect(heap.isEmpty)
    }

    @Test func settingAgainMovesTheTimer() {
        var heap = TimerHeap<Int>()
        heap.set(1, at: Instant(nanoseconds: 5))
        heap.set(1, at: Instant(nanoseconds: 50))
        #expect(heap.count == 1)
        #expect(heap.popDue(Instant(nanoseconds: 49)) == nil)
        #expect(heap.popDue(Instant(nanoseconds: 50)) == 1)
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64]) func agreesWithASortedListUnderRandomUse(seed: UInt64) {
        var random = Entropy.seeded(seed)
        var heap = TimerHeap<Int>()
        var model: [Int: Int64] = [:]
        for _ in 0..<5000 {
            let key = Int.random(in: 0..<200, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1:
                let due = Int64.random(in: 0..<1_000_000, using: &random)
                heap.set(key, at: Instant(nanoseconds: due))
                model[key] = due
            case 2:
                heap.cancel(key)
                model[key] = nil
            default:
                if let least = model.values.min() {
                    #expect(heap.nextDeadline == Instant(nanoseconds: least), "seed \(seed)")
                    if let popped = heap.popDue(Instant(nanoseconds: least)) {
                        #expect(model.removeValue(forKey: popped) == least, "seed \(seed)")
                    }
                }
            }
            #expect(heap.count == model.count)
        }
    }
}

@Suite struct InstantTests {
    @Test func durationsSaturateInsteadOfOverflowing() {
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.milliseconds(1500).nanoseconds == 1_500_000_000)
        #expect(Duration.milliseconds(-3).milliseconds == -3)
    }

    @Test func tokensHaveTheLengthAskedForAndRepeatUnderASeed() {
        var a = Entropy.seeded(7)
        var b = Entropy.seeded(7)
        let token = a.token(bytes: 11)
        #expect(token.count == 22)
        #expect(token == b.token(bytes: 11))
        #expect(token != a.token(bytes: 11))
    }
}
