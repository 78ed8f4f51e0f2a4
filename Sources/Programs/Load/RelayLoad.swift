// SPDX-License-Identifier: AGPL-3.0-or-later
internal import ArgumentParser
internal import Glibc

/// Speech straight through a relay that knows no calls: what the machine needs for the packets alone.
struct RelayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay", abstract: "Speech through a bare relay: the yardstick of bridge.",
        discussion: "The relay joins the ports BASE+2i and BASE+2i+1; tools/bench.d/relay.c is one.")

    @OptionGroup var options: LoadOptions
    @OptionGroup var speech: SpeechOptions

    func run() throws {
        let local = try options.localAddress()
        let relay = try options.remoteEndpoint()
        let meter = try options.meter()
        let streams = speech.calls * 2
        guard Int(relay.port) + streams <= 65_535 else {
            throw ValidationError("--switch leaves no room for the ports")
        }
        let pump = try MediaPump(streams: streams, socketCount: 1 + streams / 100, local: local)
        try pump.start()
        defer { pump.finish() }
        for stream in 0..<streams {
            let port = relay.port + UInt16(stream)
            pump.post(
                .send(stream: stream, to: Endpoint(address: relay.address, port: port), payloadType: speech.payloadType)
            )
        }
        usleep(1_000_000)
        let processorBefore = meter?.processorMilliseconds()
        pump.post(.openWindow)
        let began = Clock.monotonic()
        usleep(UInt32(min(speech.seconds, 4_000) * 1_000_000))
        pump.post(.closeWindow)
        let elapsed = Double(Clock.monotonic() - began) / 1_000_000
        let processorAfter = meter?.processorMilliseconds()
        usleep(500_000)
        let result = pump.takeResult()

        var figures = Figures()
        figures.add("packets.sent", result.sent, "packets")
        figures.add("packets.lost", result.lost, "packets")
        for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
            figures.add("delay.\(name)", Double(result.delays.quantile(share)) / 1_000, "ms")
        }
        if let processorBefore, let processorAfter {
            let percent = (processorAfter - processorBefore) / elapsed * 100
            figures.add("relay.cpu.per-call", percent / Double(speech.calls), "percent of a core", places: 4)
        }
        figures.print(asJSON: options.json)
    }
}
