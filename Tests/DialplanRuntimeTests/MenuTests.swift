// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Dialplan
import Testing
import Timing

struct MenuTests {
    private static let menu = """
        exten => s,1,Answer
         same => n,Background(welcome&choose)
         same => n,WaitExten(5)
        exten => 1,1,Verbose(one)
         same => n,Hangup
        exten => 2,1,Verbose(two)
        exten => 8001,1,Verbose(seat ${EXTEN})
        exten => _9X.,1,Verbose(outside ${EXTEN:1})
        exten => i,1,Verbose(invalid ${INVALID_EXTEN})
        exten => t,1,Verbose(timeout)
        """

    private func press(_ keys: String, from start: Duration = .seconds(1), every pause: Duration = .milliseconds(400))
        -> [(Duration, Character)]
    {
        keys.enumerated().map { (start + pause * $0.offset, $0.element) }
    }

    @Test("a key that is an extension is gone to at once, in the middle of the prompt")
    func oneKey() async {
        let call = ScriptedCall()
        call.presses = press("1")
        #expect(await call.run(Self.menu).isEmpty)
        #expect(call.said == ["one"])
        #expect(call.now == Instant(nanoseconds: 1_000_000_000))
        #expect(call.log == ["answer", "play welcome", "hang up 16"])
    }

    @Test("a longer number is collected, and entered without waiting when nothing longer fits")
    func wholeNumber() async {
        let call = ScriptedCall()
        call.presses = press("8001")
        _ = await call.run(Self.menu)
        #expect(call.said == ["seat 8001"])
        #expect(call.now == Instant(nanoseconds: 2_200_000_000))
    }

    @Test("a number that could go on is entered after the pause between digits")
    func openNumber() async {
        let call = ScriptedCall()
        call.presses = press("912")
        _ = await call.run(Self.menu)
        #expect(call.said == ["outside 12"])
        #expect(call.now == Instant(nanoseconds: 6_800_000_000))
    }

    @Test("TIMEOUT(digit) shortens that pause")
    func digitTimeout() async {
        let call = ScriptedCall()
        call.presses = press("912")
        _ = await call.run(
            "exten => s,1,Set(TIMEOUT(digit)=1.5)\n same => n,Background(x)\nexten => _9X.,1,Verbose(${TIMEOUT(digit)})"
        )
        #expect(call.said == ["1.500"])
        #expect(call.now == Instant(nanoseconds: 3_300_000_000))
    }

    @Test("a wrong number goes to i and says which it was")
    func invalid() async {
        let call = ScriptedCall()
        call.presses = press("7")
        _ = await call.run(Self.menu)
        #expect(call.said == ["invalid 7"])
    }

    @Test("an unfinished number goes to i after the pause")
    func unfinished() async {
        let call = ScriptedCall()
        call.presses = press("80")
        _ = await call.run(Self.menu)
        #expect(call.said == ["invalid 80"])
        #expect(call.now == Instant(nanoseconds: 6_400_000_000))
    }

    @Test("after a first key the pause between digits counts, not the longer one before it")
    func firstKeyOnly() async {
        let call = ScriptedCall()
        call.presses = press("8")
        _ = await call.run(Self.menu)
        #expect(call.said == ["invalid 8"])
        #expect(call.now == Instant(nanoseconds: 6_000_000_000))
    }

    @Test("a caller who presses nothing goes to t")
    func timeout() async {
        let call = ScriptedCall()
        _ = await call.run(Self.menu)
        #expect(call.said == ["timeout"])
        #expect(call.now == Instant(nanoseconds: 9_000_000_000))
    }

    @Test("after WaitExten a further priority comes before t")
    func goesOnAfterWaiting() async {
        let call = ScriptedCall()
        _ = await call.run("exten => s,1,WaitExten(3)\n same => n,Verbose(again)\nexten => t,1,Verbose(timeout)")
        #expect(call.said == ["again"])
    }

    @Test("with autofallthrough=no the caller may dial when the priorities have run out")
    func noFallThrough() async {
        let call = ScriptedCall()
        call.presses = press("1", from: .seconds(4))
        _ = await call.run("exten => s,1,Answer\nexten => 1,1,Verbose(one)\n[general]\nautofallthrough=no")
        #expect(call.said.first == "one")
    }

    @Test("keys pressed during Playback and Wait are forgotten")
    func forgotten() async {
        let call = ScriptedCall()
        call.presses = press("1", from: .milliseconds(500)) + press("1", from: .milliseconds(2_500))
        _ = await call.run(
            "exten => s,1,Playback(x)\n same => n,Wait(1)\n same => n,WaitExten(2)\nexten => 1,1,Verbose(one)\nexten => t,1,Verbose(timeout)"
        )
        #expect(call.said == ["timeout"])
    }

    @Test("Background with m is only ended by keys that are extensions")
    func matchingKeysOnly() async {
        let call = ScriptedCall()
        call.presses = press("72", from: .milliseconds(500))
        _ = await call.run("exten => s,1,Background(x,m)\nexten => 2,1,Verbose(two)")
        #expect(call.said == ["two"])
    }

    @Test("Background finds single keys in the context it is told")
    func otherContext() async {
        let call = ScriptedCall()
        call.presses = press("5")
        _ = await call.run("exten => s,1,Background(x,,,menu)\n[menu]\nexten => 5,1,Verbose(five in ${CONTEXT})")
        #expect(call.said == ["five in menu"])
    }
}
