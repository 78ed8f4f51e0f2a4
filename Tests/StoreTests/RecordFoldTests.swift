// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing
import Timing

@testable import Store

@Suite("Records of calls, legs, talks and links")
struct RecordFoldTests {
    private let ids: PlainCall
    private let other: PlainCall

    init() {
        var source = IdentifierSource(run: 3)
        ids = PlainCall(&source)
        other = PlainCall(&source)
    }

    @Test("an answered call: who with whom, when, how long, how it ended")
    func answered() throws {
        // 0 start, 1 caller's leg, 2 dial, 3 called leg, 4 ringing, 5 it answered, 6 caller answered, 7 recording, 8 talk,
        // 9 its end, 10 called leg ended, 11 caller's ended, 12 call ended
        let rows = Folded(ids.events(answered: true, recorded: true)).rows
        let call = try #require(rows.calls.first)
        #expect(call.call == ids.call)
        #expect(call.origin == ids.caller)
        #expect(call.from == .seat("8001"))
        #expect(call.to == .seat("8002"))
        #expect(call.started.microseconds == 100_000_000)
        #expect(call.answered?.microseconds == 106_000_000)
        #expect(call.connected?.microseconds == 108_000_000)
        // With its last leg, whatever was still to be done behind it.
        #expect(call.ended.microseconds == 111_000_000)
        #expect(call.duration == .seconds(11))
        #expect(call.answeredDuration == .seconds(5))
        #expect(call.disposition == .answered)
        #expect(call.endedBy == .callee)
        #expect(call.recording == "/tmp/x.wav")
        #expect((call.firstSequence, call.lastSequence) == (1, 13))
        #expect(rows.legs.map(\.leg) == [ids.called, ids.caller])
        #expect(rows.legs[0].ringing?.microseconds == 104_000_000)
        #expect(rows.legs[0].codec == "PCMA")
        #expect(rows.legs[0].sipStatus == 200)
        #expect(rows.legs[0].statistics.packetsReceived == 500)
        #expect(rows.legs[0].duration == .seconds(7))
        #expect(rows.legs.map(\.talk) == [.seconds(1), .seconds(1)])
        #expect(rows.legs.map(\.isIncoming) == [false, true])
        #expect(
            rows.talks == [
                TalkRecord(
                    call: ids.call, leg: ids.caller, peer: ids.called,
                    started: WallTime(microseconds: 108_000_000), duration: .seconds(1))
            ])
    }

    @Test("the wall clock, set back and forth, dates what happens and measures nothing")
    func wallClock() throws {
        var events = ids.events(answered: true)
        for index in events.indices {
            events[index].at = Instant(nanoseconds: Int64(index) * 1_500_000_000)
            events[index].time = WallTime(microseconds: index % 2 == 0 ? 900_000_000 : 5)
        }
        let rows = Folded(events, keepingTimes: true).rows
        #expect(rows.calls.map(\.duration) == [.milliseconds(1500 * 10)])
        #expect(rows.talks.map(\.duration) == [.milliseconds(1500)])
        #expect(rows.calls.map(\.ended.microseconds) == [900_000_000])
    }

    @Test("a call nobody answered names whom it was for")
    func unanswered() throws {
        let rows = Folded(ids.events(answered: false)).rows
        let call = try #require(rows.calls.first)
        #expect(call.answered == nil)
        #expect(call.connected == nil)
        #expect(call.to == .seat("8002"))
        #expect(call.answeredDuration == .zero)
        #expect(call.disposition == .noAnswer)
        #expect(call.cause == .noAnswer)
        #expect(rows.talks == [])
    }

    @Test("of several phones rung, the one that talked counts; one that was never told to end ends with the call")
    func forked() throws {
        var events = ids.events(answered: true)
        events.insert(
            LedgerEvent(
                seconds: 0, call: ids.call, leg: other.called,
                LegStarted(party: .seat("8003"), incoming: false, sipCallID: "e", address: "")), at: 4)
        let rows = Folded(events).rows
        #expect(rows.calls.map(\.to) == [.seat("8002")])
        #expect(rows.legs.map(\.leg) == [ids.called, ids.caller, other.called])
        #expect(rows.legs[2].ended == rows.calls[0].ended)
    }

    @Test("a talk ends with the leg, whatever else is told, for the other as well")
    func talkEndsWithLeg() throws {
        let events = ids.events(answered: true).filter { $0.name != TalkEnded.name }
        // 7 talk, 8 called leg ended
        let rows = Folded(events).rows
        #expect(rows.talks.map(\.duration) == [.seconds(1)])
        #expect(rows.legs.map(\.talk) == [.seconds(1), .seconds(1)])
    }

    @Test("of three who talk with each other there are three talks, and each leg talked once")
    func threeWay() throws {
        var events = ids.events(answered: true)
        let third = other.called
        func add(_ leg: LegID, _ fact: any LedgerFact, at index: Int) {
            events.insert(LedgerEvent(seconds: 0, call: ids.call, leg: leg, fact), at: index)
        }
        add(third, LegStarted(party: .seat("8003"), incoming: false, sipCallID: "", address: ""), at: 8)
        // 7 first talk, 8 leg, 9 and 10 the other two talks, 11 the first ends, 12 called leg ended
        add(third, TalkStarted(peer: ids.caller), at: 9)
        add(ids.called, TalkStarted(peer: third), at: 10)
        let rows = Folded(events).rows
        #expect(rows.talks.map(\.duration) == [.seconds(4), .seconds(2), .seconds(4)])
        let talk = Dictionary(rows.legs.map { ($0.leg, $0.talk) }, uniquingKeysWith: { $1 })
        // The caller: 107–111 with the called, 109–113 with the third: six seconds with somebody.
        #expect(talk == [ids.caller: .seconds(6), ids.called: .seconds(5), third: .seconds(4)])
    }

    @Test("how long the far side held us is counted, also when it hangs up while it does")
    func held() throws {
        var events = ids.events(answered: true)
        for (index, fact) in [LegHeld(), LegResumed(), LegHeld()].enumerated() as EnumeratedSequence<[any LedgerFact]> {
            events.insert(LedgerEvent(seconds: 0, call: ids.call, leg: ids.caller, fact), at: 8 + index)
        }
        // 8 held, 9 resumed, 10 held, 11 talk ended, 12 called leg ended, 13 caller's ended
        let rows = Folded(events).rows
        #expect(rows.legs.map(\.held) == [.zero, .seconds(4)])
    }

    @Test("a call linked into another is over with the link; what its legs do then counts for the other")
    func link() throws {
        // An attended transfer: the caller of the first call is to talk with the called of the second.
        var events = Array(ids.events(answered: true).prefix(8)) + Array(other.events(answered: true).prefix(8))
        func add(_ call: CallID, _ leg: LegID?, _ fact: any LedgerFact) {
            events.append(LedgerEvent(seconds: 0, call: call, leg: leg, fact))
        }
        // 107 first talk, 115 second talk, 116 the link, both talks still on
        add(other.call, nil, CallLinked(into: ids.call, reason: .transfer))
        let ended = LegEnded(cause: .normalClearing, by: .callee, sipStatus: nil, statistics: LegStatistics())
        add(ids.call, ids.called, ended)  // 117
        add(ids.call, other.caller, ended)  // 118
        add(ids.call, ids.caller, TalkStarted(peer: other.called))  // 119
        add(ids.call, nil, CallEnded(cause: .normalClearing, disposition: .answered, by: .caller))  // 120
        let rows = Folded(events).rows

        #expect(
            rows.links == [
                LinkRecord(
                    call: other.call, into: ids.call, reason: .transfer, time: WallTime(microseconds: 116_000_000))
            ])
        #expect(rows.calls.map(\.call) == [other.call, ids.call])
        #expect(rows.calls.map(\.into) == [ids.call, nil])
        #expect(rows.calls.map(\.duration) == [.seconds(8), .seconds(20)])
        #expect(rows.calls[0].disposition == .answered)
        #expect(
            rows.talks.map {
                [$0.call.rawValue, $0.leg.rawValue, $0.peer.rawValue, UInt64($0.duration.components.seconds)]
            } == [
                [other.call.rawValue, other.caller.rawValue, other.called.rawValue, 1],
                [ids.call.rawValue, ids.caller.rawValue, ids.called.rawValue, 10],
                [ids.call.rawValue, other.caller.rawValue, other.called.rawValue, 2],
                [ids.call.rawValue, ids.caller.rawValue, other.called.rawValue, 1],
            ])
        // The leg is the second call's by birth and ended with the first.
        let last = try #require(rows.legs.first { $0.leg == other.called })
        #expect(last.call == other.call)
        #expect(last.ended.microseconds == 120_000_000)
        #expect(last.talk == .seconds(4))
    }

    @Test("calls linked in a chain, in a circle, to themselves or to nothing leave nothing open")
    func chains() {
        var source = IdentifierSource(run: 9)
        let calls = (0..<4).map { _ in PlainCall(&source) }
        var events = calls.flatMap { $0.events(answered: true).prefix(2) }
        func link(_ call: CallID, _ into: CallID) {
            events.append(LedgerEvent(seconds: 0, call: call, CallLinked(into: into, reason: .conference)))
        }
        link(calls[0].call, calls[0].call)
        link(calls[0].call, source.nextCall())
        link(source.nextCall(), calls[0].call)
        link(calls[0].call, calls[1].call)
        link(calls[1].call, calls[2].call)
        // Its survivor is the one that absorbed both.
        link(calls[3].call, calls[0].call)
        link(calls[2].call, calls[3].call)
        link(calls[2].call, calls[0].call)
        events.append(
            LedgerEvent(
                seconds: 0, call: calls[2].call,
                CallEnded(cause: .normalClearing, disposition: .answered, by: .system)))
        let folded = Folded(events)
        #expect(folded.rows.links.map(\.into) == [calls[1].call, calls[2].call, calls[2].call])
        #expect(folded.fold.calls.open.isEmpty)
        #expect(folded.fold.legs.open.isEmpty)
        #expect(folded.rows.calls.count == 4)
        #expect(folded.rows.legs.count == 4)
        #expect(folded.rows.closed.isEmpty && folded.rows.opened.isEmpty)
        #expect(folded.fold.strays == 5)
    }

    @Test("facts of calls and legs that are not open change nothing, in any order and number")
    func strays() {
        let events = ids.events(answered: true)
        let folded = Folded(Array(events.dropFirst()))
        // The dial is nobody's concern here.
        #expect(folded.fold.strays == events.count - 2)
        #expect(folded.rows.calls.isEmpty && folded.rows.legs.isEmpty && folded.rows.talks.isEmpty)
    }

    @Test("calls whose end was lost do not pile up: beyond the bound the oldest is closed, when it was last heard of")
    func bound() {
        var source = IdentifierSource(run: 1)
        var fold = RecordFold()
        var sequence: UInt64 = 0
        for index in 0..<CallFold.maximumOpenCalls + 2 {
            let call = PlainCall(&source)
            for event in call.events(answered: false).prefix(2) {
                var event = event
                event.at = Instant(nanoseconds: Int64(index) * 1_000_000_000)
                sequence += 1
                fold.apply(NumberedLedgerEvent(sequence: sequence, event: event))
            }
        }
        #expect(fold.calls.open.count == CallFold.maximumOpenCalls)
        #expect(fold.legs.open.count == CallFold.maximumOpenCalls)
        let rows = fold.takeRows()
        #expect(rows.calls.map(\.firstSequence) == [1, 3])
        #expect(rows.calls.map(\.duration) == [.zero, .zero])
        #expect(rows.legs.count == 2)
    }
}
