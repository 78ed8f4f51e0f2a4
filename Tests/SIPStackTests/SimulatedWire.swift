// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Timing

@testable import SIPStack

/// User agents joined by datagrams that may be lost, late, out of order and doubled, under one simulated clock.
/// The same seed gives the same run.
struct SimulatedWire {
    struct Conditions {
        /// Of a thousand datagrams.
        var lostPerMille = 0
        var doubledPerMille = 0
        var minDelay = Duration.milliseconds(1)
        var maxDelay = Duration.milliseconds(1)
    }

    enum Due: Hashable {
        case datagram(Int)
        case command(Int)
    }

    struct Datagram {
        var message: SIPMessage
        var from: Int
        var to: Int
    }

    var agents: [UserAgent]
    var conditions: Conditions
    var now = Instant(nanoseconds: 0)
    var entropy: Entropy
    /// What every agent said, in order.
    var events: [(agent: Int, event: Event)] = []
    var sent: [(agent: Int, message: SIPMessage)] = []
    /// Writes and reads every message, as a real wire does; what cannot be read is lost and told here.
    var goesThroughText = false
    var unreadable: [String] = []
    /// Called for every event; may return commands to run now.
    var onEvent: ((inout SimulatedWire, Int, Event) -> Void)?
    /// Called for every message to `stranger`, which is no user agent.
    var onStranger: ((inout SimulatedWire, SIPMessage) -> Void)?
    /// The number of the peer that a test plays itself.
    static let stranger = 9

    private var queue = TimerHeap<Due>()
    private var datagrams: [Int: Datagram] = [:]
    private var commands: [Int: (inout SimulatedWire) -> Void] = [:]
    private var lastNumber = 0

    init(
        agents count: Int, seed: UInt64, conditions: Conditions = Conditions(), eventPackages: [String] = []
    ) {
        entropy = .seeded(seed)
        self.conditions = conditions
        agents = (0..<count).map { index in
            UserAgent(
                configuration: .init(
                    listeners: [ListenerIdentity(transport: .udp, host: Self.address(index), port: 5060)],
                    eventPackages: eventPackages),
                entropy: .seeded(seed &* 31 &+ UInt64(index)))
        }
    }

    static func address(_ agent: Int) -> String { "10.0.0.\(agent)" }

    static func flow(to agent: Int) -> Flow { Flow(transport: .udp, address: address(agent), port: 5060) }

    static func uri(_ agent: Int) -> SIPURI { SIPURI(user: "u\(agent)", host: address(agent)) }

    static func invitation(from: Int, to: Int) -> Invitation {
        Invitation(
            requestURI: uri(to), flow: flow(to: to), from: NameAddress(uri: uri(from)), to: NameAddress(uri: uri(to)),
            body: Array("offer".utf8))
    }

    /// Runs something at a time of the simulation.
    mutating func at(_ time: Instant, _ command: @escaping (inout SimulatedWire) -> Void) {
        lastNumber += 1
        commands[lastNumber] = command
        queue.set(.command(lastNumber), at: time)
    }

    mutating func after(_ delay: Duration, _ command: @escaping (inout SimulatedWire) -> Void) {
        at(now.advanced(by: delay), command)
    }

    mutating func perform(_ agent: Int, _ actions: [Action]) {
        for action in actions {
            switch action {
            case .send(let message, let flow):
                sent.append((agent, message))
                post(message, from: agent, to: flow)
            case .event(let event):
                events.append((agent, event))
                onEvent?(&self, agent, event)
            }
        }
    }

    mutating func invite(from: Int, to: Int) -> SessionID {
        invite(Self.invitation(from: from, to: to), from: from)
    }

    mutating func invite(_ invitation: Invitation, from: Int) -> SessionID {
        let (id, actions) = agents[from].invite(invitation, now: now)
        perform(from, actions)
        return id
    }

    mutating func post(_ message: SIPMessage, from: Int, to flow: Flow) {
        guard let to = (agents.indices + [Self.stranger]).first(where: { Self.address($0) == flow.address })
        else { return }
        var message = message
        if goesThroughText {
            let text = message.serialize()
            do {
                message = try SIPMessage.parse(text)
            } catch {
                unreadable.append("\(error): \(String(decoding: text, as: UTF8.self))")
                return
            }
        }
        let copies = Int.random(in: 0..<1000, using: &entropy) < conditions.doubledPerMille ? 2 : 1
        for _ in 0..<copies where Int.random(in: 0..<1000, using: &entropy) >= conditions.lostPerMille {
            lastNumber += 1
            datagrams[lastNumber] = Datagram(message: message, from: from, to: to)
            let range = conditions.minDelay.nanoseconds...conditions.maxDelay.nanoseconds
            queue.set(
                .datagram(lastNumber), at: now.advanced(by: .nanoseconds(Int64.random(in: range, using: &entropy))))
        }
    }

    /// Runs until nothing is left to happen, or until `limit`.
    mutating func run(until limit: Instant = Instant(nanoseconds: .max)) {
        while true {
            let next = (agents.map(\.nextDeadline) + [queue.nextDeadline]).compactMap { $0 }.min()
            guard let next, next <= limit else { break }
            now = max(now, next)
            for agent in agents.indices where agents[agent].nextDeadline.map({ $0 <= now }) == true {
                perform(agent, agents[agent].advance(to: now))
            }
            while let due = queue.popDue(now) {
                switch due {
                case .datagram(let number):
                    guard let datagram = datagrams.removeValue(forKey: number) else { continue }
                    if datagram.to == Self.stranger {
                        onStranger?(&self, datagram.message)
                        continue
                    }
                    perform(
                        datagram.to,
                        agents[datagram.to].receive(
                            datagram.message, from: Self.flow(to: datagram.from), now: now))
                case .command(let number):
                    commands.removeValue(forKey: number)?(&self)
                }
            }
        }
        if limit.nanoseconds != .max { now = max(now, limit) }
    }

    mutating func run(for duration: Duration) { run(until: now.advanced(by: duration)) }

    /// Names of the events of an agent, e.g. `answered`, without what may follow in parentheses.
    func names(_ agent: Int) -> [String] {
        events.filter { $0.agent == agent }.map { $0.event.name }
    }

    /// Whether no agent has anything left: sessions, subscriptions, transactions, timers.
    var isEmpty: Bool {
        agents.allSatisfy {
            $0.sessionCount + $0.subscriptionCount + $0.transactionCount + $0.timerCount == 0
                && $0.subscriptionsByTag.isEmpty && $0.sessionsByTag.isEmpty && $0.lingering.isEmpty
        }
    }

    /// Methods and statuses an agent sent: `INVITE`, `200 INVITE`.
    func lines(_ agent: Int) -> [String] {
        sent.filter { $0.agent == agent }.map { $0.message.summary }
    }
}

extension SIPMessage {
    var summary: String { status.map { "\($0) \(method)" } ?? "\(method)" }
}

extension Event {
    var name: String {
        switch self {
        case .incomingInvite: "incomingInvite"
        case .incomingRequest: "incomingRequest"
        case .provisional(_, let status, _): "provisional \(status)"
        case .answered: "answered"
        case .failed(_, let status, _): "failed \(status)"
        case .cancelled: "cancelled"
        case .acknowledged: "acknowledged"
        case .reoffered: "reoffered"
        case .reofferAnswered: "reofferAnswered"
        case .reofferFailed(_, let status): "reofferFailed \(status)"
        case .inDialogRequest(_, let request): "inDialogRequest \(request.method)"
        case .referred: "referred"
        case .referAnswered(_, let status): "referAnswered \(status)"
        case .referProgress(_, let status, let isFinal): "referProgress \(status)\(isFinal ? " final" : "")"
        case .subscribed: "subscribed"
        case .subscriptionRefreshed: "subscriptionRefreshed"
        case .subscriptionEnded(_, let end): "subscriptionEnded \(end)"
        case .ended(_, let cause):
            switch cause {
            case .local: "ended local"
            case .remote: "ended remote"
            case .notAcknowledged: "ended notAcknowledged"
            case .refused(let status): "ended refused \(status)"
            }
        case .response(_, let response): "response \(response.status ?? 0)"
        case .requestFailed(_, let status): "requestFailed \(status)"
        }
    }

    /// The session of a final event, nil for others.
    var finishedSession: SessionID? {
        switch self {
        case .failed(let id, _, _), .cancelled(let id, _), .ended(let id, _): id
        default: nil
        }
    }
}
