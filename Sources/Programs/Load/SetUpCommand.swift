// SPDX-License-Identifier: AGPL-3.0-or-later
internal import ArgumentParser

struct SetUpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-up", abstract: "Short calls without speech at a steady rate: INVITE to 200, and failures.")

    @OptionGroup var options: LoadOptions

    @Option(help: "Calls a second.")
    var rate = 40.0

    @Option(help: "Seconds of new calls.")
    var seconds = 30.0

    @Option(help: "How long each call stays up, in seconds.")
    var talk = 0.1

    @Option(help: "The port the switch's trunk leads to.")
    var farPort: UInt16 = 5080

    func validate() throws {
        guard rate > 0, rate <= 10_000 else { throw ValidationError("--rate takes more than 0 and at most 10000") }
        guard seconds > 0, seconds <= 86_400, talk >= 0, talk <= 3_600 else {
            throw ValidationError("--seconds takes up to 86400, --talk up to 3600")
        }
    }

    func run() throws {
        let meter = try options.meter()
        let script = try CallScript(
            CallScript.Settings(
                remote: options.remoteEndpoint(), local: options.localAddress(), number: options.number,
                farPort: farPort, payloadType: 8, talkNanoseconds: talk.asNanoseconds),
            pump: nil, callsAtOnce: 0)
        let before = meter?.processorMilliseconds()
        let pause = (1 / rate).asNanoseconds
        let began = Clock.monotonic()
        var due = began
        while due - began < seconds.asNanoseconds {
            script.placeCall()
            due += pause
            while Clock.monotonic() < due { script.turn(until: due) }
        }
        let giveUp = Clock.monotonic() + ScriptedCall.giveUpAfter + talk.asNanoseconds
        while script.open > 0, Clock.monotonic() < giveUp { script.turn(until: giveUp) }
        let after = meter?.processorMilliseconds()

        let tally = script.tally
        var figures = Figures()
        figures.add("calls", tally.attempted, "calls")
        figures.add("calls.completed", tally.completed, "calls")
        figures.add("calls.failed", tally.failed, "calls")
        for (status, count) in tally.refused.sorted(by: { $0.key < $1.key }) {
            figures.add("calls.refused.\(status)", count, "calls")
        }
        figures.add("requests.repeated", tally.repeatedRequests, "requests")
        figures.add("answer.p50", Double(tally.setUp.quantile(0.5)) / 1_000, "ms")
        figures.add("answer.p99", Double(tally.setUp.quantile(0.99)) / 1_000, "ms")
        figures.add("answer.max", Double(tally.setUp.maximumMicroseconds) / 1_000, "ms")
        if tally.completed > 0, let before, let after {
            figures.add("switch.cpu.per-call", (after - before) / Double(tally.completed), "CPU-ms")
        }
        figures.print(asJSON: options.json)
        if tally.failed > 0 || tally.completed < tally.attempted { throw ExitCode(1) }
    }
}
