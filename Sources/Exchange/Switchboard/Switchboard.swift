// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import Names
internal import SIPMessage
internal import SIPStack
internal import Site
internal import Timing

/// What the exchange's timers are for.
enum ExchangeTimer: Hashable, Sendable {
    /// The waiting operation of a script is over.
    case script(ScriptID)
    /// The time of a script is over.
    case deadline(ScriptID)
    /// A script that has lost its leg has had time to end.
    case farewell(ScriptID)
    case offer(OfferID, OfferMachine.Timer)
    case bridge(BridgeID, BridgeMachine.Timer)
    /// Three or more have talked as long as they may.
    case gathering(BridgeID)
    /// Media never said that the leg is closed.
    case leg(LegID)
    /// A leg whose part is over has not hung up by itself.
    case release(LegID)
    /// The call has lasted as long as the site allows.
    case call(CallID)
    case recording(MediaInstrument)
    /// Bindings run out.
    case bindings
    case module(String, ModuleTimer)
    case keepAlive(String)
    /// Lamps are to be told what had to wait.
    case lamps
    /// Names of trunks are to be looked up again.
    case names
}

/// What an instrument in a room is for.
enum InstrumentUse {
    case script(Script)
    case recording(Recording)
    /// Music or a tone for a leg that no script speaks to.
    case ambience(Leg)
}

/// What waits to be done, in order.
enum Work {
    case stack(Action)
    case leg(Leg, LegAction)
    case offer(Offer, OfferMachine.Action)
    case bridge(Bridge, BridgeMachine.Action)
    case gathering(Gathering, GatheringMachine.Action)
    case transfer(Transfer, TransferMachine.Action)
    /// Two legs that are free are to talk; the reason why their calls are linked, if they are two.
    case talk(Leg, Leg, TalkRules, LinkReason?)
    /// The same for three.
    case gather([(leg: Leg, rules: SideRules)], limit: Duration?)
    /// A leg whose part is over is hung up.
    case release(Leg)
    /// Both sides of a dial have answered.
    case connect(Script, Leg)
    /// Something has happened that modules hear of.
    case event(NumberedLedgerEvent)
}

/// The router of the exchange: the SIP stack, the door to media, the timers, and tables that say whose a session, a leg,
/// an instrument is. No feature lives here. Confined to the exchange's executor; `Exchange` is the actor round it.
///
/// What machines ask for goes through one queue that is drained in order: mutate, drain, mutate. So an event is never
/// handled in the middle of somebody's list of actions, and requests leave in the order they were decided.
final class Switchboard {
    let environment: ExchangeEnvironment
    let services: SwitchServices
    let door: any MediaDoor
    private(set) var agent: UserAgent
    var timers = TimerHeap<ExchangeTimer>()
    var calls: [CallID: Call] = [:]
    var legs: [LegID: Leg] = [:]
    var offers: [OfferID: Offer] = [:]
    var bridges: [BridgeID: Bridge] = [:]
    var gatherings: [BridgeID: Gathering] = [:]
    /// Until their tasks have ended.
    var scripts: [ScriptID: Script] = [:]
    /// What those wait for that turned in a circle: it does not come. Each is a mistake in a module, named in the log.
    var stopped: [CheckedContinuation<Void, Never>] = []
    /// Which leg a SIP session and a media leg belong to.
    var sessions: [SessionID: LegID] = [:]
    var mediaLegs: [MediaLeg: LegID] = [:]
    var instruments: [MediaInstrument: InstrumentUse] = [:]
    /// OPTIONS of ours that wait for an answer.
    var probes: [ClientRequestID: TrunkProbe] = [:]
    /// The trunks that are asked by OPTIONS, as the site had them when they were last looked at.
    var watched: [String: WatchedTrunk] = [:]
    /// Names to be looked up at the end of the turn.
    var questions: [NameService] = []
    /// Asks the resolver; set by the exchange.
    var ask: (NameService) -> Void = { _ in }
    var recordingNames = RecordingNames()
    var seats = SeatBoard()
    var lamps = LampBoard()
    /// Lamps that modules drive, by name, and the names by the number that telephones subscribe to.
    var moduleLamps = ModuleLamps()
    /// What may show something else, to be told at the end of the turn.
    var lampsToTell: Set<LampName> = []
    private(set) var modules: [String: HostedModule] = [:]
    /// In the order they were given, so that a seeded world stays repeatable.
    private var modulesInOrder: [HostedModule] = []
    /// Applications that serve the destinations of modules, by scheme.
    private(set) var destinations: [String: String] = [:]
    var entropy: Entropy
    var isDraining = false
    /// Runs a script's task; set by the exchange.
    var launch: (PendingScript) -> Void = { _ in }
    /// Scripts that begin at the end of the turn.
    private var scriptsToStart: [PendingScript] = []
    private var work: [Work] = []
    private var isWorking = false
    private var armed: Instant?
    private var identifiers: IdentifierSource
    private var lastNumber: UInt64 = 0

    init(
        environment: ExchangeEnvironment, services: SwitchServices, configuration: UserAgent.Configuration,
        door: any MediaDoor
    ) {
        self.environment = environment
        self.services = services
        self.door = door
        var entropy = environment.entropy
        agent = UserAgent(configuration: configuration, entropy: Self.branch(&entropy))
        self.entropy = entropy
        identifiers = IdentifierSource(run: environment.run)
    }

    /// A seeded world must stay repeatable: children draw their own sequence from the parent's.
    private static func branch(_ entropy: inout Entropy) -> Entropy {
        entropy.isSeeded ? .seeded(entropy.next()) : .system
    }

    var now: Instant { environment.now() }
    var wallNow: WallTime { environment.wallNow() }
    var log: Logger { services.log }

    func makeCallID() -> CallID { identifiers.nextCall() }
    func makeLegID() -> LegID { identifiers.nextLeg() }
    func makeOfferID() -> OfferID { OfferID(rawValue: nextNumber()) }
    func makeScriptID() -> ScriptID { ScriptID(rawValue: nextNumber()) }
    func makeBridgeID() -> BridgeID { BridgeID(rawValue: nextNumber()) }

    private func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    func start(_ modules: [any Module]) {
        for module in modules {
            destinations.merge(module.destinations) { first, _ in first }
            let hosted = HostedModule(module, board: self)
            self.modules[module.name] = hosted
            modulesInOrder.append(hosted)
        }
    }

    // MARK: Turns

    /// One input and all that follows from it. Within another turn the body runs at once, and what it asks for waits for
    /// its place in the queue.
    func turn<T>(_ body: () throws -> T) rethrows -> T {
        defer {
            if !isWorking {
                drain()
                tellLamps()
                drain()
                rearm()
                launchScripts()
            }
        }
        return try body()
    }

    func queue(_ item: Work) { work.append(item) }

    /// Asks the stack for something; what it wants done takes its place in the queue.
    func act(_ body: (inout UserAgent) -> [Action]) {
        for action in body(&agent) { queue(.stack(action)) }
    }

    /// Begins a session; what the stack wants done is the caller's to queue, once it knows whose session it is.
    func invite(_ invitation: Invitation) -> (SessionID, [Action]) { agent.invite(invitation, now: now) }

    /// Sends a request outside dialogs.
    func send(_ request: OutOfDialogRequest, _ remember: (ClientRequestID) -> Void) {
        let (id, actions) = agent.request(request, now: now)
        remember(id)
        for action in actions { queue(.stack(action)) }
    }

    private func drain() {
        isWorking = true
        defer { isWorking = false }
        var next = 0
        while next < work.count {
            let item = work[next]
            next += 1
            perform(item)
        }
        work.removeAll(keepingCapacity: next < 1024)
    }

    private func perform(_ item: Work) {
        switch item {
        case .stack(.send(let message, let flow)): environment.wire.send(message.serialize(), on: flow)
        case .stack(.event(let event)): handle(event)
        case .leg(let leg, let action): leg.perform(action)
        case .offer(let offer, let action): offer.perform(action)
        case .bridge(let bridge, let action): bridge.perform(action)
        case .gathering(let gathering, let action): gathering.perform(action)
        case .gather(let members, let limit): _ = Gathering(members.filter { $0.leg.isUp }, limit: limit, board: self)
        case .transfer(let transfer, let action): transfer.perform(action)
        case .talk(let a, let b, let rules, let reason): talk(a, b, rules, reason)
        case .release(let leg):
            leg.script?.bridgeOverBeforeHangUp(.normalClearing)
            leg.hangUp(.normalClearing)
        case .connect(let script, let leg): script.connect(leg)
        case .event(let event): for module in modulesInOrder { module.heard(event) }
        }
    }

    /// Joins two legs; the calls they count for are linked when they are two.
    private func talk(_ a: Leg, _ b: Leg, _ rules: TalkRules, _ reason: LinkReason?) {
        guard a.isUp, b.isUp else {
            for leg in [a, b] where leg.isUp { queue(.release(leg)) }
            return
        }
        for leg in [a, b] {
            leg.stopTone()
            // Several may have wanted it at once: the last one has it, and whoever it is taken from goes on by the rules.
            leg.recall?.withdraw()
            leg.gathering?.leave(leg)
            leg.bridge?.leave(leg)
        }
        if a.call !== b.call { Call.link(a.call, b.call, reason ?? .transfer) }
        _ = Bridge(a, b, rules: rules, board: self)
    }

    // MARK: Inputs

    func received(_ bytes: UnsafeRawBufferPointer, from flow: Flow, at now: Instant) {
        turn {
            let limits: ParseLimits = flow.transport.isReliable ? .stream : .datagram
            do throws(SIPParseError) {
                let message = try SIPMessage.parse(bytes, limits: limits)
                act { $0.receive(message, from: flow, now: now) }
            } catch {
                services.counters.add(.malformed)
                if let answer = error.answer { environment.wire.send(answer.serialize(), on: flow) }
            }
        }
    }

    func flowClosed(_ flow: Flow) {
        turn {
            act { $0.flowFailed(flow, now: self.now) }
            if flow.connection != 0 {
                for change in services.location.flowClosed(flow) { note(change) }
            }
        }
    }

    /// A message of ours cannot be sent, though others on the same flow can.
    func undelivered(_ bytes: [UInt8]) {
        turn {
            guard let message = try? bytes.withUnsafeBytes({ try SIPMessage.parse($0, limits: .stream) }) else {
                return
            }
            act { $0.sendFailed(message, now: self.now) }
        }
    }

    /// Does what is due.
    func wake() {
        armed = nil
        turn {
            let now = now
            act { $0.advance(to: now) }
            while let timer = timers.popDue(now) {
                // Each with what follows from it: what one timer ends, the next must not find half ended.
                fire(timer)
                drain()
            }
        }
    }

    /// Takes the media events that wait.
    func drainMedia() {
        var events: [MediaEvent] = []
        door.drain { events.append($0) }
        for event in events { turn { handle(event) } }
    }

    private func launchScripts() {
        for question in takeQuestions() { ask(question) }
        guard !scriptsToStart.isEmpty else { return }
        let scripts = scriptsToStart
        scriptsToStart.removeAll(keepingCapacity: true)
        for script in scripts { launch(script) }
    }

    func start(_ script: PendingScript) { scriptsToStart.append(script) }

    // MARK: Outputs

    /// Sees to it that `wake` is called when the next timer is due.
    func rearm() {
        var next = timers.nextDeadline
        if let deadline = agent.nextDeadline, next.map({ deadline < $0 }) ?? true { next = deadline }
        guard let next else { return }
        if let armed, armed <= next { return }
        armed = next
        environment.setAlarm(next)
    }

    func setTimer(_ timer: ExchangeTimer, after delay: Duration) {
        timers.set(timer, at: now.advanced(by: delay))
        if !isWorking { rearm() }
    }

    func note(_ fact: any LedgerFact, call: CallID? = nil, leg: LegID? = nil) {
        let event = LedgerEvent(time: wallNow, at: now, call: call, leg: leg, fact)
        let number = services.ledger.append(event)
        if let seat = seats.apply(fact, leg: leg) { mayHaveChanged(.seat(seat)) }
        partnersMayHaveChanged(fact, of: leg)
        if !modules.isEmpty { queue(.event(NumberedLedgerEvent(sequence: number, event: event))) }
    }

    private func fire(_ timer: ExchangeTimer) {
        switch timer {
        case .script(let id): scripts[id]?.timedOut()
        case .deadline(let id): scripts[id]?.deadlinePassed()
        case .farewell(let id): scripts[id]?.farewellIsOver()
        case .offer(let id, let timer): offers[id]?.due(timer)
        case .bridge(let id, let timer): bridges[id]?.due(timer)
        case .gathering(let id): gatherings[id]?.overdue()
        case .leg(let id): legs[id]?.handle(.mediaOverdue)
        case .release(let id): if let leg = legs[id] { queue(.release(leg)) }
        case .call(let id): calls[id]?.hangUp(.recoveryOnTimerExpire)
        case .recording(let instrument):
            if case .recording(let recording) = instruments[instrument] { recording.overdue() }
        case .bindings: expireBindings()
        case .module(let name, let timer): modules[name]?.due(timer)
        case .keepAlive(let trunk): probe(trunk)
        case .lamps: lampsAreDue()
        case .names: askNamesAgain()
        }
    }
}

extension Switchboard {
    /// Whatever is kept for calls, one line each.
    func leftovers() -> [String] {
        var lines = calls.keys.map { "call \($0)" }
        lines += legs.keys.map { "leg \($0)" }
        lines += offers.keys.map { "offer \($0.rawValue)" }
        lines += bridges.keys.map { "bridge \($0.rawValue)" }
        lines += gatherings.keys.map { "gathering \($0.rawValue)" }
        lines += scripts.keys.map { "script \($0.rawValue)" }
        lines += sessions.map { "session \($0.key.rawValue) of \($0.value)" }
        lines += mediaLegs.map { "media leg \($0.key.rawValue) of \($0.value)" }
        lines += instruments.keys.map { "instrument \($0.rawValue)" }
        if agent.sessionCount > 0 { lines.append("\(agent.sessionCount) sessions of the stack") }
        lines += lamps.subscriptions.map { "subscription \($0.rawValue)" }
        if agent.subscriptionCount > 0 { lines.append("\(agent.subscriptionCount) subscriptions of the stack") }
        let standing = 2 + services.site.site.trunks.count
        if timers.count > standing { lines.append("\(timers.count) timers") }
        return lines
    }
}
