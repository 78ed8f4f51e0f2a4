// SPDX-License-Identifier: AGPL-3.0-or-later
import Exchange
import Foundation
import SIPStack
import SIPTransport
import Site
import Synchronization
import Timing

/// Where a shard will be: the transport listens (and so knows its ports) before shards are made.
final class ShardLink: Sendable {
    private let shard = Mutex<Shard?>(nil)

    func connect(_ shard: Shard) { self.shard.withLock { $0 = shard } }
    var current: Shard? { shard.withLock { $0 } }
}

/// A shard's end of the transport, on its loop. What comes before the shard is there is dropped; the
/// sender repeats it (RFC 3261 §17.1.1.2).
final class ShardReceiver: SIPReceiver {
    private let link: ShardLink
    private var shard: Shard?

    init(_ link: ShardLink) { self.link = link }

    private var connected: Shard? {
        if let shard { return shard }
        shard = link.current
        return shard
    }

    func received(_ bytes: UnsafeRawBufferPointer, from flow: Flow, at now: Instant) {
        // Read before this returns, on this very thread.
        nonisolated(unsafe) let bytes = bytes
        connected?.assumeIsolated { $0.received(bytes, from: flow, at: now) }
    }

    func flowClosed(_ flow: Flow) {
        connected?.assumeIsolated { $0.flowClosed(flow) }
    }
}

struct TransportWire: SIPWire {
    let transport: SIPTransport
    func send(_ bytes: [UInt8], on flow: Flow, fromShard shard: Int) {
        transport.send(bytes, on: flow, fromShard: shard)
    }
}

/// One alarm of a shard on its loop; setting it again replaces it.
final class ShardAlarm: Sendable {
    private struct State {
        var shard: Shard?
        var call: ScheduledCall?
    }

    private let transport: SIPTransport
    private let index: Int
    private let state = Mutex(State())

    init(transport: SIPTransport, shard index: Int) {
        self.transport = transport
        self.index = index
    }

    func connect(_ shard: Shard) { state.withLock { $0.shard = shard } }

    func set(_ deadline: Instant) {
        let call = transport.schedule(onShard: index, at: deadline) { [self] in
            let shard = state.withLock { state in
                state.call = nil
                return state.shard
            }
            shard?.assumeIsolated { $0.wake() }
        }
        let old = state.withLock { state in
            defer { state.call = call }
            return state.call
        }
        old?.cancel()
    }
}

/// Secrets by the name that is used to log in, of the site in force: a reload may bring seats.
final class Logins: Sendable {
    private struct InForce: Sendable {
        var secrets: Secrets
        var site: Site
    }

    private let inForce: Mutex<InForce>

    init(_ secrets: Secrets, _ site: Site) { inForce = Mutex(InForce(secrets: secrets, site: site)) }

    func replace(_ secrets: Secrets, _ site: Site) {
        inForce.withLock { $0 = InForce(secrets: secrets, site: site) }
    }

    func password(of user: String) -> String? {
        inForce.withLock { inForce in
            if let password = inForce.secrets.seats[user] { return password }
            return inForce.site.trunk(registeringAs: user).flatMap { inForce.secrets.trunks[$0.name] }
        }
    }

    /// The secrets of a data folder; those that are missing for `site` are made.
    static func secrets(of site: Site, in data: String) throws(ServerError) -> Secrets {
        do throws(SecretsError) {
            return try Secrets.load(dataFolder: data, for: site)
        } catch { throw ServerError(error.message.text(in: Language.ofTerminal)) }
    }
}

/// The folder for all state, made 0700 when missing.
struct DataFolder {
    let path: String

    init(_ path: String) throws {
        let url = URL(fileURLWithPath: path)
        do {
            try FileManager.default.createDirectory(
                at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw ServerError("cannot make the data folder \(path): \(error.localizedDescription)") }
        self.path = url.standardizedFileURL.path
    }
}

/// The control socket's life beside the server's.
final class ControlLink: Sendable {
    private let server = Mutex<ControlServer?>(nil)

    func open(dataFolder: String, handler: @escaping ControlServer.Handler) throws {
        let opened = try ControlServer(dataFolder: dataFolder, handler: handler)
        opened.start()
        server.withLock { $0 = opened }
    }

    func close() {
        server.withLock { server in
            server?.stop()
            server = nil
        }
    }
}
