// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc

/// The built switch as a user starts it: `martlet serve` on the reference site, with a data folder and ports of its own.
final class SwitchUnderTest {
    /// A text of the reference site that a scenario changes, mostly to wait less.
    struct Change {
        let file: String
        let text: String
        let by: String
    }

    let place: Workplace
    let port: UInt16
    let site: URL
    let data: URL
    private var process: Child?

    static let repository = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Beside the test bundle, where SwiftPM builds all programs of a configuration.
    static func program(_ name: String) throws -> String {
        let own = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }.map {
            URL(filePath: $0).resolvingSymlinksInPath().deletingLastPathComponent()
        }
        let folders = [
            ProcessInfo.processInfo.environment["MARTLET_PROGRAMS"].map { URL(filePath: $0) }, bundle, own,
            repository.appending(path: ".build/debug"),
        ]
        for case let folder? in folders {
            let path = folder.appending(path: name).path(percentEncoded: false)
            if access(path, X_OK) == 0 { return path }
        }
        throw ScenarioError("\(name) is not built; run tools/build")
    }

    /// Prompts, as tools/sounds made them.
    static func sounds() throws -> URL {
        let folder =
            ProcessInfo.processInfo.environment["MARTLET_SOUNDS"].map { URL(filePath: $0) }
            ?? repository.appending(path: ".build/sounds")
        guard FileManager.default.fileExists(atPath: folder.appending(path: "en").path(percentEncoded: false)) else {
            throw ScenarioError("there are no prompts in \(folder.path(percentEncoded: false)); run tools/sounds")
        }
        return folder
    }

    init(in place: Workplace, changing changes: [Change] = []) throws {
        self.place = place
        port = try Loopback.freePorts()
        data = try place.subfolder("data")
        chmod(data.path(percentEncoded: false), 0o700)
        site = place.folder.appending(path: "site")
        try FileManager.default.copyItem(at: Self.repository.appending(path: "Dialplans/default"), to: site)
        for change in changes {
            let url = site.appending(path: change.file)
            let text = try String(contentsOf: url, encoding: .utf8)
            guard text.contains(change.text) else {
                throw ScenarioError("the reference site's \(change.file) no longer says '\(change.text)'")
            }
            try text.replacingOccurrences(of: change.text, with: change.by).write(
                to: url, atomically: true, encoding: .utf8)
        }
    }

    // MARK: Its life

    func start() async throws {
        let child = try Child(
            Self.program("martlet"),
            [
                "serve", "--site", site.path(percentEncoded: false), "--data", data.path(percentEncoded: false),
                "--sounds", Self.sounds().path(percentEncoded: false),
                "--listen", "udp:127.0.0.1:\(port)", "--listen", "tcp:127.0.0.1:\(port)",
            ], in: place.folder, name: "martlet")
        process = child
        try await child.printed("ready", within: .seconds(10))
    }

    /// Asks the switch to end, as systemd does, and returns how it ended.
    func stop() async throws -> Child.Exit {
        guard let process else { throw ScenarioError("the switch does not run") }
        process.send(SIGTERM)
        return try await process.ends(within: .seconds(10))
    }

    /// A power cut, as far as a process can have one.
    func crash() async throws {
        guard let process else { throw ScenarioError("the switch does not run") }
        process.send(SIGKILL)
        _ = try await process.ends()
    }

    var isRunning: Bool { process.map { $0.exit == nil } ?? false }

    var log: String { process?.output ?? "" }

    // MARK: What it says

    /// What one of the commands prints with `--json`, as rows of fields.
    func rows(_ command: String) async throws -> [[String: Any]] {
        let text = try await Child.run(
            Self.program("martlet"), [command, "--data", data.path(percentEncoded: false), "--json"], in: place.folder)
        guard let value = try? JSONSerialization.jsonObject(with: Data(text.utf8)) else {
            throw ScenarioError("martlet \(command) --json printed: \(text.prefix(2000))")
        }
        if let rows = value as? [[String: Any]] { return rows }
        return (value as? [String: Any]).map { [$0] } ?? []
    }

    func hangUp(call: String) async throws {
        _ = try await Child.run(
            Self.program("martlet"), ["hangup", call, "--data", data.path(percentEncoded: false)], in: place.folder)
    }

    /// The password generated for a seat (`[seats]`) or a trunk (`[trunks]`).
    func secret(of name: String) throws -> String {
        let text = try String(contentsOf: data.appending(path: "secrets.toml"), encoding: .utf8)
        let line = text.split(whereSeparator: \.isNewline).first {
            $0.trimmingPrefix(while: { $0 == "\"" || $0 == " " }).hasPrefix(name)
        }
        guard let value = line?.split(separator: "\"", omittingEmptySubsequences: true).last else {
            throw ScenarioError("secrets.toml has no \(name)")
        }
        return String(value)
    }

    /// The finished recordings and those under way.
    func recordings() throws -> [URL] {
        let folder = data.appending(path: "recordings")
        let walk = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return (walk?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "wav" }.sorted { $0.path < $1.path }
    }

    // MARK: Its phones

    /// A phone of a seat, switched on and registered.
    func phone(_ seat: String, says speech: URL, codecs: String = "", transport: String = "udp") async throws -> Baresip
    {
        let phone = try Baresip(
            user: seat, secret: secret(of: seat), registrar: port, says: speech, in: place.folder, codecs: codecs,
            transport: transport)
        try await phone.ready()
        try await phone.registered()
        return phone
    }

    /// A SIPp run in the role of a seat.
    func sipp(_ scenario: String, _ role: SIPp.Role, limit: Duration = .seconds(20)) throws -> SIPp {
        var role = role
        if role.secret == "unknown" { role.secret = try secret(of: role.seat) }
        return try SIPp(scenario, role, switchPort: port, in: place.folder, limit: limit)
    }

    /// A SIPp run that takes a call for a seat: registered first, on the port where it then waits.
    func sippPhone(_ scenario: String, seat: String) async throws -> SIPp {
        let role = SIPp.Role(seat: seat, port: try Loopback.freePorts())
        try await sipp("register", role).succeeds()
        let phone = try sipp(scenario, role)
        try await Task.sleep(for: .milliseconds(300))
        return phone
    }
}
