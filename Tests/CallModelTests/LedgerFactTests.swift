// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing
import Timing

@Suite("Facts of the ledger")
struct LedgerFactTests {
    /// Every core fact, with texts as strangers write them.
    static let hostile = "\"\\/\n\r\t\u{0}\u{1f} 王芳 🦆 & a=b,c"
    static let statistics = {
        var statistics = LegStatistics()
        statistics.packetsReceived = .max
        statistics.packetsSent = 1
        statistics.packetsLost = 2
        statistics.packetsRefused = 3
        statistics.jitter = .max
        return statistics
    }()
    static let leg = LegID(rawValue: .max)
    static let facts: [any LedgerFact & Hashable] = [
        ServerStarted(version: "1", run: 7), ServerStopped(), EventsLost(count: 3), Heartbeat(),
        CallStarted(
            from: .trunk("gateway", number: "138/\(hostile)"), caller: CallerIdentity(number: hostile, name: hostile),
            dialled: hostile, context: "from-seats", origin: leg),
        CallStarted(
            from: .seat("80/01"), caller: CallerIdentity(number: ""), dialled: "", context: "", origin: nil),
        CallEnded(cause: .userBusy, disposition: .busy, by: .callee),
        CallEnded(cause: HangupCause(rawValue: -5), disposition: .cancelled, by: .restart),
        CallLinked(into: CallID(rawValue: .max), reason: .transfer),
        CallLinked(into: CallID(rawValue: 1), reason: LinkReason(rawValue: "queue")),
        LegStarted(party: .other("x/y"), incoming: true, sipCallID: hostile, address: "[2001:db8::1]:5062"),
        LegStarted(party: .seat(hostile), incoming: false, sipCallID: "", address: ""),
        LegRinging(), LegAnswered(codec: "PCMA"), LegHeld(), LegResumed(), MediaTimedOut(), DigitPressed(key: "#"),
        LegEnded(cause: .normalClearing, by: .caller, sipStatus: 200, statistics: statistics),
        LegEnded(cause: .noAnswer, by: .system, sipStatus: nil, statistics: LegStatistics()),
        TalkStarted(peer: leg), TalkEnded(peer: LegID(rawValue: 0)),
        ApplicationStarted(
            DialplanStep(
                file: "extensions.conf", line: 3, context: "c", exten: "s", priority: 1, application: "Dial",
                arguments: hostile)),
        DialStarted(targets: hostile), DialEnded(status: .noAnswer, cause: .noAnswer),
        TransferStarted(kind: .blind, to: hostile, by: leg), TransferStarted(kind: .attended, to: "8001", by: leg),
        TransferEnded(status: "SUCCESS", cause: nil), TransferEnded(status: "FAILURE", cause: .userBusy),
        Parked(slot: "701", by: leg), Parked(slot: "701", by: nil),
        Unparked(slot: "701", by: leg, how: "retrieved"), Unparked(slot: "701", by: nil, how: "timeout"),
        PickedUp(leg: leg), RecordingStarted(path: hostile), RecordingPaused(path: "/a"), RecordingResumed(path: "/a"),
        RecordingStopped(path: "/a", milliseconds: 1, lostMilliseconds: 5, error: nil),
        RecordingStopped(path: "/a", milliseconds: .max, lostMilliseconds: 0, error: hostile),
        Registered(address: "8001", contact: "sip:a@b", expiresSeconds: 60, userAgent: hostile),
        Unregistered(address: "8001", contact: "sip:a@b", reason: "expired"),
        AuthenticationFailed(user: hostile, source: "127.0.0.1", reason: "wrong password"),
        CommandPerformed(name: "transfer", by: "8001", target: "ff", result: "done"),
        Note(name: "queue.joined", fields: [LedgerField("queue", "sales"), LedgerField("queue", hostile)]),
        Note(name: "", fields: []),
    ]

    private func event(_ fact: any LedgerFact) -> LedgerEvent {
        LedgerEvent(time: WallTime(microseconds: 5), at: Instant(nanoseconds: 7), call: CallID(rawValue: 1), fact)
    }

    @Test("every fact reads back from its stored form, and from an event just made", arguments: facts.indices)
    func roundTrip(index: Int) {
        func check<Fact: LedgerFact & Hashable>(_ fact: Fact) {
            let stored = RecordedFact(name: fact.storedName, fields: fact.fields)
            #expect(event(stored).read(Fact.self) == fact)
            #expect(event(fact).read(Fact.self) == fact)
            #expect(event(fact) == event(stored))
        }
        check(Self.facts[index])
    }

    @Test("a fact is not taken for another")
    func distinct() {
        let names = Self.facts.map(\.storedName)
        for (index, fact) in Self.facts.enumerated() {
            let stored = event(RecordedFact(name: fact.storedName, fields: fact.fields))
            let isNote = names[index].hasPrefix("note:")
            #expect((stored.read(CallEnded.self) != nil) == (fact is CallEnded))
            #expect((stored.read(Note.self) != nil) == isNote)
            #expect((event(fact).read(TalkStarted.self) != nil) == (fact is TalkStarted))
        }
        #expect(event(LegHeld()) != event(LegResumed()))
        #expect(event(TalkStarted(peer: Self.leg)) != event(TalkStarted(peer: LegID(rawValue: 1))))
    }

    @Test(
        "a field that is missing or malformed makes no fact",
        arguments: [
            ("call.ended", [LedgerField("cause", "16")]),
            (
                "call.ended",
                [LedgerField("cause", "x"), LedgerField("disposition", "BUSY"), LedgerField("by", "caller")]
            ),
            ("call.ended", [LedgerField("cause", "16"), LedgerField("disposition", "?"), LedgerField("by", "caller")]),
            ("call.ended", []),
        ])
    func malformed(name: String, fields: [LedgerField]) {
        #expect(event(RecordedFact(name: name, fields: fields)).read(CallEnded.self) == nil)
    }

    @Test("a number, a leg, a key that is none is refused")
    func malformedValues() {
        func fields(_ field: String, _ value: String) -> LedgerFields {
            LedgerFields(name: "", [LedgerField(field, value)])
        }
        #expect(TalkStarted(fields: fields("peer", "+1")) == nil)
        #expect(TalkStarted(fields: fields("peer", "1ffffffffffffffff")) == nil)
        #expect(DigitPressed(fields: fields("key", "12")) == nil)
        #expect(DigitPressed(fields: fields("key", "")) == nil)
        #expect(EventsLost(fields: fields("count", "9223372036854775808")) == nil)
    }

    @Test("fields written by earlier versions are still read")
    func earlier() {
        let started = LedgerFields(name: ServerStarted.name, [LedgerField("version", "0.1")])
        #expect(ServerStarted(fields: started) == ServerStarted(version: "0.1", run: 0))
        let stopped = LedgerFields(name: "", [LedgerField("path", "/a"), LedgerField("milliseconds", "20")])
        #expect(
            RecordingStopped(fields: stopped)
                == RecordingStopped(path: "/a", milliseconds: 20, lostMilliseconds: 0, error: nil))
    }

    @Test("durations are stored in microseconds")
    func durations() {
        let field = LedgerField("wait", .milliseconds(1500) + .nanoseconds(999))
        #expect(field.value == "1500000")
        #expect(LedgerFields(name: "", [field]).duration("wait") == .milliseconds(1500))
    }
}
