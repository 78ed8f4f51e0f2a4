// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing

@Suite("Identifiers")
struct IdentifierTests {
    @Test("call and leg numbers read back from their text, and nothing else does")
    func text() {
        let call = CallID(rawValue: 0xFEDC_BA98_7654_3210)
        #expect(CallID(call.description) == call)
        #expect(LegID(LegID(rawValue: 77).description) == LegID(rawValue: 77))
        for text in ["", "+1", "-1", "0x1", "1.2", "g", "10000000000000000", " 1"] {
            #expect(CallID(text) == nil, "\(text)")
            #expect(LegID(text) == nil, "\(text)")
        }
    }

    @Test("no number comes twice, within a run or in a later one, for a call or a leg")
    func unique() {
        var seen: Set<UInt64> = []
        var drawn = 0
        for run in [0, 1, 2, IdentifierSource.lastRun - 1, IdentifierSource.lastRun] {
            var source = IdentifierSource(run: run)
            for _ in 0..<500 {
                seen.insert(source.nextCall().rawValue)
                seen.insert(source.nextLeg().rawValue)
                drawn += 2
            }
        }
        #expect(seen.count == drawn)
        #expect(!seen.contains(0))
    }

    @Test("later numbers are greater, over runs too")
    func order() {
        var first = IdentifierSource(run: 1)
        var second = IdentifierSource(run: 2)
        let early = [first.nextCall(), first.nextCall()]
        #expect(early[0] < early[1])
        #expect(early[1] < second.nextCall())
    }

    @Test(
        "a party reads back whatever is in its number",
        arguments: [
            Party.seat("8001"), .seat("a/b/c"), .seat(""), .trunk("gw", number: "1/2"), .trunk("gw", number: ""),
            .other("x"), .other("seat/1"), .other(""), .other("a/b/c/d"),
        ])
    func party(party: Party) {
        #expect(Party(party.description) == party)
    }
}

@Suite("Hang-up causes")
struct HangupCauseTests {
    @Test("the cause told to a caller is the cause read from the response")
    func roundTrip() {
        for cause in [
            HangupCause.userBusy, .noAnswer, .unallocatedNumber, .callRejected, .switchCongestion, .numberChanged,
            .noUserResponding, .invalidNumberFormat, .recoveryOnTimerExpire,
        ] {
            #expect(HangupCause(sipStatus: cause.sipStatus) == cause)
        }
    }

    @Test("a cause that no list has keeps its number, has a text and a final response")
    func unknown() {
        let cause = HangupCause(rawValue: 112)
        #expect(cause.rawValue == 112)
        #expect(cause.text == "Cause 112")
        #expect(cause.sipStatus == 500)
        for number in -1...200 { #expect((400..<700).contains(HangupCause(rawValue: number).sipStatus)) }
    }

    @Test("what comes from outside is one of the 127")
    func outside() {
        #expect(HangupCause(q850: 17) == .userBusy)
        #expect(HangupCause(q850: 77)?.rawValue == 77)
        for number in [0, -1, 128, .max, .min] { #expect(HangupCause(q850: number) == nil) }
    }
}
