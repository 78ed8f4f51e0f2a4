// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Diagnostics
import Dialplan
import DialplanRuntime
import Testing
import Timing

struct FlowTests {
    @Test("each step is traced with file, line and what its arguments became")
    func trace() async {
        let call = ScriptedCall()
        _ = await call.run(
            "exten => _8XXX,1,NoOp(to ${EXTEN} from ${CALLERID(num)})\n same => n,Hangup(17)", from: "8005")
        #expect(
            call.steps == [
                "extensions.conf:2 8005,1 NoOp(to 8005 from 8002)", "extensions.conf:3 8005,2 Hangup(17)",
            ])
        #expect(call.log == ["hang up 17"])
    }

    @Test("Goto goes to priorities, labels, extensions and contexts")
    func jumps() async {
        let call = ScriptedCall()
        let diagnostics = await call.run(
            """
            exten => s,1,Goto(3)
             same => n,Verbose(never)
             same => n,Verbose(third)
             same => n,Goto(there)
             same => n,Verbose(never)
             same => n(there),Verbose(there)
             same => n,GotoIf($[${LEN(abc)} = 3]?two,1)
            exten => two,1,GotoIf(0?nowhere:other,3,label)
            [other]
            exten => 3,1,Verbose(never)
             same => n(label),Verbose(${CONTEXT} ${EXTEN} ${PRIORITY})
            """)
        #expect(call.said == ["third", "there", "other 3 2"])
        #expect(diagnostics.filter { $0.severity == .error }.map(\.line) == [9])
    }

    @Test("a loop of Gotos is ended, noted, and cannot run for ever")
    func loop() async {
        let call = ScriptedCall()
        _ = await call.run("exten => s,1,NoOp\n same => n,Goto(1)\nexten => h,1,Verbose(end)\n same => n,Goto(h,1)")
        #expect(call.notes["dialplan.loop"]?.count == 2)
        #expect(call.log == ["hang up 41"])
        #expect(call.steps.count < 5_000)
    }

    @Test("a loop that takes time goes on until the caller hangs up")
    func patientLoop() async {
        let call = ScriptedCall()
        call.hangsUpAt = .seconds(5_000)
        _ = await call.run("exten => s,1,Wait(1)\n same => n,Goto(1)")
        #expect(call.notes["dialplan.loop"] == nil)
        #expect(call.now == Instant(nanoseconds: 5_000_000_000_000))
    }

    @Test("an extension that is not there is answered with 404's cause, or goes to i")
    func noSuchExtension() async {
        let call = ScriptedCall()
        _ = await call.run("exten => 1,1,NoOp", from: "2")
        #expect(call.log == ["hang up 1"])
        let other = ScriptedCall()
        _ = await other.run("exten => 1,1,Goto(5,1)\nexten => i,1,Verbose(no ${INVALID_EXTEN})", from: "1")
        #expect(other.said == ["no 5"])
    }

    @Test("a subroutine has its own arguments and gives a value back")
    func subroutine() async {
        let call = ScriptedCall()
        let diagnostics = await call.run(
            """
            exten => s,1,Set(ARG1=mine)
             same => n,Set(WHAT=outer)
             same => n,Gosub(sub,s,1(a,"b,c"))
             same => n,Verbose(${GOSUB_RETVAL} ${ARG1}${ARG2} ${WHAT})
            [sub]
            exten => s,1,Set(LOCAL(WHAT)=inner)
             same => n,Gosub(inner,1(x))
             same => n,Return(${ARGC} ${ARG1} ${ARG2})
            exten => inner,1,Verbose(${ARG1}|${ARG2})
             same => n,Return()
            """)
        #expect(diagnostics.isEmpty)
        #expect(call.said == ["x|", "2 a b,c mine outer"])
    }

    @Test("ExecIf runs one of two applications, also such that go elsewhere")
    func execIf() async {
        let call = ScriptedCall()
        let diagnostics = await call.run(
            """
            exten => s,1,ExecIf($["${CALLERID(num)}" = "8002"]?Verbose(yes, indeed):Verbose(no))
             same => n,ExecIf(0?Hangup():Goto(5))
             same => n,Verbose(never)
             same => n,Verbose(never)
             same => n,Verbose(five)
            """)
        #expect(diagnostics.filter { $0.severity == .error }.isEmpty)
        #expect(call.said == ["yes, indeed", "five"])
    }

    @Test("GotoIfTime goes by the site's clock")
    func time() async {
        let call = ScriptedCall()
        _ = await call.run(
            """
            exten => s,1,GotoIfTime(9:00-17:00,mon-fri,*,*?open)
             same => n,Verbose(closed)
             same => n(open),Verbose(open)
             same => n,GotoIfTime(17:01-8:59,*,*,*?closed)
             same => n,Verbose(still open)
             same => n(closed),NoOp
            """)
        #expect(call.said == ["open", "still open"])
    }

    @Test("globals are seen by later calls, and variables are not")
    func globals() async {
        let globals = GlobalVariables()
        let first = ScriptedCall()
        _ = await first.run("exten => s,1,Set(GLOBAL(NIGHT)=1)\n same => n,Set(MINE=2)", globals: globals)
        let second = ScriptedCall()
        _ = await second.run("exten => s,1,Verbose(${NIGHT}${GLOBAL(NIGHT)}[${MINE}])", globals: globals)
        #expect(second.said == ["11[]"])
    }

    @Test("the call ends by T when its absolute time is over")
    func absoluteTimeout() async {
        let call = ScriptedCall()
        _ = await call.run(
            """
            exten => s,1,Set(TIMEOUT(absolute)=30)
             same => n,Wait(60)
             same => n,Verbose(never)
            exten => T,1,Verbose(over)
            """)
        #expect(call.said == ["over"])
        #expect(call.now == Instant(nanoseconds: 30_000_000_000))
    }

    @Test("each Set of the absolute time counts from its own moment, 0 takes it away, and a prompt is interrupted")
    func absoluteTimeoutIsSetAnew() async {
        let call = ScriptedCall()
        call.soundLength = .seconds(30)
        _ = await call.run(
            """
            exten => s,1,Set(TIMEOUT(absolute)=5)
             same => n,Wait(3)
             same => n,Verbose(${TIMEOUT(absolute)})
             same => n,Set(TIMEOUT(absolute)=10)
             same => n,Wait(8)
             same => n,Set(TIMEOUT(absolute)=0)
             same => n,Wait(100)
             same => n,Verbose(${TIMEOUT(absolute)})
             same => n,Set(TIMEOUT(absolute)=4)
             same => n,Playback(long,noanswer)
            exten => T,1,Verbose(over)
            """)
        #expect(call.said == ["2.000", "0.000", "over"])
        #expect(call.now == Instant(nanoseconds: 115_000_000_000))
    }

    @Test("a missing sound is noted and the dialplan goes on")
    func missingSound() async {
        let call = ScriptedCall()
        call.missingSounds = ["gone"]
        _ = await call.run(
            "exten => s,1,Playback(gone&here)\n same => n,Verbose(${PLAYBACKSTATUS})\n same => n,SayDigits(1*)")
        #expect(call.said == ["FAILED"])
        #expect(call.log == ["answer", "play here", "play digits/1", "play digits/star", "hang up 16"])
        #expect(call.notes["sound.missing"]?.first?["sound"] == "gone")
    }

    @Test("Playback with noanswer or skip leaves an unanswered call so", arguments: ["noanswer", "skip"])
    func unanswered(option: String) async {
        let call = ScriptedCall()
        _ = await call.run("exten => s,1,Playback(x,\(option))")
        #expect(call.log == (option == "skip" ? ["hang up 16"] : ["play x", "hang up 16"]))
    }

    @Test("an application of a module runs with its arguments and variables")
    func module() async {
        let call = ScriptedCall()
        let diagnostics = await call.run(
            "exten => s,1,Greet(a,\"b,c\")\n same => n,Verbose(${GREETED} ${EXTEN})\n same => n,greet(end)\n same => n,Verbose(never)",
            modules: [Greeting()])
        #expect(diagnostics.isEmpty)
        #expect(call.said == ["a|b,c s"])
        #expect(call.log == ["hang up 21"])
    }

    @Test("a feature code runs its application alone")
    func feature() async {
        let call = ScriptedCall()
        let dialplan = DialplanDocument.parse("[in]\nexten => h,1,Verbose(end)").dialplan
        let program = DialplanProgram(dialplan: dialplan, modules: [Greeting()], globals: GlobalVariables(dialplan))
        await program.run(call, application: "Greet", arguments: ["x,y"], context: "in", extension: "*43")
        #expect(call.steps.first == "features:0 *43,1 Greet(\"x,y\")")
        #expect(call.said == ["end"])
        #expect(call.log == ["hang up 16"])
    }
}

/// Keeps its arguments in GREETED; `end` ends the call.
struct Greeting: Module {
    let name = "greeting"
    var applications: [ModuleApplication] {
        [
            ModuleApplication(name: "Greet", synopsis: "", minimumArguments: 1, maximumArguments: 2) { context in
                if context.argument(0) == "end" { return .hangUp(.callRejected) }
                context.variables.setVariable("GREETED", context.arguments.joined(separator: "|"))
                return .next
            }
        ]
    }
}
