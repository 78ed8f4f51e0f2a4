// SPDX-License-Identifier: AGPL-3.0-or-later
internal import ArgumentParser

struct BridgeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bridge", abstract: "Calls from here through the switch to here, speech both ways.")

    @OptionGroup var options: LoadOptions
    @OptionGroup var speech: SpeechOptions

    @Option(help: "The port the switch's trunk leads to.")
    var farPort: UInt16 = 5080

    func run() throws {
        let code = try SpeechLoad(options: options, speech: speech, farPort: farPort).run()
        if code != 0 { throw ExitCode(code) }
    }
}

struct EchoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echo", abstract: "Calls to a number of the switch that echoes.")

    @OptionGroup var options: LoadOptions
    @OptionGroup var speech: SpeechOptions

    func run() throws {
        let code = try SpeechLoad(options: options, speech: speech, farPort: nil).run()
        if code != 0 { throw ExitCode(code) }
    }
}
