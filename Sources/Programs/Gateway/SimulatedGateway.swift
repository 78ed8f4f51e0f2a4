// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import MediaEngine
internal import SIPMessage
internal import SIPStack
internal import SIPTransport
internal import Timing

/// An FXO gateway with lines and an FXS gateway with telephones, as the switch sees them.
///
/// Two listeners: the switch reaches lines at the first, telephones at the second, so that a number called
/// outside is never mistaken for a telephone's. All state lives on the transport's one event loop.
actor SimulatedGateway {
    struct Settings: Sendable {
        /// The switch.
        var remoteAddress: String
        var remotePort: UInt16
        var transport: TransportKind
        /// Where speech is received.
        var mediaAddress: String
        var lineCount: Int
        /// User name of the lines, the trunk's at the switch.
        var gatewayUser: String
        var gatewaySecret: String
        /// Seat numbers of the telephones, with their secrets.
        var telephones: [(number: String, secret: String)]
        /// How a line's outside party answers at first.
        var answerAfterSeconds: Double?
    }

    /// An account at the switch.
    struct Account {
        var name: String
        var client: RegistrationClient
        var told: RegistrationClient.State?
    }

    private nonisolated let executor: any SerialExecutor
    let settings: Settings
    let transport: SIPTransport
    let door: any MediaDoor
    let console: Console
    var agent: UserAgent
    var entropy = Entropy.system
    var ports: [PortID: Port] = [:]
    var sessions: [SessionID: PortID] = [:]
    var legs: [MediaLeg: PortID] = [:]
    var instruments: [MediaInstrument: (port: PortID, what: String)] = [:]
    var accounts: [Account] = []
    /// When ringing ports answer by themselves.
    var answers = TimerHeap<PortID>()
    /// Whom an order without a name is for.
    var current = PortID.line(1)
    private var alarm: ScheduledCall?
    private var alarmDue: Instant?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(
        settings: Settings, transport: SIPTransport, bound: [BoundListener], advertised: String, engine: MediaEngine,
        console: Console
    ) {
        executor = transport.executor
        self.settings = settings
        self.transport = transport
        self.console = console
        door = engine.door(forShard: 0)
        agent = UserAgent(
            configuration: UserAgent.Configuration(
                listeners: bound.map {
                    ListenerIdentity(transport: $0.listen.transport, host: advertised, port: $0.listen.port)
                },
                userAgentHeader: "Martlet simulated gateway", callIDPrefix: "gw-",
                supported: []),
            entropy: .system)
        for number in 1...max(settings.lineCount, 1) {
            ports[.line(number), default: Port()].answerAfterSeconds = settings.answerAfterSeconds
        }
        for index in settings.telephones.indices { ports[.phone(index + 1)] = Port() }
    }

    var now: Instant { .now() }

    var lineIDs: [PortID] { (1...max(settings.lineCount, 1)).map { .line($0) } }
    var phoneIDs: [PortID] { settings.telephones.indices.map { .phone($0 + 1) } }

    /// The way to the switch from the lines (0) or the telephones (1).
    func flow(listener: Int) -> Flow {
        Flow(
            transport: settings.transport, address: settings.remoteAddress, port: settings.remotePort,
            listener: listener)
    }

    func switchURI(user: String?) -> SIPURI {
        let host = settings.remoteAddress.contains(":") ? "[\(settings.remoteAddress)]" : settings.remoteAddress
        let parameters = settings.transport.uriParameter.map { [SIPParameter("transport", $0)] } ?? []
        return SIPURI(user: user, host: host, port: Int(settings.remotePort), parameters: parameters)
    }

    // MARK: Inputs

    func received(_ bytes: [UInt8], from flow: Flow, at now: Instant) {
        let limits: ParseLimits = flow.transport.isReliable ? .stream : .datagram
        if let message = try? SIPMessage.parse(bytes, limits: limits) {
            perform(agent.receive(message, from: flow, now: now))
        }
        rearm()
    }

    func flowClosed(_ flow: Flow) {
        perform(agent.flowFailed(flow, now: now))
        rearm()
    }

    func undelivered(_ bytes: [UInt8]) {
        if let message = try? bytes.withUnsafeBytes({ try SIPMessage.parse($0, limits: .stream) }) {
            perform(agent.sendFailed(message, now: now))
        }
        rearm()
    }

    func mediaEventsWait() {
        var events: [MediaEvent] = []
        door.drain { events.append($0) }
        for event in events { handle(event) }
        rearm()
    }

    private func wake() {
        alarmDue = nil
        let now = now
        perform(agent.advance(to: now))
        while let port = answers.popDue(now) { answer(port) }
        for index in accounts.indices {
            if let request = accounts[index].client.advance(to: now) { send(request, for: index) }
        }
        rearm()
    }

    // MARK: Outputs

    func perform(_ actions: [Action]) {
        for action in actions {
            switch action {
            case .send(let message, let flow): transport.send(message.serialize(), on: flow)
            case .event(let event): handle(event)
            }
        }
    }

    /// Asks to be woken when the next timer is due. Every input ends with it.
    func rearm() {
        var next = answers.nextDeadline
        for deadline in [agent.nextDeadline] + accounts.map(\.client.nextDeadline) {
            if let deadline, next.map({ deadline < $0 }) ?? true { next = deadline }
        }
        guard let next, alarmDue.map({ next < $0 }) ?? true else { return }
        alarm?.cancel()
        alarmDue = next
        alarm = transport.schedule(at: next) { [weak self] in
            self?.assumeIsolated { $0.wake() }
        }
    }

    /// Tells what happened to a port, and keeps it for `wait`.
    func tell(_ id: PortID, _ event: String) {
        ports[id]?.note(event)
        console.print("\(id) \(event)")
    }
}
