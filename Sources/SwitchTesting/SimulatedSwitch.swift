// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
public import Exchange
internal import Logging
public import Names
public import SDP
internal import SIPStack
public import Site
internal import Sounds
public import Timing

/// A whole switch under simulated time: an exchange, a network with weather, phones, a door without media.
///
/// Everything is drawn from one seed and runs on the caller's thread, so that a failing run can be
/// repeated: print `seed` in every expectation. Sendable unchecked for that reason.
public final class SimulatedSwitch: @unchecked Sendable {
    public let seed: UInt64
    public let clock = SimulatedClock()
    public let network: SimulatedNetwork
    public let connections: SimulatedConnections
    public private(set) var media: SimulatedMedia
    public let ledger = MemoryLedger()
    public let tables = MemoryTables()
    public private(set) var services: SwitchServices
    public private(set) var exchange: Exchange
    /// How often it has started, and where in the ledger the present run begins.
    public private(set) var starts: UInt32 = 1
    public private(set) var firstEventOfRun = 0
    public var entropy: Entropy
    public private(set) var phones: [SimulatedPhone] = []

    private let executor = SimulatedExecutor()
    private let alarm: Alarm
    private let modules: [any Module]
    private var nextPort: UInt16 = 10_000
    private static let password = "simulated-password"

    private final class Wire: SIPWire {
        let network: SimulatedNetwork
        let connections: SimulatedConnections
        init(_ network: SimulatedNetwork, _ connections: SimulatedConnections) {
            self.network = network
            self.connections = connections
        }
        func send(_ bytes: [UInt8], on flow: Flow) {
            if flow.transport == .tcp { return connections.send(bytes, on: flow) }
            network.send(bytes, from: 5060, to: flow.port)
        }
    }

    /// One alarm at a time, as `ExchangeEnvironment.setAlarm` promises.
    private final class Alarm: @unchecked Sendable {
        var number: UInt64?
        var ring: (@Sendable () -> Void)?
        var closed: (@Sendable (Flow) -> Void)?
    }

    public init(
        seed: UInt64, site: Site, runner: @escaping ScriptRunner, sounds: [String: AudioClip] = [:],
        conditions: SimulatedNetwork.Conditions = SimulatedNetwork.Conditions(), names: any NameResolving = NoNames(),
        modules: [any Module] = []
    ) {
        self.seed = seed
        var entropy = Entropy.seeded(seed)
        let clock = clock
        network = SimulatedNetwork(clock: clock, entropy: .seeded(entropy.next()), conditions: conditions)
        let alarm = Alarm()
        connections = SimulatedConnections(network: network) { alarm.closed?($0) }
        media = SimulatedMedia(clock: clock)
        var registrar = Registrar.Configuration()
        registrar.minExpires = .seconds(1)
        let known = Set(site.seats.map(\.number) + site.trunks.compactMap(\.user))
        let location = LocationService(
            registrar: Registrar(configuration: registrar),
            authenticator: DigestAuthenticator(realm: site.realm, entropy: .seeded(entropy.next())),
            failedLoginsPerMinute: site.limits.failedLoginsPerMinute,
            passwords: { known.contains($0) ? Self.password : nil }, changed: { _ in })
        services = SwitchServices(
            site: CurrentSite(site, runner: runner), location: location, occupancy: Occupancy(), ledger: ledger,
            tables: tables,
            sounds: SoundLibrary(clips: sounds), recordingsFolder: "/recordings",
            log: Logger(label: "simulated") { _ in SwiftLogNoOpLogHandler() }, names: names)
        self.alarm = alarm
        self.modules = modules
        exchange = Self.exchange(
            run: 1, executor: executor, clock: clock, wire: Wire(network, connections), alarm: alarm,
            entropy: .seeded(entropy.next()), services: services, modules: modules, media: media)
        self.entropy = entropy
        executor.start()
        alarm.closed = { [weak self] flow in self?.inject { await $0.flowClosed(flow) } }
        alarm.ring = { [weak self] in self?.inject { await $0.wake() } }
        listenToMedia()
        network.attach(port: 5060) { [weak self, connections] bytes, port in
            let flow = connections.flow(from: port) ?? Flow(transport: .udp, address: "127.0.0.1", port: port)
            self?.inject { await $0.received(bytes, from: flow, at: clock.now) }
        }
    }

    private func listenToMedia() {
        media.signal = { [weak self] in self?.inject { await $0.mediaEventsWait() } }
    }

    private static func exchange(
        run: UInt32, executor: SimulatedExecutor, clock: SimulatedClock, wire: Wire, alarm: Alarm, entropy: Entropy,
        services: SwitchServices, modules: [any Module], media: sending SimulatedMedia
    ) -> Exchange {
        let environment = ExchangeEnvironment(
            run: run, now: { clock.now }, wallNow: { clock.wallNow }, wire: wire,
            setAlarm: { deadline in
                if let number = alarm.number { clock.cancel(number) }
                alarm.number = clock.at(deadline) {
                    alarm.number = nil
                    alarm.ring?()
                }
            }, entropy: entropy)
        return Exchange(
            executor: executor, preference: executor, environment: environment, services: services, modules: modules,
            configuration: UserAgent.Configuration(
                listeners: [
                    ListenerIdentity(transport: .udp, host: "127.0.0.1", port: 5060),
                    ListenerIdentity(transport: .tcp, host: "127.0.0.1", port: 5060),
                ], callIDPrefix: "0-", eventPackages: LampSnapshot.packages),
            door: media)
    }

    /// Power gone and back: another exchange, without any memory of calls, takes the place of the present one. Ledger,
    /// bindings and tables are as they were.
    ///
    /// - Parameter recover: what the ledger adds for what it finds open, as `Store` does.
    public func restart(recover: ([LedgerEvent]) -> [LedgerEvent]) {
        executor.drain()
        if let number = alarm.number { clock.cancel(number) }
        alarm.number = nil
        media.signal = nil
        for event in recover(ledger.events) { ledger.append(event) }
        firstEventOfRun = ledger.events.count
        starts += 1
        media = SimulatedMedia(clock: clock)
        services.occupancy = Occupancy()
        // What still runs in the old one runs into nothing.
        gone.append(exchange)
        exchange = Self.exchange(
            run: starts, executor: executor, clock: clock, wire: Wire(network, connections), alarm: alarm,
            entropy: .seeded(entropy.next()), services: services, modules: modules, media: media)
        listenToMedia()
        inject { await $0.start() }
        executor.drain()
    }

    /// Kept, because their scripts wait for ever.
    private var gone: [Exchange] = []

    deinit { executor.stop() }

    /// Adds a phone that knows the seat's (or gateway's) password unless another is given.
    public func addPhone(
        _ user: String, password: String? = nil, codecs: [AudioCodec] = [.pcma, .pcmu]
    ) -> SimulatedPhone {
        nextPort += 2
        let phone = SimulatedPhone(
            world: self, user: user, password: password ?? Self.password, port: nextPort, codecs: codecs,
            entropy: .seeded(entropy.next()))
        phones.append(phone)
        return phone
    }

    /// A phone that is registered already.
    public func addRegisteredPhone(_ user: String, codecs: [AudioCodec] = [.pcma, .pcmu]) -> SimulatedPhone {
        let phone = addPhone(user, codecs: codecs)
        phone.register()
        run(for: .seconds(2))
        return phone
    }

    /// Runs a piece of work on the exchange, as its shell would.
    public func inject(_ body: @escaping @Sendable (Exchange) async -> Void) {
        let exchange = exchange
        Task(executorPreference: executor) { await body(exchange) }
    }

    /// Lets simulated time pass.
    public func run(for duration: Duration) {
        let end = clock.now.advanced(by: duration)
        executor.drain()
        while let body = clock.step(notAfter: end) {
            body()
            executor.drain()
        }
        clock.finish(at: end)
        executor.drain()
    }

    /// Lets time pass until `condition` holds, at most `limit`; whether it came to hold.
    public func run(until limit: Duration, _ condition: () -> Bool) -> Bool {
        let end = clock.now.advanced(by: limit)
        executor.drain()
        while !condition() {
            guard let body = clock.step(notAfter: end) else { return condition() }
            body()
            executor.drain()
        }
        return true
    }

    /// The calls there are now.
    public var calls: [CallSnapshot] {
        let box = Box()
        inject { box.calls = await $0.snapshot() }
        executor.drain()
        return box.calls
    }

    private final class Box: @unchecked Sendable { var calls: [CallSnapshot] = [] }
}
