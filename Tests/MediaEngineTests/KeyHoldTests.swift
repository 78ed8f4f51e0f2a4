// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

@testable import MediaEngine

@Suite struct KeyHoldTests {
    @Test func aPressIsHeldAsItBegan() {
        var hold = KeyHold()
        hold.saw(1000, goesOn: false, wanted: true)
        #expect(hold.holds)
        // The end packets and their copies, when keys are no longer to be held.
        hold.saw(1000, goesOn: true, wanted: false)
        hold.saw(1000, goesOn: false, wanted: false)
        #expect(hold.holds)
        hold.saw(3000, goesOn: false, wanted: false)
        #expect(!hold.holds)
        // A copy of the press before it that comes late.
        hold.saw(1000, goesOn: false, wanted: true)
        #expect(!hold.holds)
    }

    @Test func aFurtherSegmentGoesTheWayOfTheFirst() {
        var hold = KeyHold()
        hold.saw(1000, goesOn: false, wanted: false)
        hold.saw(66_535, goesOn: true, wanted: true)
        #expect(!hold.holds)
    }

    @Test func aTimestampFarBackIsANewNumbering() {
        var hold = KeyHold()
        hold.saw(1_000_000, goesOn: false, wanted: false)
        hold.saw(5000, goesOn: false, wanted: true)
        #expect(hold.holds)
    }

    @Test func whatIsSkippedLeavesNoHoleAndALossStaysOne() {
        var stream = OutgoingStream(ssrc: 1, sequence: 500, timestamp: 0)
        func relay(_ sequence: UInt16) -> UInt16? {
            stream.relay(
                source: 9, sequence: sequence, timestamp: UInt32(sequence) * 160, marker: false, isEvent: false,
                octets: 160, now: Int64(sequence) * 20_000_000)?.sequence
        }
        #expect(relay(10) == 500)
        stream.skip(source: 9, sequence: 11)
        stream.skip(source: 9, sequence: 12)
        #expect(relay(13) == 501)
        // One that was lost before the next key, and comes late: its number is taken.
        stream.skip(source: 9, sequence: 15)
        #expect(relay(16) == 503)
        #expect(relay(14) == nil)
        #expect(relay(17) == 504)
        // A key of somebody else's stream, and an old one, change nothing.
        stream.skip(source: 8, sequence: 18)
        stream.skip(source: 9, sequence: 12)
        #expect(relay(18) == 505)
    }
}
