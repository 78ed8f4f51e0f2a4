// SPDX-License-Identifier: AGPL-3.0-or-later
internal import ArgumentParser
internal import Glibc
internal import MediaEngine
internal import SIPStack
internal import SIPTransport
internal import Synchronization

/// `martlet-gateway`: lines and telephones without hardware.
@main
struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet-gateway",
        abstract: "An FXO gateway with four lines and an FXS gateway with eight telephones, simulated.",
        discussion: "Reads orders from standard input, one a line, and tells what happens, one event a line.\n\n"
            + Instruction.helpText)

    @Option(name: .customLong("switch"), help: "The switch: ADDRESS:PORT.")
    var remote = "127.0.0.1:5060"

    @Option(help: "udp or tcp.")
    var transport = "udp"

    @Option(help: "The address to listen on for SIP and speech; left out: the one that leads to the switch.")
    var address: String?

    @Option(help: "The switch's data folder, for its secrets.toml.")
    var data: String?

    @Option(help: "A secrets.toml by its path.")
    var secrets: String?

    @Option(help: "How many lines, 1…64.")
    var lines = 4

    @Option(help: "How many telephones, 0…64.")
    var phones = 8

    @Option(help: "The seat of the first telephone.")
    var firstSeat = 8009

    @Option(help: "The lines' user name at the switch.")
    var user = "gateway"

    @Option(help: "The lowest of 1,000 UDP ports for speech.")
    var mediaPort: UInt16 = 42_000

    @Flag(help: "Go on when standard input ends.")
    var stay = false

    func validate() throws {
        guard (1...64).contains(lines) else { throw ValidationError("--lines takes 1 to 64") }
        guard (0...64).contains(phones) else { throw ValidationError("--phones takes 0 to 64") }
        guard (1...9_999_900).contains(firstSeat) else { throw ValidationError("--first-seat takes a number") }
        guard transport == "udp" || transport == "tcp" else { throw ValidationError("--transport takes udp or tcp") }
        guard (1_024...64_000).contains(mediaPort), mediaPort % 2 == 0 else {
            throw ValidationError("--media-port takes an even port from 1024 to 64000")
        }
        guard ListenAddress("\(transport):\(remote)") != nil else {
            throw ValidationError("--switch takes an address and a port, e.g. 127.0.0.1:5060")
        }
    }

    func run() async throws {
        let console = Console()
        guard let remote = ListenAddress("\(transport):\(remote)") else { return }
        let known = try GatewaySecrets(file: secrets ?? (data ?? ".") + "/secrets.toml")
        guard let secret = known.trunks[user] else {
            throw GatewayError("no secret for trunk \"\(user)\" in the secrets file")
        }
        var telephones: [(number: String, secret: String)] = []
        for index in 0..<phones {
            let number = String(firstSeat + index)
            guard let secret = known.seats[number] else {
                throw GatewayError("no secret for seat \(number) in the secrets file")
            }
            telephones.append((number, secret))
        }
        guard let own = address ?? localAddress(towards: remote) else {
            throw GatewayError("no way to \(remote.address); give --address")
        }
        let settings = SimulatedGateway.Settings(
            remoteAddress: remote.address, remotePort: remote.port, transport: remote.transport, mediaAddress: own,
            lineCount: lines, gatewayUser: user, gatewaySecret: secret, telephones: telephones, answerAfterSeconds: 2)
        try await run(settings, console)
    }

    private func run(_ settings: SimulatedGateway.Settings, _ console: Console) async throws {
        let own = settings.mediaAddress
        guard let listen = ListenAddress(transport: settings.transport, address: own, port: 0) else {
            throw GatewayError("--address takes an IP address")
        }
        let sip = SIPTransport()
        let place = Receiver.Place()
        let bound = try await sip.start(listen: [listen, listen]) { Receiver(place) }
        let engine = try MediaEngine(
            configuration: MediaConfiguration(
                threads: 1, address: own, ports: mediaPort...(mediaPort + 999), legsPerShard: 256))
        let advertised = own.contains(":") ? "[\(own)]" : own
        let gateway = SimulatedGateway(
            settings: settings, transport: sip, bound: bound, advertised: advertised, engine: engine, console: console)
        place.gateway.withLock { $0 = gateway }
        engine.start { _ in
            sip.execute { gateway.assumeIsolated { $0.mediaEventsWait() } }
        }
        await gateway.register()
        let isFine = await converse(gateway, console)
        await gateway.hangUpAll()
        await gateway.unregister()
        for _ in 0..<100 {
            if await gateway.isUnregistered { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        engine.stop()
        console.print("gateway ended")
        if !isFine { throw ExitCode(1) }
    }

    /// Until `quit`, the end of input, a signal or an `expect` in vain; false for the last.
    private func converse(_ gateway: SimulatedGateway, _ console: Console) async -> Bool {
        for await line in console.lines(endsWithInput: !stay) {
            guard let line else { return true }
            do throws(InstructionError) {
                switch try Instruction(parsing: line) {
                case .nothing: break
                case .help: console.print(Instruction.helpText)
                case .status: for text in await gateway.statusLines { console.print(text) }
                case .quit: return true
                case .pause(let seconds): try? await Task.sleep(for: .seconds(seconds))
                case .order(let subject, .wait(let words, let seconds, let mustHappen)):
                    let hasCome = await wait(gateway, console, subject, words, seconds)
                    if !hasCome, mustHappen { return false }
                case .order(let subject, let order):
                    for text in await gateway.obey(subject, order) { console.print(text) }
                }
            } catch {
                console.print("error \(error)")
            }
        }
        return true
    }

    private func wait(
        _ gateway: SimulatedGateway, _ console: Console, _ subject: Subject, _ words: String, _ seconds: Double
    ) async -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        var waiting = await gateway.waiters(subject)
        guard !waiting.isEmpty else {
            console.print("error there is no such line or phone")
            return false
        }
        while true {
            waiting = await gateway.stillWaiting(waiting, for: words)
            guard let first = waiting.first else { return true }
            if ContinuousClock.now >= end {
                console.print("error \(first): not \"\(words)\" within \(seconds) s")
                return false
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}

/// The address of this host that packets to the switch leave from: a connected datagram socket knows it, and sends
/// nothing.
private func localAddress(towards remote: ListenAddress) -> String? {
    guard !remote.address.contains(":") else { return nil }
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = remote.port.bigEndian
    guard inet_pton(AF_INET, remote.address, &name.sin_addr) == 1 else { return nil }
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            connect(descriptor, generic, size) == 0 && getsockname(descriptor, generic, &size) == 0
        }
    } ? text(of: name.sin_addr) : nil
}

private func text(of address: in_addr) -> String? {
    var address = address
    var buffer = [UInt8](repeating: 0, count: 16)
    let done = buffer.withUnsafeMutableBytes {
        inet_ntop(AF_INET, &address, $0.baseAddress?.assumingMemoryBound(to: CChar.self), 16)
    }
    return done == nil ? nil : String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
}
