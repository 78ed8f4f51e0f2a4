// SPDX-License-Identifier: AGPL-3.0-or-later
internal import ArgumentParser
internal import Glibc

struct LampsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lamps", abstract: "Telephones that watch others: from a 180 to the NOTIFY at each watcher.")

    @OptionGroup var options: LoadOptions

    @Option(help: "The switch's secrets.toml: its seats watch and are watched.")
    var secrets: String

    @Option(help: "Subscriptions in all, 1…10000.")
    var subscriptions = 1000

    @Option(help: "Seats that are watched, each by as many.")
    var lamps = 20

    @Option(help: "What is dialled before a seat's number.")
    var prefix = "4"

    @Option(help: "Seconds of changes.")
    var seconds = 30.0

    @Option(help: "Seconds from one change to the next.")
    var pause = 0.4

    func validate() throws {
        guard (1...10_000).contains(subscriptions), (1...subscriptions).contains(lamps) else {
            throw ValidationError("--subscriptions takes 1 to 10000, --lamps no more than those")
        }
        guard seconds > 0, seconds <= 86_400, pause >= 0.05, pause <= 60 else {
            throw ValidationError("--seconds takes up to 86400, --pause 0.05 to 60")
        }
    }

    func run() throws {
        let meter = try options.meter()
        let seats = try readSeats()
        guard seats.count >= lamps else {
            throw ValidationError("\(secrets) has \(seats.count) seats, \(lamps) are needed")
        }
        let load = try LampLoad(
            seats: seats, lamps: lamps, subscriptions: subscriptions, prefix: prefix,
            remote: options.remoteEndpoint(), local: options.localAddress())
        guard load.prepare() else { throw LoadError("the switch did not take all subscriptions") }
        let before = meter?.processorMilliseconds()
        load.measure(seconds: seconds, pause: pause)
        let after = meter?.processorMilliseconds()

        var figures = Figures()
        figures.add("changes", load.changes, "changes")
        figures.add("notifies", load.delays.count, "notifies")
        figures.add("notifies.missing", load.missing, "notifies")
        figures.add("notify.p50", Double(load.delays.quantile(0.5)) / 1_000, "ms")
        figures.add("notify.p99", Double(load.delays.quantile(0.99)) / 1_000, "ms")
        figures.add("notify.max", Double(load.delays.maximumMicroseconds) / 1_000, "ms")
        if load.delays.count > 0, let before, let after {
            // A lamp that blinks goes dark again: two NOTIFYs.
            figures.add("switch.cpu.per-notify", (after - before) / Double(2 * load.delays.count), "CPU-ms")
        }
        figures.print(asJSON: options.json)
        if load.missing > 0 { throw ExitCode(1) }
    }

    /// `2001 = "secret"` of the table of seats.
    private func readSeats() throws -> [(number: String, secret: String)] {
        guard let file = fopen(secrets, "r") else { throw ValidationError("\(secrets) cannot be read") }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1_048_576)
        let text = String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).compactMap { line in
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let secret = parts[1].split(separator: "\"").last(where: { $0 != " " }) else {
                return nil
            }
            let number = parts[0].filter { $0.isNumber }
            return number.isEmpty ? nil : (number, String(secret))
        }
    }
}
