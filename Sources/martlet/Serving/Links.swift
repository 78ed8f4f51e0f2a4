// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Exchange
import Foundation
import SIPStack
import SIPTransport
import Site
import Synchronization
import Timing

/// Where the exchange will be: the transport listens (and so knows its ports) before the exchange is made.
final class ExchangeLink: Sendable {
    private let exchange = Mutex<Exchange?>(nil)

    func connect(_ exchange: Exchange) { self.exchange.withLock { $0 = exchange } }
    var current: Exchange? { exchange.withLock { $0 } }
}

/// The exchange's end of the transport, on its loop. What comes before the exchange is there is dropped; the
/// sender repeats it (RFC 3261 §17.1.1.2).
final class ExchangeReceiver: SIPReceiver {
    private let link: ExchangeLink
    private var exchange: Exchange?

    init(_ link: ExchangeLink) { self.link = link }

    private var connected: Exchange? {
        if let exchange { return exchange }
        exchange = link.current
        return exchange
    }

    func received(_ bytes: UnsafeRawBufferPointer, from flow: Flow, at now: Instant) {
        // Read before this returns, on this very thread.
        nonisolated(unsafe) let bytes = bytes
        connected?.assumeIsolated { $0.received(bytes, from: flow, at: now) }
    }

    func flowClosed(_ flow: Flow) {
        connected?.assumeIsolated { $0.flowClosed(flow) }
    }

    func undelivered(_ bytes: [UInt8], on flow: Flow) {
        connected?.assumeIsolated { $0.undelivered(bytes) }
    }
}

struct TransportWire: SIPWire {
    let transport: SIPTransport
    func send(_ bytes: [UInt8], on flow: Flow) { transport.send(bytes, on: flow) }
}

/// The one alarm of the exchange on its loop; setting it again replaces it.
final class ExchangeAlarm: Sendable {
    private struct State {
        var exchange: Exchange?
        var call: ScheduledCall?
    }

    private let transport: SIPTransport
    private let state = Mutex(State())

    init(transport: SIPTransport) { self.transport = transport }

    func connect(_ exchange: Exchange) { state.withLock { $0.exchange = exchange } }

    func set(_ deadline: Instant) {
        let call = transport.schedule(at: deadline) { [self] in
            let exchange = state.withLock { state in
                state.call = nil
                return state.exchange
            }
            exchange?.assumeIsolated { $0.wake() }
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
