// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc

/// Linphone's terminal program, an ordinary softphone: speaks a file, writes down what it hears, is told by typed lines.
final class Linphone {
    let name: String
    let folder: URL
    private let address: String
    private let transport: String
    private let secret: String
    private let process: Child
    /// What was printed before is not waited for again.
    private var read = 0
    private var takes = 0

    static let isInstalled = access("/usr/bin/linphonec", X_OK) == 0

    /// A phone for `user` of the switch at `registrar` on loopback, saying `speech` in every call.
    init(
        user: String, secret: String, registrar: UInt16, says speech: URL, in folder: URL, transport: String = "udp"
    ) throws {
        name = "linphone-\(user)-\(UInt32.random(in: 0...9999))"
        self.folder = folder.appending(path: name)
        self.secret = secret
        self.transport = transport
        address = "\(Loopback.address):\(registrar)"
        // Without the folder of its database linphonec opens no SIP port at all, and makes only the last part itself.
        try FileManager.default.createDirectory(
            at: self.folder.appending(path: ".local/share/linphone"), withIntermediateDirectories: true)
        let port = try Loopback.freePorts()
        let config = """
            [sip]
            use_ipv6=0
            sip_port=\(transport == "udp" ? port : 0)
            sip_tcp_port=\(transport == "tcp" ? port : 0)
            sip_tls_port=0
            auto_net_state_mon=1
            [rtp]
            audio_rtp_port=\(try Loopback.freePorts())

            """
        let file = self.folder.appending(path: "linphonerc")
        try config.write(to: file, atomically: true, encoding: .utf8)
        process = try Child(
            "linphonec", ["-c", file.path(percentEncoded: false)], in: self.folder, name: name,
            environment: ["HOME": self.folder.path(percentEncoded: false), "LC_ALL": "C"])
        self.user = user
        try process.type("soundcard use files")
        try process.type("play \(speech.path(percentEncoded: false))")
        try process.type("record \(take.path(percentEncoded: false))")
    }

    private let user: String

    /// A file of linphonec is whole only when the call has ended or the next was begun.
    private var take: URL { folder.appending(path: "heard-\(takes).wav") }

    // MARK: Driving it

    /// Registers as a person would, and waits until the phone says that it is.
    func register() async throws {
        let suffix = transport == "udp" ? "" : ";transport=\(transport)"
        try process.type("register sip:\(user)@\(address) sip:\(address)\(suffix) \(secret)")
        let deadline = ContinuousClock.now + .seconds(6)
        while !process.output.contains("registered, identity=") {
            guard ContinuousClock.now < deadline else {
                throw ScenarioError("\(name) does not register\n\(process.output.suffix(2500))")
            }
            try process.type("status register")
            try await Task.sleep(for: .milliseconds(250))
        }
    }

    func dial(_ number: String) throws { try process.type("call \(number)") }

    func answer() throws { try process.type("answer") }

    func hangUp() throws { try process.type("terminate") }

    /// Puts the call on hold: a re-INVITE.
    func pause() throws { try process.type("pause") }

    /// Takes the call off hold; what is heard from here on goes to a file of its own.
    func resume() throws {
        takes += 1
        try process.type("record \(take.path(percentEncoded: false))")
        try process.type("resume")
    }

    /// REFER of the first call with the second one's Replaces.
    func transferAttended() throws { try process.type("transfer 1 --to-call 2") }

    /// Presses keys in the call at a person's pace.
    func press(_ keys: String) async throws {
        for key in keys {
            try process.type(String(key))
            try await Task.sleep(for: .milliseconds(400))
        }
    }

    /// Waits until the call is up, or up again.
    func talks() async throws { try await says("Media streams established") }

    /// Waits for the phone to print something after what was last waited for.
    func says(_ what: String, within limit: Duration = .seconds(5)) async throws {
        try await process.printed(what, within: limit, after: read)
        if let range = process.output.dropFirst(read).range(of: what) {
            read = process.output.distance(from: process.output.startIndex, to: range.upperBound)
        }
    }

    /// What the phone has heard since the call began or was taken off hold.
    func heard() throws -> Wave { try Wave(file: take) }

    /// What it had heard before it was taken off hold.
    func heardBeforeHold() throws -> Wave { try Wave(file: folder.appending(path: "heard-\(takes - 1).wav")) }

    /// Ends the program as a person would, deregistering.
    func quit() async throws {
        try process.type("quit")
        _ = try await process.ends()
    }

    /// Everything the phone printed.
    var output: String { process.output }
}
