// SPDX-License-Identifier: AGPL-3.0-or-later
internal import ArgumentParser
internal import Glibc

/// `martlet-load`: calls in numbers, and what the switch makes of them.
@main
struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet-load",
        abstract: "Places many calls through a switch and measures every packet of them.",
        discussion: """
            The switch must take calls from this address and lead the dialled number to the far port (bridge, set-up),
            or echo it (echo); tools/bench.d/site is such a site. Every packet carries its stream, number and time of
            leaving, so loss and one-way delay are exact; the same streams sent to each other without the switch give
            the baseline. One line a figure: name, value, unit.
            """,
        subcommands: [BridgeCommand.self, EchoCommand.self, SetUpCommand.self, RelayCommand.self, LampsCommand.self])
}

/// What every kind of load needs to know.
struct LoadOptions: ParsableArguments {
    @Option(name: .customLong("switch"), help: "The switch's address and port.")
    var remote = "127.0.0.1:5060"

    @Option(help: "The address to call from.")
    var local = "127.0.0.1"

    @Option(help: "What to dial; # becomes the call's number.")
    var number = "1#"

    @Option(help: "The switch's process, for its processor time and memory.")
    var pid: Int32?

    @Flag(help: "One JSON object instead of lines.")
    var json = false

    func remoteEndpoint() throws -> Endpoint {
        guard let endpoint = Endpoint(remote) else { throw ValidationError("--switch takes ADDRESS:PORT") }
        return endpoint
    }

    func localAddress() throws -> UInt32 {
        guard let address = Endpoint.address(local) else { throw ValidationError("--local takes an IPv4 address") }
        return address
    }

    func meter() throws -> ProcessMeter? {
        guard let pid else { return nil }
        let meter = ProcessMeter(process: pid)
        guard meter.residentKilobytes() != nil else { throw ValidationError("there is no process \(pid)") }
        return meter
    }
}

/// What calls with speech need to know.
struct SpeechOptions: ParsableArguments {
    @Option(help: "Calls at once, 1…1000.")
    var calls = 100

    @Option(help: "Calls set up a second.")
    var rate = 40.0

    @Option(help: "Seconds measured, after all calls are up.")
    var seconds = 60.0

    @Option(help: "Seconds of the streams sent to each other directly, before.")
    var baseline = 3.0

    @Option(help: "pcma or pcmu.")
    var codec = "pcma"

    func validate() throws {
        guard (1...1_000).contains(calls) else { throw ValidationError("--calls takes 1 to 1000") }
        guard rate > 0, rate <= 10_000 else { throw ValidationError("--rate takes more than 0 and at most 10000") }
        guard seconds > 0, seconds <= 86_400, baseline >= 0, baseline <= 600 else {
            throw ValidationError("--seconds takes up to 86400, --baseline up to 600")
        }
        guard codec == "pcma" || codec == "pcmu" else { throw ValidationError("--codec takes pcma or pcmu") }
    }

    var payloadType: UInt8 { codec == "pcmu" ? 0 : 8 }
}

extension Double {
    /// Seconds as nanoseconds; within what the options allow.
    var asNanoseconds: Int64 { Int64(self * 1_000_000_000) }
}
