// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import SIPMessage
internal import SIPStack
internal import Site
internal import Timing

/// What a shard's timers are for.
enum ShardTimer: Hashable, Sendable {
    /// The waiting operation of a call's dialplan is over.
    case waiting(CallID)
    /// A `Dial` has rung long enough.
    case ringing(CallID)
    /// A call, or an answered dial, has lasted long enough.
    case duration(CallID)
    case answeredLimit(CallID)
    /// An ended call whose media never said good-bye is closed all the same.
    case leftover(CallID)
    /// Bindings run out (first shard only).
    case bindings
    case keepAlive(String)
}

/// All the state of one shard: the SIP stack, the calls, the door to media. Confined to the shard's
/// executor; `Shard` is the actor around it.
final class Switchboard {
    let environment: ShardEnvironment
    let services: SwitchServices
    let door: any MediaDoor
    var agent: UserAgent
    var timers = TimerHeap<ShardTimer>()
    var calls: [CallID: Call] = [:]
    /// Which leg a SIP session, a media leg, an instrument belongs to.
    var sessions: [SessionID: LegID] = [:]
    var mediaLegs: [MediaLeg: LegID] = [:]
    var instruments: [MediaInstrument: CallID] = [:]
    /// OPTIONS of ours that wait for an answer, by trunk.
    var probes: [ClientRequestID: String] = [:]
    var entropy: Entropy
    /// Calls whose dialplan is to begin; the shard takes them after each turn.
    private(set) var scriptsToStart: [CallID] = []
    private var armed: Instant?
    private let startSecond: UInt32
    private var lastCall: UInt32 = 0
    var isDraining = false

    init(
        environment: ShardEnvironment, services: SwitchServices, configuration: UserAgent.Configuration,
        door: any MediaDoor
    ) {
        self.environment = environment
        self.services = services
        self.door = door
        var entropy = environment.entropy
        agent = UserAgent(configuration: configuration, entropy: Self.branch(&entropy))
        self.entropy = entropy
        startSecond = UInt32(truncatingIfNeeded: environment.wallNow().microseconds / 1_000_000)
    }

    /// A seeded world must stay repeatable: children draw their own sequence from the parent's.
    private static func branch(_ entropy: inout Entropy) -> Entropy {
        entropy.isSeeded ? .seeded(entropy.next()) : .system
    }

    var now: Instant { environment.now() }
    var wallNow: WallTime { environment.wallNow() }

    func makeCallID() -> CallID {
        lastCall &+= 1
        return CallID(startSecond: startSecond, shard: environment.index, counter: lastCall)
    }

    // MARK: Inputs

    func received(_ bytes: UnsafeRawBufferPointer, from flow: Flow, at now: Instant) {
        let limits: ParseLimits = flow.transport.isReliable ? .stream : .datagram
        do {
            let message = try SIPMessage.parse(bytes, limits: limits)
            perform(agent.receive(message, from: flow, now: now))
        } catch {
            services.location.counters.add(.malformed)
            if let answer = error.answer {
                environment.wire.send(answer.serialize(), on: flow, fromShard: environment.index)
            }
        }
        rearm()
    }

    func flowClosed(_ flow: Flow) {
        perform(agent.flowFailed(flow, now: now))
        if flow.connection != 0 {
            for change in services.location.flowClosed(flow) { note(change) }
        }
        rearm()
    }

    /// Does what is due.
    func wake() {
        armed = nil
        let now = now
        perform(agent.advance(to: now))
        while let timer = timers.popDue(now) { fire(timer) }
        rearm()
    }

    /// Takes the media events that wait.
    func drainMedia() {
        var events: [MediaEvent] = []
        door.drain { events.append($0) }
        for event in events { handle(event) }
        rearm()
    }

    func takeScripts() -> [CallID] {
        defer { scriptsToStart.removeAll(keepingCapacity: true) }
        return scriptsToStart
    }

    func startScript(of call: CallID) { scriptsToStart.append(call) }

    // MARK: Outputs

    /// Carries out what the SIP stack asked for, in order.
    func perform(_ actions: [Action]) {
        for action in actions {
            switch action {
            case .send(let message, let flow):
                environment.wire.send(message.serialize(), on: flow, fromShard: environment.index)
            case .event(let event): handle(event)
            }
        }
    }

    /// Sees to it that `wake` is called when the next timer is due.
    func rearm() {
        var next = timers.nextDeadline
        if let deadline = agent.nextDeadline, next.map({ deadline < $0 }) ?? true { next = deadline }
        guard let next else { return }
        if let armed, armed <= next { return }
        armed = next
        environment.setAlarm(next)
    }

    func setTimer(_ timer: ShardTimer, after delay: Duration) {
        timers.set(timer, at: now.advanced(by: delay))
        rearm()
    }

    func note(_ kind: LedgerEventKind, call: CallID? = nil, leg: UInt16? = nil) {
        services.ledger.append(LedgerEvent(time: wallNow, call: call, leg: leg, kind: kind))
    }

    /// Whatever is kept for calls, one line each.
    func leftovers() -> [String] {
        var lines = calls.keys.map { "call \($0)" }
        lines += sessions.map { "session \($0.key.rawValue) of \($0.value)" }
        lines += mediaLegs.map { "media leg \($0.key.rawValue) of \($0.value)" }
        lines += instruments.map { "instrument \($0.key.rawValue) of \($0.value)" }
        if agent.sessionCount > 0 { lines.append("\(agent.sessionCount) sessions of the stack") }
        let standing = 1 + services.site.site.trunks.count
        if timers.count > standing { lines.append("\(timers.count) timers") }
        return lines
    }

    private func fire(_ timer: ShardTimer) {
        switch timer {
        case .waiting(let id): calls[id]?.waitingTimedOut()
        case .ringing(let id): calls[id]?.ringingTimedOut()
        case .duration(let id), .answeredLimit(let id): calls[id]?.lastedTooLong(timer)
        case .leftover(let id): calls[id]?.closeLeftovers()
        case .bindings: expireBindings()
        case .keepAlive(let trunk): probe(trunk)
        }
    }
}
