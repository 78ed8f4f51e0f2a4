// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

@testable import MediaEngine

private let host: UInt32 = 0x0100_007F
private let millisecond: Int64 = 1_000_000

@Suite struct SourceLatchTests {
    private let signalled = MediaAddress(address: host, port: 1)
    private let real = MediaAddress(address: host, port: 2)
    private let moved = MediaAddress(address: host, port: 3)
    private let stranger = MediaAddress(address: 99, port: 4)

    private func latched() -> SourceLatch {
        var latch = SourceLatch()
        latch.signal(signalled)
        #expect(latch.judge(real, now: 0) == .latched)
        return latch
    }

    @Test func theFirstSourceIsTaken() {
        #expect(latched().remote == real)
    }

    @Test func theSignalledAddressAlwaysWins() {
        var latch = latched()
        #expect(latch.judge(signalled, now: 1) == .latched)
        #expect(latch.remote == signalled)
    }

    @Test func anotherPortIsTakenOnlyAfterSilenceAndThreePackets() {
        var latch = latched()
        for step in 0..<5 { #expect(latch.judge(moved, now: Int64(step) * 20 * millisecond) == .refused) }
        #expect(latch.judge(real, now: 100 * millisecond) == .accepted)
        #expect(latch.judge(moved, now: 310 * millisecond) == .refused)
        #expect(latch.judge(moved, now: 320 * millisecond) == .refused)
        #expect(latch.judge(moved, now: 330 * millisecond) == .latched)
        #expect(latch.judge(real, now: 331 * millisecond) == .refused)
    }

    @Test func anotherHostNeedsASecondOfSilenceAndTenPackets() {
        var latch = latched()
        for step in 1...9 { #expect(latch.judge(stranger, now: 2000 * millisecond + Int64(step)) == .refused) }
        #expect(latch.judge(stranger, now: 2100 * millisecond) == .latched)
        var other = latched()
        for step in 1...40 { #expect(other.judge(stranger, now: Int64(step) * 20 * millisecond) == .refused) }
    }

    @Test func aNewOfferStartsOverAndTheSameOneDoesNot() {
        var latch = latched()
        latch.signal(signalled)
        #expect(latch.remote == real)
        latch.signal(moved)
        #expect(latch.remote == moved)
        #expect(latch.judge(stranger, now: 1) == .latched)
    }
}

@Suite struct ReceiveStatisticsTests {
    @Test func lossesAreCountedOverTheWrapOfSequenceNumbers() {
        var statistics = ReceiveStatistics()
        for sequence: UInt16 in [65534, 65535, 0, 2, 3, 3] {
            _ = statistics.receive(ssrc: 1, sequence: sequence, timestamp: 0, arrival: 0, isEvent: false)
        }
        #expect(statistics.totalReceived == 6)
        #expect(statistics.totalLost == 0)
        var gap = ReceiveStatistics()
        for sequence: UInt16 in [10, 11, 15] {
            _ = gap.receive(ssrc: 1, sequence: sequence, timestamp: 0, arrival: 0, isEvent: false)
        }
        #expect(gap.totalLost == 3)
        let block = gap.reportBlock()
        #expect(block.lost == 3 && block.highest == 15 && block.fraction == 128)
        #expect(gap.reportBlock().fraction == 0)
    }

    @Test func aNewSourceBeginsAnewAndKeepsTheTotals() {
        var statistics = ReceiveStatistics()
        for sequence: UInt16 in [1, 5] {
            _ = statistics.receive(ssrc: 1, sequence: sequence, timestamp: 0, arrival: 0, isEvent: false)
        }
        let outcome = statistics.receive(ssrc: 2, sequence: 40000, timestamp: 0, arrival: 0, isEvent: false)
        #expect(outcome == .restarted)
        #expect(statistics.totalReceived == 3 && statistics.totalLost == 3)
    }

    @Test func oneWildNumberIsDroppedAndTwoInOrderAreANewStart() {
        var statistics = ReceiveStatistics()
        _ = statistics.receive(ssrc: 1, sequence: 100, timestamp: 0, arrival: 0, isEvent: false)
        #expect(statistics.receive(ssrc: 1, sequence: 30000, timestamp: 0, arrival: 0, isEvent: false) == .doubtful)
        #expect(statistics.receive(ssrc: 1, sequence: 101, timestamp: 0, arrival: 0, isEvent: false) == .valid)
        #expect(statistics.receive(ssrc: 1, sequence: 30002, timestamp: 0, arrival: 0, isEvent: false) == .doubtful)
        #expect(statistics.receive(ssrc: 1, sequence: 30003, timestamp: 0, arrival: 0, isEvent: false) == .restarted)
    }

    @Test func jitterFollowsTheFormulaOfAppendixA8() {
        var statistics = ReceiveStatistics()
        var expected = 0.0
        var last = 0
        for index in 0..<200 {
            let delay = index % 2 == 0 ? 0 : 40
            _ = statistics.receive(
                ssrc: 1, sequence: UInt16(index), timestamp: UInt32(index * 160), arrival: UInt32(index * 160 + delay),
                isEvent: false)
            if index > 0 { expected += (Double(abs(delay - last)) - expected) / 16 }
            last = delay
        }
        #expect(abs(Double(statistics.jitter) - expected) <= 1)
    }
}

@Suite struct OutgoingStreamTests {
    @Test func aRelayedSourceAfterAPauseKeepsTheClock() {
        var stream = OutgoingStream(ssrc: 7, sequence: 10, timestamp: 1000)
        let first = stream.relay(
            source: 100, sequence: 5, timestamp: 50, marker: false, isEvent: false, octets: 160, now: 0)
        #expect(first == .init(ssrc: 7, sequence: 10, timestamp: 1000, marker: true))
        let second = stream.relay(
            source: 200, sequence: 9000, timestamp: 77, marker: false, isEvent: false, octets: 160, now: 1_000_000_000)
        #expect(second == .init(ssrc: 7, sequence: 11, timestamp: 9000, marker: true))
        // What belonged before the switch cannot be numbered any more.
        #expect(
            stream.relay(
                source: 200, sequence: 8999, timestamp: 77, marker: false, isEvent: false, octets: 160,
                now: 1_000_000_000) == nil)
    }

    @Test func numbersGoOnOverTheWrapForHours() {
        var stream = OutgoingStream(ssrc: 7, sequence: 65000, timestamp: .max - 100)
        var last: OutgoingStream.Stamp?
        for index in 0..<200_000 {
            let stamp = stream.relay(
                source: 9, sequence: UInt16(truncatingIfNeeded: index), timestamp: UInt32(index * 160), marker: false,
                isEvent: false, octets: 160, now: Int64(index) * 20 * millisecond)
            if let last, let stamp, stamp.sequence != last.sequence &+ 1 || stamp.timestamp != last.timestamp &+ 160 {
                Issue.record("broken at \(index)")
                return
            }
            last = stamp
        }
        #expect(last != nil)
    }

    @Test func aSourceThatJumpsInTimeIsAnchoredAnew() {
        var stream = OutgoingStream(ssrc: 7, sequence: 0, timestamp: 0)
        _ = stream.relay(source: 9, sequence: 1, timestamp: 160, marker: false, isEvent: false, octets: 160, now: 0)
        let jumped = stream.relay(
            source: 9, sequence: 2, timestamp: 0x8000_0000, marker: false, isEvent: false, octets: 160,
            now: 20 * millisecond)
        #expect(jumped == .init(ssrc: 7, sequence: 1, timestamp: 160, marker: true))
    }
}

@Suite struct DigitSenderTests {
    @Test func aKeyTakesTenTicksOfWhichSevenSendAndThreeEnd() {
        var sender = DigitSender()
        _ = sender.append(15)
        sender.closeBatch()
        var steps: [DigitSender.Step] = []
        while sender.isActive { steps.append(sender.step(inBand: false)) }
        #expect(steps.count == 11)
        #expect(steps[0] == .event(event: 15, duration: 160, end: false, begins: true))
        #expect(steps[3] == .event(event: 15, duration: 640, end: false, begins: false))
        #expect(steps[4...6].allSatisfy { $0 == .event(event: 15, duration: 800, end: true, begins: false) })
        #expect(steps[7...9].allSatisfy { $0 == .pause })
        #expect(steps[10] == .done(batches: 1))
    }

    @Test func sixtyFourKeysFitAndComeOutInOrder() {
        var sender = DigitSender()
        var taken = 0
        for index in 0..<65 where sender.append(UInt8(index % 16)) { taken += 1 }
        #expect(taken == 64)
        var begun: [UInt8] = []
        while sender.isActive {
            if case .tone(let event, true) = sender.step(inBand: true) { begun.append(event) }
        }
        #expect(begun == (0..<64).map { UInt8($0 % 16) })
    }
}

@Suite struct RingTests {
    @Test func aFullRingRefusesAndKeepsTheOrder() {
        let ring = Ring<Int>(capacity: 4)
        defer { ring.deallocate() }
        for round in 0..<100 {
            for value in 0..<4 { #expect(ring.push(round * 10 + value)) }
            #expect(!ring.push(99))
            for value in 0..<4 { #expect(ring.pop() == round * 10 + value) }
            #expect(ring.pop() == nil)
        }
    }

    @Test func whatIsStagedIsSeenAllAtOnce() {
        let ring = Ring<Int>(capacity: 4)
        defer { ring.deallocate() }
        for round in 0..<10 {
            for index in 0..<4 { #expect(ring.stage(index, behind: index)) }
            #expect(!ring.stage(4, behind: 4))
            #expect(ring.first == nil && ring.count == 0, "\(round)")
            ring.publish(4)
            for index in 0..<4 {
                #expect(ring.first == index && ring.first == index)
                ring.dropFirst()
            }
            #expect(ring.first == nil)
        }
    }
}
