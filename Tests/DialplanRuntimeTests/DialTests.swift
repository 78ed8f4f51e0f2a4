// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Dialplan
import DialplanRuntime
import Testing
import Timing

struct DialTests {
    private func answered(_ talk: Duration) -> DialResult {
        DialResult(status: .answer, cause: .normalClearing, dialled: .seconds(4), answered: talk)
    }

    @Test("Dial rings all its targets for the time given")
    func targets() async throws {
        let call = ScriptedCall()
        let diagnostics = await call.run(
            "exten => s,1,Dial(SIP/8001&PJSIP/8003&Seat/8004&Trunk/line1/138&SIP/line2/139&PJSIP/140@line3,25,tTr)")
        #expect(diagnostics.isEmpty)
        let request = try #require(call.requests.first)
        #expect(
            request.targets == [
                .seat("8001"), .seat("8003"), .seat("8004"), .trunk(name: "line1", number: "138"),
                .trunk(name: "line2", number: "139"), .trunk(name: "line3", number: "140"),
            ])
        #expect(request.timeout == .seconds(25))
        #expect(request.forcesRingback)
        #expect(!request.continuesAfterHangup)
    }

    @Test("after nobody answered the dialplan goes on and knows why")
    func noAnswer() async {
        let call = ScriptedCall()
        _ = await call.run(
            """
            exten => s,1,Dial(SIP/8001,10)
             same => n,Verbose(${DIALSTATUS} ${HANGUPCAUSE} ${DIALEDTIME} ${ANSWEREDTIME})
            """)
        #expect(call.said == ["NOANSWER 19 10 0"])
    }

    @Test("after the talk the call ends and only h sees how it was")
    func talk() async {
        let call = ScriptedCall()
        call.dialResults = [answered(.seconds(65))]
        _ = await call.run(
            """
            exten => s,1,Dial(SIP/8001,30)
             same => n,Verbose(never)
            exten => h,1,Verbose(${DIALSTATUS} ${DIALEDTIME} ${ANSWEREDTIME})
            """)
        #expect(call.said == ["ANSWER 69 65"])
        #expect(call.log.last == "hang up 16")
    }

    @Test("with option g the dialplan goes on after the talk")
    func goesOn() async {
        let call = ScriptedCall()
        call.dialResults = [answered(.seconds(5))]
        _ = await call.run(
            """
            exten => s,1,Dial(SIP/8001,30,gS(60)L(30000:5000))
             same => n,Verbose(after)
            """)
        #expect(call.said == ["after"])
        #expect(call.requests.first?.answeredLimit == .seconds(30))
    }

    @Test("a busy seat is told busy when the priorities run out")
    func busyFallsThrough() async {
        let call = ScriptedCall()
        call.dialResults = [DialResult(status: .busy, cause: .userBusy, dialled: .seconds(1), answered: .zero)]
        _ = await call.run("exten => s,1,Dial(SIP/8001)")
        #expect(call.log == ["dial Seat/8001", "hang up 17"])
    }

    @Test("an answered caller hears the busy tone for ten seconds")
    func busyTone() async {
        let call = ScriptedCall()
        call.dialResults = [DialResult(status: .busy, cause: .userBusy, dialled: .seconds(1), answered: .zero)]
        _ = await call.run("exten => s,1,Answer\n same => n,Dial(SIP/8001)")
        #expect(call.log == ["answer", "dial Seat/8001", "tone busy", "sleep 10000", "hang up 17"])
    }

    @Test("a target of an unknown kind is told, and without any other the status is CHANUNAVAIL")
    func unknownTarget() async {
        let call = ScriptedCall()
        _ = await call.run("exten => s,1,Dial(DAHDI/g0/5551212,10)\n same => n,Verbose(${DIALSTATUS})")
        #expect(call.said == ["CHANUNAVAIL"])
        #expect(call.notes["dial.unknownTarget"]?.first?["target"] == "DAHDI/g0/5551212")
        #expect(call.requests.isEmpty)
    }

    @Test("a caller who hangs up while it rings comes to h")
    func callerGivesUp() async {
        let call = ScriptedCall()
        call.hangsUpAt = .seconds(3)
        _ = await call.run(
            """
            exten => s,1,Dial(SIP/8001,30)
             same => n,Verbose(never)
            exten => h,1,Verbose(gone ${HANGUPCAUSE})
             same => n,Wait(1)
             same => n,Verbose(cannot wait any more)
            """)
        #expect(call.said == ["gone 16"])
        #expect(call.now == Instant(nanoseconds: 3_000_000_000))
    }
}
