// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing
import Timing

@testable import SIPTransport

@Suite struct FloodGateTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func source(_ address: String) -> SourceKey {
        guard let key = SourceKey(address: address) else { fatalError("not an address: \(address)") }
        return key
    }

    /// A reference, because `#expect` does not call what changes a value.
    private final class Gate {
        private var gate: FloodGate
        init(_ gate: FloodGate) { self.gate = gate }
        func admits(_ source: SourceKey, at now: Instant) -> Bool { gate.admits(source, at: now) }
        var sourceCount: Int { gate.sourceCount }
    }

    private func gate(rate: Int, burst: Int, capacity: Int = 10, unlimited: Set<SourceKey> = []) -> Gate {
        Gate(FloodGate(ratePerSecond: rate, burst: burst, capacity: capacity, unlimited: unlimited))
    }

    @Test func aBurstPassesThenTheRateHolds() {
        let gate = gate(rate: 10, burst: 5)
        let phone = source("192.0.2.1")
        let first = (0..<20).filter { _ in gate.admits(phone, at: start) }.count
        #expect(first == 5)
        // One every 7 ms for 10 s: 10 a second pass.
        let passed = (1...1_428).filter { gate.admits(phone, at: start.advanced(by: .milliseconds(7 * $0))) }.count
        #expect((99...100).contains(passed))
    }

    @Test func messagesCloserThanAMillisecondLoseNoCredit() {
        let gate = gate(rate: 1_000, burst: 1)
        let phone = source("192.0.2.1")
        // 1.9 ms apart the rate allows every one.
        let passed = (0..<1_000).filter { gate.admits(phone, at: start.advanced(by: .microseconds(1_900 * $0))) }.count
        #expect(passed == 1_000)
    }

    @Test func sourcesDoNotHinderEachOther() {
        let gate = gate(rate: 1, burst: 1)
        #expect(gate.admits(source("192.0.2.1"), at: start))
        #expect(!gate.admits(source("192.0.2.1"), at: start))
        #expect(gate.admits(source("192.0.2.2"), at: start))
    }

    @Test func oneIPv6CustomerIsOneSource() {
        let gate = gate(rate: 1, burst: 1)
        #expect(gate.admits(source("2001:db8::1"), at: start))
        #expect(!gate.admits(source("2001:db8::2"), at: start))
        #expect(gate.admits(source("2001:db8:0:1::1"), at: start))
    }

    @Test func theTableIsBoundedAndForgetsTheQuiet() {
        let gate = gate(rate: 1, burst: 1, capacity: 10)
        for last in 0..<10 { #expect(gate.admits(source("192.0.2.\(last)"), at: start)) }
        // All ten are busy: newcomers share one allowance.
        let admitted = (100..<200).filter { gate.admits(source("192.0.2.\($0)"), at: start) }.count
        #expect(admitted == 1)
        #expect(gate.sourceCount == 10)
        // Later the ten have been quiet and are forgotten.
        let later = start.advanced(by: .seconds(5))
        #expect(gate.admits(source("192.0.2.200"), at: later))
        #expect(gate.sourceCount == 1)
    }

    @Test func unlimitedSourcesAndNoRateAreNotCounted() {
        let one = gate(rate: 1, burst: 1, unlimited: [source("127.0.0.1")])
        #expect((0..<100).allSatisfy { _ in one.admits(source("127.0.0.1"), at: start) })
        let none = gate(rate: 0, burst: 1)
        #expect((0..<100).allSatisfy { _ in none.admits(source("192.0.2.1"), at: start) })
        #expect(none.sourceCount == 0)
    }
}
