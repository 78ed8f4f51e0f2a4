// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation

/// The project's simulated gateway, four lines and eight telephones, driven by what a person would type.
final class Gateway {
    private let process: Child
    /// What was printed before is not waited for again.
    private var read = 0

    /// Starts it beside a running switch and waits until its lines are registered.
    init(at exchange: SwitchUnderTest) async throws {
        process = try Child(
            SwitchUnderTest.program("martlet-gateway"),
            [
                "--switch", "127.0.0.1:\(exchange.port)", "--data", exchange.data.path(percentEncoded: false),
                "--address", "127.0.0.1", "--media-port", String(try Loopback.freePorts()),
            ], in: exchange.place.folder, name: "gateway")
        try await process.printed("gateway registered", within: .seconds(10))
    }

    func type(_ line: String) throws { try process.type(line) }

    /// Waits for the gateway to tell of something after what was last waited for.
    func tells(_ what: String, within limit: Duration = .seconds(5)) async throws {
        try await process.printed(what, within: limit, after: read)
        if let range = process.output.dropFirst(read).range(of: what) {
            read = process.output.distance(from: process.output.startIndex, to: range.upperBound)
        }
    }

    func quit() async throws {
        try type("quit")
        let exit = try await process.ends()
        guard exit == .code(0) else { throw ScenarioError("the gateway ended \(exit)\n\(process.output)") }
    }
}
