// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing

/// Numbers of calls and legs never come again, whatever the clock says and however often the switch starts.
@Suite struct IdentifierTests {
    @Test func noNumberComesTwiceOverRestarts() {
        var seen: Set<UInt64> = []
        for run in [1, 2, 3, 1000, IdentifierSource.lastRun - 1, IdentifierSource.lastRun] as [UInt32] {
            var source = IdentifierSource(run: run)
            for _ in 0..<2000 {
                #expect(seen.insert(source.nextCall().rawValue).inserted)
                #expect(seen.insert(source.nextLeg().rawValue).inserted)
            }
        }
    }

    @Test func laterOnesAreGreater() {
        var before = IdentifierSource(run: 4)
        var after = IdentifierSource(run: 5)
        let first = (0..<1000).map { _ in before.nextCall() }
        #expect(first == first.sorted())
        let last = after.nextCall()
        #expect(first.allSatisfy { $0 < last })
    }

    @Test func whatIsShownCanBeTyped() throws {
        var source = IdentifierSource(run: 77)
        let (call, leg) = (source.nextCall(), source.nextLeg())
        #expect(try #require(CallID(call.description)) == call)
        #expect(try #require(LegID(leg.description.uppercased())) == leg)
        for text in ["", "x", "-1", "10000000000000000", "1 ", "+1", "１"] { #expect(LegID(text) == nil, "\(text)") }
    }
}
