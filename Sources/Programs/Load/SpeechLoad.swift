// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// Sets calls up, measures while they talk, ends them.
struct SpeechLoad {
    let options: LoadOptions
    let speech: SpeechOptions
    /// The port of the far party; nil: the switch itself is the other end.
    let farPort: UInt16?

    func run() throws -> Int32 {
        let local = try options.localAddress()
        let meter = try options.meter()
        let streams = farPort == nil ? speech.calls : speech.calls * 2
        let pump = try MediaPump(streams: streams, socketCount: 1 + streams / 100, local: local)
        let script = try CallScript(
            CallScript.Settings(
                remote: options.remoteEndpoint(), local: local, number: options.number, farPort: farPort,
                payloadType: speech.payloadType, talkNanoseconds: nil),
            pump: pump, callsAtOnce: speech.calls)
        try pump.start()
        defer { pump.finish() }

        var figures = Figures()
        let direct = speech.baseline > 0 ? baseline(pump, streams: streams, local: local) : nil
        let memoryBefore = meter?.residentKilobytes()
        setUp(script)
        wait(script, nanoseconds: 1_000_000_000)

        let talking = script.talking
        let ownBefore = ownProcessorMilliseconds()
        let processorBefore = meter?.processorMilliseconds()
        pump.post(.openWindow)
        let began = Clock.monotonic()
        wait(script, nanoseconds: speech.seconds.asNanoseconds)
        pump.post(.closeWindow)
        let elapsed = Double(Clock.monotonic() - began) / 1_000_000
        let processorAfter = meter?.processorMilliseconds()
        let own = ownProcessorMilliseconds() - ownBefore
        let memoryAfter = meter?.residentKilobytes()
        // What is still on its way arrives; what is not here by then is lost.
        wait(script, nanoseconds: 1_000_000_000)
        let result = pump.takeResult()
        tearDown(script)

        figures.add("calls", speech.calls, "calls")
        figures.add("calls.up", talking, "calls")
        figures.add("calls.failed", script.tally.failed, "calls")
        figures.add("packets.sent", result.sent, "packets")
        figures.add("packets.lost", result.lost, "packets")
        figures.add("packets.duplicated", result.duplicates, "packets")
        figures.add("packets.reordered", result.reordered, "packets")
        figures.add("packets.crossed", result.strays, "packets")
        figures.add("packets.foreign", result.unmarked, "packets")
        add(result.delays, "delay", to: &figures)
        if let direct {
            add(direct.delays, "baseline", to: &figures)
            for (name, share) in shares {
                let added = result.delays.quantile(share) - direct.delays.quantile(share)
                figures.add("added.\(name)", Double(added) / 1_000, "ms")
            }
        }
        if talking > 0, let processorBefore, let processorAfter {
            let percent = (processorAfter - processorBefore) / elapsed * 100
            figures.add("switch.cpu", percent, "percent of a core")
            figures.add("switch.cpu.per-call", percent / Double(talking), "percent of a core", places: 4)
        }
        if talking > 0, let memoryBefore, let memoryAfter {
            figures.add("switch.memory", memoryAfter, "kB")
            figures.add("switch.memory.per-call", Double(memoryAfter - memoryBefore) / Double(talking), "kB", places: 1)
        }
        figures.add("load.cpu", own / elapsed * 100, "percent of a core")
        figures.add("load.late", result.lateTicks, "ticks")
        figures.add("load.send-failures", result.sendFailures, "packets")
        figures.print(asJSON: options.json)
        return talking == speech.calls && result.lost == 0 && script.tally.failed == 0 ? 0 : 1
    }

    private let shares = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)]

    private func add(_ delays: DelayHistogram, _ name: String, to figures: inout Figures) {
        for (share, value) in shares {
            figures.add("\(name).\(share)", Double(delays.quantile(value)) / 1_000, "ms")
        }
        figures.add("\(name).max", Double(delays.maximumMicroseconds) / 1_000, "ms")
    }

    /// The streams sent to each other: what the two ends and the system cost without a switch.
    private func baseline(_ pump: MediaPump, streams: Int, local: UInt32) -> MediaPump.Result {
        for stream in 0..<streams {
            let other = stream ^ 1 < streams ? stream ^ 1 : stream
            let remote = Endpoint(address: local, port: pump.port(ofStream: other))
            pump.post(.send(stream: stream, to: remote, payloadType: speech.payloadType))
        }
        usleep(200_000)
        pump.post(.openWindow)
        usleep(UInt32(speech.baseline * 1_000_000))
        pump.post(.closeWindow)
        usleep(200_000)
        let result = pump.takeResult()
        for stream in 0..<streams { pump.post(.silence(stream: stream)) }
        return result
    }

    private func setUp(_ script: CallScript) {
        let pause = (1 / speech.rate).asNanoseconds
        var due = Clock.monotonic()
        for _ in 0..<speech.calls {
            script.placeCall()
            due += pause
            while Clock.monotonic() < due { script.turn(until: due) }
        }
        let giveUp = Clock.monotonic() + ScriptedCall.giveUpAfter
        while script.isSettingUp, Clock.monotonic() < giveUp { script.turn(until: giveUp) }
    }

    private func tearDown(_ script: CallScript) {
        let pause = (10 / speech.rate).asNanoseconds
        while script.hangUpSome(10) { wait(script, nanoseconds: pause) }
        let giveUp = Clock.monotonic() + 10_000_000_000
        while script.open > 0, Clock.monotonic() < giveUp { script.turn(until: giveUp) }
    }

    private func wait(_ script: CallScript, nanoseconds: Int64) {
        let end = Clock.monotonic() + nanoseconds
        while Clock.monotonic() < end { script.turn(until: end) }
    }

    private func ownProcessorMilliseconds() -> Double {
        ProcessMeter(process: getpid()).processorMilliseconds() ?? 0
    }
}
