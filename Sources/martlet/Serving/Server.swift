// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CallModel
import Configuration
import Exchange
import Foundation
import Logging
import MediaEngine
import Names
import SIPStack
import SIPTransport
import Site
import Sounds
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
    let exchange: Exchange
    let listening: [String]
    let startedAt: Instant
    private let media: MediaEngine
    private let store: Store
    private let control: ControlLink
    private let logins: Logins
    private let dataFolder: String
    /// Of the command line, in place of what the site says.
    private let listen: SiteReading.Addresses
    private let names: SystemResolver

    private init(
        services: SwitchServices, names: SystemResolver, transport: SIPTransport, exchange: Exchange,
        listening: [String], media: MediaEngine, store: Store, control: ControlLink, logins: Logins,
        dataFolder: String, listen: SiteReading.Addresses
    ) {
        self.services = services
        self.names = names
        self.transport = transport
        self.exchange = exchange
        self.listening = listening
        self.media = media
        self.store = store
        self.control = control
        self.logins = logins
        self.dataFolder = dataFolder
        self.listen = listen
        startedAt = .now()
    }

    /// - Parameter listen: the command line's, which the site was loaded with; a reload reads it with the same.
    static func start(
        site: Site, dataFolder: String, soundFolders: [String], listen: SiteReading.Addresses, log: Logger
    ) async throws -> Server {
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
            return try await start(
                site: site, data: data, store: store, soundFolders: soundFolders, listen: listen, log: log)
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
        site: Site, data: DataFolder, store: Store, soundFolders: [String], listen: SiteReading.Addresses, log: Logger
    ) async throws -> Server {
        let logins = Logins(try Logins.secrets(of: site, in: data.path), site)
        let location = location(site: site, logins: logins, store: store)

        let media = try MediaEngine(configuration: mediaConfiguration(site))
        let transport = SIPTransport(
            configuration: transportConfiguration(site), report: { log.warning("\($0)") })
        let names = SystemResolver()
        let services = SwitchServices(
            site: CurrentSite(site, runner: InstalledModules.runner(of: site)), location: location,
            occupancy: Occupancy(), ledger: store, tables: store,
            sounds: SoundLibrary(folders: [site.soundsFolder] + soundFolders, report: { log.warning("sound \($0)") }),
            recordingsFolder: data.path + "/" + site.recording.folder, log: log, names: names)

        services.sounds.music.setClasses(musicFolders(of: site))

        let receiver = ExchangeLink()
        let addresses = site.sip.listen.compactMap { SIPTransport.Address($0.description) }
        let bound: [BoundListener]
        do throws(SIPTransportError) {
            bound = try await transport.start(listen: addresses) { ExchangeReceiver(receiver) }
        } catch { throw ServerError("cannot listen: \(error)") }
        let identities = bound.map { identity(of: $0, site: site) }
        // Before any message is heard: the exchange is not connected yet.
        let kept = try store.takeBindings(for: site, listeners: identities, at: .now())
        location.restore(kept.bindings, now: .now(), wall: .now())
        for dropped in kept.dropped { log.notice("\(dropped)") }
        let exchange = makeExchange(
            site: site, run: store.run, identities: identities, services: services, transport: transport, media: media)
        receiver.connect(exchange)
        media.start { _ in
            transport.execute { exchange.assumeIsolated { $0.mediaEventsWait() } }
        }
        store.append(LedgerEvent(time: .now(), at: .now(), ServerStarted(version: Martlet.version, run: store.run)))
        await exchange.start()

        let link = ControlLink()
        let server = Server(
            services: services, names: names, transport: transport, exchange: exchange,
            listening: bound.map { $0.listen.description }, media: media, store: store, control: link,
            logins: logins, dataFolder: data.path, listen: listen)
        do {
            try link.open(dataFolder: data.path) { [weak server] request in
                await server?.answer(request) ?? ControlReply(error: "the switch is ending")
            }
        } catch {
            await server.stop()
            throw error
        }
        log.notice("\(site.name) is up: \(site.seats.count) seats, \(site.trunks.count) trunks")
        return server
    }

    private static func makeExchange(
        site: Site, run: UInt32, identities: [ListenerIdentity], services: SwitchServices, transport: SIPTransport,
        media: MediaEngine
    ) -> Exchange {
        var timers = StackTimers()
        timers.t1 = site.sip.t1
        let alarm = ExchangeAlarm(transport: transport)
        let exchange = Exchange(
            executor: transport.executor, preference: transport.preference,
            environment: ExchangeEnvironment(
                run: run, now: { .now() }, wallNow: { .now() }, wire: TransportWire(transport: transport),
                setAlarm: { alarm.set($0) }, entropy: .system,
                localAddress: { transport.localAddress(towards: $0) }),
            services: services, modules: InstalledModules.all,
            configuration: UserAgent.Configuration(
                listeners: identities, userAgentHeader: site.sip.userAgent, timers: timers,
                callIDPrefix: "", maxSessions: site.sip.sessions, eventPackages: LampSnapshot.packages),
            door: media.door(forShard: 0))
        alarm.connect(exchange)
        return exchange
    }

    private static func location(site: Site, logins: Logins, store: Store) -> LocationService {
        var configuration = Registrar.Configuration()
        configuration.maxContacts = site.limits.registrationsPerSeat
        configuration.minExpires = site.sip.registrationExpires.lowerBound
        configuration.maxExpires = site.sip.registrationExpires.upperBound
        configuration.defaultExpires = site.sip.registrationExpires.upperBound
        return LocationService(
            registrar: Registrar(configuration: configuration),
            authenticator: DigestAuthenticator(
                realm: site.realm, entropy: .system, algorithms: site.sip.digest.map(\.rawValue)),
            failedLoginsPerMinute: site.limits.failedLoginsPerMinute, passwords: { logins.password(of: $0) },
            changed: { store.keep($0) })
    }

    private static func musicFolders(of site: Site) -> [String: MusicFolder] {
        Dictionary(
            site.music.map {
                ($0.name, MusicFolder(path: $0.folder, order: $0.order == .sorted ? .inOrder : .shuffled))
            }
        ) { first, _ in first }
    }

    private static func mediaConfiguration(_ site: Site) -> MediaConfiguration {
        MediaConfiguration(
            shards: 1, threads: site.media.threads > 0 ? site.media.threads : nil,
            address: site.media.address.description, ports: site.media.ports,
            region: ToneRegion(rawValue: site.region) ?? .cn)
    }

    private static func transportConfiguration(_ site: Site) -> SIPTransport.Configuration {
        var configuration = SIPTransport.Configuration()
        configuration.messagesPerSecondPerSource = site.limits.messagesPerSecondPerSource
        configuration.messageBurstPerSource = site.limits.messagesPerSecondPerSource * 2
        return configuration
    }

    /// What a listener calls itself: the advertised address, the one it is bound to, or, bound to all, the one each peer
    /// sees.
    private static func identity(of listener: BoundListener, site: Site) -> ListenerIdentity {
        let bound = listener.listen.address
        let own = IPAddress(bound).flatMap { site.sipHost(of: $0) }
        let host = own ?? site.machineAddress?.description ?? bound
        return ListenerIdentity(
            transport: listener.listen.transport, host: host.contains(":") ? "[\(host)]" : host,
            port: listener.listen.port, bound: bound, followsFlow: own == nil)
    }

    /// Reads the site anew; the whole value is swapped, or nothing. What the switch was built on stays as it is and is
    /// named where the site says otherwise.
    /// - Returns: whether the new one is in force, and what is to be said of it.
    func reload() async -> (isInForce: Bool, messages: [String]) {
        let old = services.site.site
        let load = SiteReading.read(folder: old.folder, listen: listen)
        var messages = load.diagnostics.map { $0.text(in: Language.ofTerminal) }
        guard let (site, pending) = load.site?.replacing(old) else { return (false, messages) }
        messages += pending.map { $0.message.text(in: Language.ofTerminal) }
        do {
            logins.replace(try Logins.secrets(of: site, in: dataFolder), site)
        } catch { return (false, messages + [error.description]) }
        services.site.replace(with: site, runner: InstalledModules.runner(of: site))
        services.sounds.refresh()
        services.sounds.music.setClasses(Self.musicFolders(of: site))
        await exchange.siteReplaced()
        return (true, messages)
    }

    /// Ends all calls, then everything else, in the order that loses nothing.
    func stop() async {
        control.close()
        names.stop()
        _ = await exchange.drain()
        await exchange.endAllCalls()
        // BYEs go out and recorders close their files; a peer that is silent is not waited for.
        let deadline = Instant.now().advanced(by: .seconds(3))
        while services.occupancy.taken(.calls) > 0, Instant.now() < deadline {
            try? await Task.sleep(for: .milliseconds(20))
        }
        media.stop()
        store.append(LedgerEvent(time: .now(), at: .now(), ServerStopped()))
        store.close()
        // Last: the exchange's executor goes with it.
        await transport.stop()
    }
}
