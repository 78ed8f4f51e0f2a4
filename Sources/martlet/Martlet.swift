// SPDX-License-Identifier: AGPL-3.0-or-later
import ArgumentParser

/// The command. The only place that knows every floor and puts them together.
@main
struct Martlet: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "martlet",
        abstract: "A SIP/RTP softswitch with call-centre modules.",
        subcommands: [
            ServeCommand.self, CheckCommand.self, StatusCommand.self, CallsCommand.self, RegistrationsCommand.self,
            LampsCommand.self,
            CDRCommand.self, HangupCommand.self, OriginateCommand.self, TransferCommand.self, TakeCommand.self,
            BridgeCommand.self,
            CompleteCommand.self, ConferenceCommand.self, HoldCommand.self, ParkCommand.self, PickupCommand.self,
            ReloadCommand.self,
            VersionCommand.self,
        ])
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Prints the version.")

    func run() { print("martlet \(Martlet.version)") }
}

/// Where a running switch is found.
struct DataOptions: ParsableArguments {
    @Option(name: .long, help: "The data folder of the switch.")
    var data: String

    @Flag(name: .long, help: "Print JSON.")
    var json = false
}
