// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CallModel
import Exchange
import Foundation
import Logging
import MediaEngine
import SIPStack
import SIPTransport
import Site
import Store
import Timing

struct ServerError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}

/// A running switch: every floor put together.
final class Server: Sendable {
    let services: SwitchServices
    let transport: SIPTransport
    let shards: [Shard]
    let listening: [String]
    let startedAt: Instant
    private let media: MediaEngine
    private let store: Store
    private let control: ControlLink
    private let logins: Logins
    private let dataFolder: String

    private init(
        services: SwitchServices, transport: SIPTransport, shards: [Shard], listening: [String], media: MediaEngine,
        store: Store, control: ControlLink, logins: Logins, dataFolder: String
    ) {
        self.services = services
        self.transport = transport
        self.shards = shards
        self.listening = listening
        self.media = media
        self.store = store
        self.control = control
        self.logins = logins
        self.dataFolder = dataFolder
        startedAt = .now()
    }

    static func start(site: Site, dataFolder: String, soundFolders: [String], log: Logger) async throws -> Server {
        let data = try DataFolder(dataFolder)
        try ControlSocket.checkPath(inData: data.path)
        // The store's lock keeps a second switch out of the folder, so it is had before anything is written there.
        let store: Store
        do throws(StoreError) {
            store = try Store(
                dataFolder: data.path, readers: InstalledModules.all.flatMap(\.ledgerReaders),
                report: { log.error("ledger: \($0)") })
        } catch { throw ServerError("the data folder cannot be used: \(error.message)") }
        do {
            return try await start(site: site, data: data, store: store, soundFolders: soundFolders, log: log)
        } catch {
            store.close()
            switch error {
            case let error as StoreError: throw ServerError("the data folder cannot be used: \(error.message)")
            case let error as MediaError: throw ServerError("media cannot be had: \(error)")
            default: throw error
            }
        }
    }

    private static func start(
        site: Site, data: DataFolder, store: Store, soundFolders: [String], log: Logger
    ) async throws -> Server {
        let logins = Logins(try Logins.secrets(of: site, in: data.path), site)
        let location = try location(site: site, logins: logins, store: store)

        let shardCount =
            site.shards > 0 ? min(site.shards, 64) : max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
        let media = try MediaEngine(configuration: mediaConfiguration(site, shards: shardCount))
        let transport = SIPTransport(configuration: transportConfiguration(site, shards: shardCount))
        let services = SwitchServices(
            site: CurrentSite(site, runner: InstalledModules.runner(of: site)), location: location,
            occupancy: Occupancy(), ledger: store, sounds: SoundLibrary(folders: [site.soundsFolder] + soundFolders),
            recordingsFolder: data.path + "/" + site.recording.folder, log: log)

        let receivers = (0..<shardCount).map { _ in ShardLink() }
        let addresses = site.sip.listen.compactMap { SIPTransport.Address($0.description) }
        let bound: [BoundListener]
        do throws(SIPTransportError) {
            bound = try await transport.start(listen: addresses) { ShardReceiver(receivers[$0]) }
        } catch { throw ServerError("cannot listen: \(error)") }
        let identities = bound.map { listener in
            ListenerIdentity(
                transport: listener.listen.transport, host: host(of: listener, site: site), port: listener.listen.port)
        }
        let shards = (0..<shardCount).map { index in
            makeShard(index, site: site, identities: identities, services: services, transport: transport, media: media)
        }
        for (index, shard) in shards.enumerated() { receivers[index].connect(shard) }
        media.start { shard in
            transport.execute(onShard: shard) { shards[shard].assumeIsolated { $0.mediaEventsWait() } }
        }
        store.append(LedgerEvent(time: .now(), kind: .serverStarted(version: Martlet.version)))
        for shard in shards { await shard.start() }

        let link = ControlLink()
        let server = Server(
            services: services, transport: transport, shards: shards,
            listening: bound.map { $0.listen.description }, media: media, store: store, control: link,
            logins: logins, dataFolder: data.path)
        do {
            try link.open(dataFolder: data.path) { [weak server] request in
                await server?.answer(request) ?? ControlReply(error: "the switch is ending")
            }
        } catch {
            await server.stop()
            throw error
        }
        log.notice("\(site.name) is up: \(site.seats.count) seats, \(site.trunks.count) trunks, \(shardCount) shard(s)")
        return server
    }

    private static func makeShard(
        _ index: Int, site: Site, identities: [ListenerIdentity], services: SwitchServices, transport: SIPTransport,
        media: MediaEngine
    ) -> Shard {
        var timers = StackTimers()
        timers.t1 = site.sip.t1
        let alarm = ShardAlarm(transport: transport, shard: index)
        let shard = Shard(
            executor: transport.executor(ofShard: index), preference: transport.preference(ofShard: index),
            environment: ShardEnvironment(
                index: index, now: { .now() }, wallNow: { .now() }, wire: TransportWire(transport: transport),
                setAlarm: { alarm.set($0) }, entropy: .system),
            services: services,
            configuration: UserAgent.Configuration(
                listeners: identities, userAgentHeader: site.sip.userAgent, timers: timers,
                callIDPrefix: SIPTransport.callIDPrefix(ofShard: index), maxSessions: site.sip.sessions),
            door: media.door(forShard: index))
        alarm.connect(shard)
        return shard
    }

    private static func location(site: Site, logins: Logins, store: Store) throws -> LocationService {
        var configuration = Registrar.Configuration()
        configuration.maxContacts = site.limits.registrationsPerSeat
        configuration.minExpires = site.sip.registrationExpires.lowerBound
        configuration.maxExpires = site.sip.registrationExpires.upperBound
        configuration.defaultExpires = site.sip.registrationExpires.upperBound
        let location = LocationService(
            registrar: Registrar(configuration: configuration),
            authenticator: DigestAuthenticator(
                realm: site.realm, entropy: .system, algorithms: site.sip.digest.map(\.rawValue)),
            failedLoginsPerMinute: site.limits.failedLoginsPerMinute, passwords: { logins.password(of: $0) },
            changed: { store.keep($0) })
        location.restore(try store.reader.bindings(at: .now()).compactMap(Binding.init), now: .now(), wall: .now())
        return location
    }

    private static func mediaConfiguration(_ site: Site, shards: Int) -> MediaConfiguration {
        MediaConfiguration(
            shards: shards, threads: site.media.threads > 0 ? site.media.threads : nil,
            address: site.media.address.description, ports: site.media.ports,
            region: ToneRegion(rawValue: site.region) ?? .cn)
    }

    private static func transportConfiguration(_ site: Site, shards: Int) -> SIPTransport.Configuration {
        var configuration = SIPTransport.Configuration(shardCount: shards)
        configuration.messagesPerSecondPerSource = site.limits.messagesPerSecondPerSource
        configuration.messageBurstPerSource = site.limits.messagesPerSecondPerSource * 2
        return configuration
    }

    /// What a listener calls itself: the advertised address, or the one it is bound to.
    private static func host(of listener: BoundListener, site: Site) -> String {
        let address = site.sip.advertisedAddress ?? listener.listen.address
        return address.contains(":") ? "[\(address)]" : address
    }

    /// Reads the site anew; the whole value is swapped, or nothing. What listens stays as it is.
    /// - Returns: whether the new one is in force, and what is to be said of it.
    func reload() -> (isInForce: Bool, messages: [String]) {
        let old = services.site.site
        let load = SiteReading.read(folder: old.folder, listen: old.sip.listen)
        let messages = load.diagnostics.map { $0.text(in: Language.ofTerminal) }
        guard let site = load.site else { return (false, messages) }
        do {
            logins.replace(try Logins.secrets(of: site, in: dataFolder), site)
        } catch { return (false, messages + [error.description]) }
        services.site.replace(with: site, runner: InstalledModules.runner(of: site))
        services.sounds.refresh()
        return (true, messages)
    }

    /// Ends all calls, then everything else, in the order that loses nothing.
    func stop() async {
        control.close()
        for shard in shards {
            _ = await shard.drain()
            await shard.endAllCalls()
        }
        // BYEs go out and recorders close their files; a peer that is silent is not waited for.
        let deadline = Instant.now().advanced(by: .seconds(3))
        while services.occupancy.taken(.calls) > 0, Instant.now() < deadline {
            try? await Task.sleep(for: .milliseconds(20))
        }
        media.stop()
        store.append(LedgerEvent(time: .now(), kind: .serverStopped))
        store.close()
        // Last: the shards' executor goes with it.
        await transport.stop()
    }
}
