// SPDX-License-Identifier: AGPL-3.0-or-later
import Synchronization
import Testing
import Threads

@Suite struct PlainThreadTests {
    @Test func whatTheThreadDidIsDoneWhenJoinReturns() throws {
        final class Sum: Sendable { let value = Atomic<Int>(0) }
        let sum = Sum()
        let threads = try (1...8).map { number in
            try #require(PlainThread { for _ in 0..<1000 { sum.value.add(number, ordering: .relaxed) } })
        }
        for thread in threads { thread.join() }
        #expect(sum.value.load(ordering: .relaxed) == 36_000)
        threads[0].join()
    }
}
