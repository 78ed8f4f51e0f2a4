// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing

@Suite struct LedgerFieldsTests {
    static let kinds: [LedgerEventKind] = [
        .serverStarted(version: "1"), .serverStopped, .eventsLost(count: 3),
        .callStarted(
            from: .trunk("gateway", number: "138"), caller: CallerIdentity(number: "138", name: "A \"B\""),
            dialled: "8001", context: "from-seats"),
        .callEnded(cause: .userBusy, disposition: .busy, by: .callee),
        .legStarted(party: .seat("8001"), incoming: true, sipCallID: "x@y", address: "127.0.0.1:5062"),
        .legRinging, .legAnswered(codec: "PCMA"), .legHeld, .legResumed,
        .legEnded(cause: .normalClearing, by: .caller, sipStatus: 200, statistics: LegStatistics()),
        .legEnded(cause: .noAnswer, by: .system, sipStatus: nil, statistics: LegStatistics()),
        .bridged(peer: 2), .unbridged(peer: 2),
        .applicationStarted(
            DialplanStep(
                file: "extensions.conf", line: 3, context: "c", exten: "s", priority: 1, application: "Dial",
                arguments: "Seat/8001,30")),
        .digit("#"), .dialStarted(targets: "Seat/8001"), .dialEnded(status: .noAnswer, cause: .noAnswer),
        .recordingStarted(path: "/a"), .recordingStopped(path: "/a", milliseconds: 1, error: nil),
        .recordingStopped(path: "/a", milliseconds: 1, error: "disk full"), .mediaTimedOut,
        .registered(address: "8001", contact: "sip:a@b", expiresSeconds: 60, userAgent: "x"),
        .unregistered(address: "8001", contact: "sip:a@b", reason: "expired"),
        .authenticationFailed(user: "8001", source: "127.0.0.1", reason: "wrong password"),
        .note(name: "queue.joined", fields: [LedgerField("queue", "sales")]),
    ]

    @Test(arguments: kinds) func everyEventReadsBackAsItWasWritten(kind: LedgerEventKind) {
        #expect(LedgerEventKind(name: kind.name, fields: kind.fields) == kind)
    }

    @Test func anUnknownNameOrAMissingFieldIsNoEvent() {
        #expect(LedgerEventKind(name: "nothing.known", fields: []) == nil)
        #expect(LedgerEventKind(name: "call.ended", fields: [LedgerField("cause", "16")]) == nil)
    }
}

@Suite struct IdentifierTests {
    @Test func callAndLegNumbersReadBackFromTheirText() {
        let call = CallID(startSecond: 0x6920_0000, shard: 3, counter: 77)
        #expect(CallID(call.description) == call)
        #expect(call.shard == 3)
        let leg = LegID(call: call, index: 2)
        #expect(LegID(leg.description) == leg)
        #expect(LegID("x.y") == nil)
    }

    @Test func theCauseToldToACallerIsTheCauseReadFromTheResponse() {
        for cause in [HangupCause.userBusy, .noAnswer, .unallocatedNumber, .callRejected, .switchCongestion] {
            #expect(HangupCause(sipStatus: cause.sipStatus) == cause)
        }
    }
}
