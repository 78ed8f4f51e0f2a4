// SPDX-License-Identifier: AGPL-3.0-or-later
import ArgumentParser
import Configuration
import Foundation
import Logging
import Site

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Runs the switch in the foreground until SIGTERM.")

    @Option(name: .long, help: "The folder of the site's configuration.")
    var site: String

    @Option(name: .long, help: "The folder for all state: secrets, ledger, recordings. Made when missing.")
    var data: String

    @Option(
        name: .long, parsing: .upToNextOption,
        help: "Listen here instead of where site.toml says, e.g. udp:127.0.0.1:5060 tcp:127.0.0.1:5060.")
    var listen: [String] = []

    @Option(name: .long, help: "A folder of prompts, searched after the site's own. May repeat.")
    var sounds: [String] = []

    @Option(name: .long, help: "error, warning, notice, info or debug.")
    var logLevel: String = "info"

    func run() async throws {
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw ValidationError("--log-level is error, warning, notice, info or debug, not \(logLevel)")
        }
        let addresses = try listen.map { text in
            guard let address = ListenAddress(text) else {
                throw ValidationError("--listen \(text) is not of the form udp:127.0.0.1:5060 or tcp:[::1]:5060")
            }
            return address
        }
        let signals = SignalWaiter(SIGTERM, SIGINT, SIGHUP)
        signal(SIGPIPE, SIG_IGN)

        guard let loaded = SiteReading.load(folder: site, listen: addresses) else { throw ExitCode(1) }
        let writer = LogWriter()
        var log = Logger(label: "martlet") { _ in LineLogHandler(writer: writer, logLevel: level) }
        log.logLevel = level
        let server: Server
        do {
            server = try await Server.start(
                site: loaded, dataFolder: data, soundFolders: sounds, listen: addresses, log: log)
        } catch {
            writer.close()
            printError("martlet: \(error)")
            throw ExitCode(1)
        }
        print("ready \(server.listening.joined(separator: " "))")
        fflush(nil)
        for await number in signals.stream {
            guard number == SIGHUP else { break }
            let (isInForce, messages) = await server.reload()
            for message in messages { log.notice("reload: \(message)") }
            log.notice(isInForce ? "reloaded" : "the site has mistakes; the old one stays in force")
        }
        log.info("ending")
        await server.stop()
        writer.close()
    }
}

func printError(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// Loads a site and prints what is wrong with it.
enum SiteReading {
    /// Those of a site: the transport has addresses of its own under this name.
    typealias Addresses = [ListenAddress]

    static let modules = InstalledModules.all

    static func read(folder: String, listen: [ListenAddress] = []) -> SiteLoad {
        var load = SiteLoader.load(folder: folder, offer: InstalledModules.offer, listen: listen)
        if let address = LocalAddress.primary { load.site = load.site?.onMachine(at: address) }
        return load
    }

    static func load(folder: String, listen: [ListenAddress] = []) -> Site? {
        let load = read(folder: folder, listen: listen)
        for diagnostic in load.diagnostics { printError(diagnostic.text(in: Language.ofTerminal)) }
        if load.site == nil { printError("martlet: \(folder) has mistakes; nothing was started") }
        return load.site
    }
}

/// Signals as a stream. The default action is turned off, so that no other thread is ended by them.
final class SignalWaiter: Sendable {
    let stream: AsyncStream<Int32>

    init(_ numbers: Int32...) {
        stream = AsyncStream { continuation in
            for number in numbers {
                signal(number, SIG_IGN)
                // A source without a reference from outside is cancelled; held by its own handler, it lives as long as the
                // process. Nobody touches it again.
                nonisolated(unsafe) let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { withExtendedLifetime(source) { _ = continuation.yield(number) } }
                source.resume()
            }
        }
    }
}
