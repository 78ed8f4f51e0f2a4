// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc

/// A baresip phone without screen or sound card: speaks a file, writes down what it hears, is driven over its control port.
final class Baresip {
    struct Event {
        let type: String
        let direction: String
        let peer: String
        /// What ended a call, which digit was read, and the like.
        let detail: String
    }

    let name: String
    let folder: URL
    let sipPort: UInt16
    private let controlPort: UInt16
    private let process: Child
    private var control: Int32 = -1
    private var unread: [UInt8] = []
    private var answers: [String: (ok: Bool, text: String)] = [:]
    private var asked = 0
    /// What has happened so far, in order.
    private(set) var events: [Event] = []

    /// A phone for `user`, registered with the switch at `registrar` when there is one, saying `speech` in every call.
    init(
        user: String, secret: String? = nil, registrar: UInt16? = nil, says speech: URL, in folder: URL,
        codecs: String = "", transport: String = "udp"
    ) throws {
        name = "baresip-\(user)-\(UInt32.random(in: 0...9999))"
        self.folder = folder.appending(path: name)
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
        sipPort = try Loopback.freePorts()
        // TLS takes the port after the SIP one, RTP the block after that.
        controlPort = sipPort + 4
        let rtpPort = try Loopback.freePorts()

        let config = """
            poll_method epoll
            sip_listen 127.0.0.1:\(sipPort)
            sip_trans_def \(transport)
            call_local_timeout 120
            call_max_calls 4
            audio_source aufile,\(speech.path(percentEncoded: false))
            ausrc_srate 8000
            auplay_srate 8000
            audio_channels 1
            audio_buffer 20-160
            rtp_ports \(rtpPort)-\(rtpPort + 18)
            rtcp_mux no
            jitter_buffer_type fixed
            jitter_buffer_delay 2-10
            rtp_stats no
            net_interface 127.0.0.1
            module_path \(Self.modules)
            module g711.so
            module aufile.so
            module sndfile.so
            module uuid.so
            module_tmp account.so
            module_app menu.so
            module_app ctrl_tcp.so
            ctrl_tcp_listen 127.0.0.1:\(controlPort)
            snd_path \(self.folder.path(percentEncoded: false))

            """
        var account = "<sip:\(user)@127.0.0.1:\(registrar ?? sipPort);transport=\(transport)>;mwi=no;answermode=manual"
        account += registrar == nil ? ";regint=0" : ";regint=300"
        if let secret { account += ";auth_user=\(user);auth_pass=\(secret)" }
        if !codecs.isEmpty { account += ";audio_codecs=\(codecs)" }
        try config.write(to: self.folder.appending(path: "config"), atomically: true, encoding: .utf8)
        try (account + "\n").write(to: self.folder.appending(path: "accounts"), atomically: true, encoding: .utf8)
        try "".write(to: self.folder.appending(path: "contacts"), atomically: true, encoding: .utf8)
        process = try Child("baresip", ["-f", self.folder.path(percentEncoded: false)], in: self.folder, name: name)
    }

    deinit { if control >= 0 { close(control) } }

    /// Where Debian keeps baresip's modules, by release.
    private static let modules: String = {
        let places = [
            "/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules",
            "/usr/lib/aarch64-linux-gnu/baresip/modules",
        ]
        return places.first { access("\($0)/g711.so", R_OK) == 0 } ?? places[0]
    }()

    // MARK: Driving it

    /// Waits until the phone runs and opens its control port.
    func ready() async throws {
        try await process.printed("baresip is ready")
        control = try await eventually("the control port of \(name)") {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard Loopback.withAddress(controlPort, { connect(descriptor, $0, $1) }) == 0 else {
                close(descriptor)
                return nil
            }
            return descriptor
        }
        // Asked once, so that the phone's event stream is known to be ours from here on.
        _ = try await ask("listcalls")
    }

    /// Waits for a successful registration.
    func registered(within limit: Duration = .seconds(5)) async throws {
        try await process.printed("200 OK", within: limit)
    }

    /// Waits for the registration to be refused and returns the line that says how.
    func refused(within limit: Duration = .seconds(5)) async throws -> String {
        do {
            return try await eventually("a refused registration", within: limit) {
                process.output.split(whereSeparator: \.isNewline).map(String.init).first {
                    $0.contains("403") || $0.contains("401 ") || $0.contains("reg: ") && $0.contains("failed")
                }
            }
        } catch {
            throw ScenarioError("\(error)\n\(process.output.suffix(2000))")
        }
    }

    func dial(_ number: String) async throws { _ = try await ask("dial", number) }

    /// Waits for a call to come in, without answering it; returns who calls.
    @discardableResult
    func rings(within limit: Duration = .seconds(5)) async throws -> Event {
        try await happens("CALL_INCOMING", within: limit)
    }

    func answer() async throws { _ = try await ask("accept") }

    /// REFER to a number of the switch.
    func transfer(to number: String) async throws { _ = try await ask("transfer", number) }

    func hangUp() async throws { _ = try await ask("hangup") }

    /// Presses keys in the call, each an RFC 4733 event, at a person's pace.
    func press(_ keys: String) async throws {
        for key in keys {
            _ = try await ask("sndcode", String(key))
            try await Task.sleep(for: .milliseconds(300))
        }
    }

    /// Waits until the call is up.
    func talks(within limit: Duration = .seconds(5)) async throws {
        try await happens("CALL_ESTABLISHED", within: limit)
    }

    /// Waits until the call is over; returns the reason as the phone tells it.
    @discardableResult
    func closes(within limit: Duration = .seconds(5)) async throws -> String {
        try await happens("CALL_CLOSED", within: limit).detail
    }

    /// Pulls the plug: no BYE, no REGISTER, nothing.
    func vanish() async throws {
        process.send(SIGKILL)
        _ = try await process.ends()
    }

    /// Ends the program as a person would, deregistering.
    func quit() async throws {
        process.send(SIGTERM)
        _ = try await process.ends()
    }

    /// Everything the phone printed.
    var output: String { process.output }

    /// What the phone has heard in its last call so far; whole after the call is closed.
    func heard() throws -> Wave { try dump("dec") }

    private func dump(_ kind: String) throws -> Wave {
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.lastPathComponent.hasPrefix("dump-") && $0.lastPathComponent.hasSuffix("-\(kind).wav") }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
        guard let last = files.last else {
            throw ScenarioError("\(name) heard nothing\n\(process.output.suffix(1500))")
        }
        return try Wave(file: last)
    }

    // MARK: The control connection

    /// Waits for an event that was not waited for before.
    @discardableResult
    func happens(_ type: String, within limit: Duration = .seconds(5)) async throws -> Event {
        do {
            return try await eventually("\(type) at \(name)", within: limit) {
                try read()
                guard let index = events.firstIndex(where: { $0.type == type }) else { return nil }
                return events.remove(at: index)
            }
        } catch {
            throw ScenarioError(
                "\(error); events left: \(events.map(\.type))\n--- \(name) ---\n\(process.output.suffix(2500))")
        }
    }

    private func ask(_ command: String, _ parameters: String? = nil) async throws -> String {
        asked += 1
        let token = "t\(asked)"
        var message: [String: Any] = ["command": command, "token": token]
        if let parameters { message["params"] = parameters }
        let body = try JSONSerialization.data(withJSONObject: message)
        let packet = Array("\(body.count):".utf8) + Array(body) + Array(",".utf8)
        guard Glibc.send(control, packet, packet.count, Int32(MSG_NOSIGNAL)) == packet.count else {
            throw ScenarioError("\(name) does not take '\(command)'\n\(process.output.suffix(1500))")
        }
        let answer = try await eventually("an answer of \(name) to \(command)") {
            try read()
            return answers.removeValue(forKey: token)
        }
        guard answer.ok else { throw ScenarioError("\(name) refuses '\(command)': \(answer.text)") }
        return answer.text
    }

    /// Takes in what has arrived: netstrings of JSON, answers and events mixed.
    private func read() throws {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while control >= 0 {
            let count = recv(control, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { break }
            unread += buffer[..<count]
        }
        while let colon = unread.firstIndex(of: UInt8(ascii: ":")),
            let length = Int(String(decoding: unread[..<colon], as: UTF8.self)), unread.count >= colon + 1 + length + 1
        {
            let body = Data(unread[(colon + 1)..<(colon + 1 + length)])
            unread.removeFirst(colon + 1 + length + 1)
            guard let fields = try JSONSerialization.jsonObject(with: body) as? [String: Any] else { continue }
            if fields["response"] as? Bool == true, let token = fields["token"] as? String {
                answers[token] = (fields["ok"] as? Bool ?? false, fields["data"] as? String ?? "")
            } else if let type = fields["type"] as? String {
                events.append(
                    Event(
                        type: type, direction: fields["direction"] as? String ?? "",
                        peer: fields["peeruri"] as? String ?? "",
                        detail: fields["param"] as? String ?? ""))
            }
        }
    }
}
