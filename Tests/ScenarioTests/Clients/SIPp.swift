// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation

/// One run of SIPp with one of the scenario files in `sipp/`.
final class SIPp {
    /// What the scenarios are told: who plays, who is called, at which switch.
    struct Role {
        /// The seat that plays, its password, and the number it calls.
        var seat = "8001"
        var secret = "unknown"
        var callee = ""
        /// The port SIPp sends from and listens on; nil draws one.
        var port: UInt16?
        /// Where its REGISTER says it is reached, and for how many seconds.
        var contact: UInt16 = 0
        var expires = 120
        var transport = "u1"
    }

    let port: UInt16
    private let process: Child
    private let errors: URL
    private let messages: URL

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(
        path: "sipp")

    /// A captured voice of Debian's package, A-law from a real call.
    static let capture = "/usr/share/sip-tester/g711a.pcap"

    /// `switchPort` is the switch's port on loopback.
    init(_ scenario: String, _ role: Role, switchPort: UInt16, in folder: URL, limit: Duration = .seconds(20)) throws {
        port = try role.port ?? Loopback.freePorts()
        let mediaPort = try Loopback.freePorts()
        let stem = "\(scenario)-\(port)-\(UInt32.random(in: 0...9999))"
        errors = folder.appending(path: "\(stem).errors")
        messages = folder.appending(path: "\(stem).messages")
        process = try Child(
            "sipp",
            [
                "-sf", Self.folder.appending(path: "\(scenario).xml").path(percentEncoded: false),
                "-i", Loopback.address, "-p", String(port), "-mp", String(mediaPort), "-t", role.transport,
                "-m", "1", "-nostdin", "-rtp_echo", "-timeout", "\(limit.components.seconds)s", "-timeout_error",
                "-trace_err", "-error_file", errors.path(percentEncoded: false),
                "-trace_msg", "-message_file", messages.path(percentEncoded: false),
                "-s", role.seat, "-au", role.seat, "-ap", role.secret,
                "-key", "callee", role.callee, "-key", "contact", String(role.contact == 0 ? port : role.contact),
                "-key", "expires", String(role.expires), "-key", "capture", Self.capture,
                "\(Loopback.address):\(switchPort)",
            ], in: folder, name: "sipp-\(scenario)")
    }

    /// Waits until the scenario has gone through as written; otherwise throws what SIPp saw.
    func succeeds(within limit: Duration = .seconds(25)) async throws {
        let exit = try await process.ends(within: limit)
        guard exit == .code(0) else {
            throw ScenarioError(
                """
                \(process.name) ended \(exit)
                \(Self.text(errors).prefix(3000))
                --- messages ---
                \(traffic.suffix(6000))
                """)
        }
    }

    /// Every message sent and received, as text.
    var traffic: String { Self.text(messages) }

    private static func text(_ file: URL) -> String {
        (try? String(decoding: Data(contentsOf: file), as: UTF8.self)) ?? ""
    }
}
