// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Exchange
import SDP
import SIPMessage
import SwitchTesting
import Timing

@testable import Store

/// A random walk: seven phones, and what may happen to them and their calls.
struct Walk {
    let world: SimulatedSwitch
    let phones: [SimulatedPhone]
    private(set) var entropy: Entropy
    /// The names of what was done, for a failing seed to be read.
    private(set) var trace: [String] = []
    private var hasCrashed = false

    /// Something that may happen, and how often beside the others.
    struct Step: Sendable {
        let name: String
        let weight: Int
        let act: @Sendable (inout Walk) -> Void
    }

    /// What modules bring (park, pickup by code, lamps) is one more line here.
    static let steps: [Step] = onPhones + inTalks + commands + mishaps

    private static let weights = steps.reduce(0) { $0 + $1.weight }

    init(_ world: SimulatedSwitch) {
        self.world = world
        let seats = ["8001", "8001", "8002", "8002", "8003", "8003"]
        phones = seats.map { world.addRegisteredPhone($0) } + [world.addRegisteredPhone("gateway")]
        for phone in phones {
            phone.hasManyLines = true
            phone.manner = .answers(after: .milliseconds(300))
        }
        entropy = world.entropy
        if Bool.random(using: &entropy) { world.network.conditions = .bad }
    }

    mutating func step() {
        var left = Int.random(in: 0..<Self.weights, using: &entropy)
        for step in Self.steps {
            left -= step.weight
            guard left < 0 else { continue }
            trace.append(step.name)
            step.act(&self)
            break
        }
        world.run(for: .milliseconds(Int64.random(in: 0...1500, using: &entropy)))
    }

    /// Everybody hangs up what he has; what is left the switch ends.
    mutating func goHome() {
        for phone in phones {
            phone.hangUp()
            phone.swap()
            phone.hangUp()
        }
        world.run(for: .seconds(60))
        world.inject { await $0.endAllCalls() }
    }

    // MARK: Dice

    private mutating func phone() -> SimulatedPhone { phones.randomElement(using: &entropy) ?? phones[0] }
    private mutating func number() -> String {
        ["8001", "8002", "8003", "9138", "8009", "700", "701", "702", "*8", "**8002", "600"].randomElement(
            using: &entropy) ?? "8001"
    }
    private mutating func coin() -> Bool { Bool.random(using: &entropy) }

    /// Any leg there is, or none that is.
    private mutating func leg() -> LegID {
        world.legs.map(\.id).randomElement(using: &entropy) ?? LegID(rawValue: 1)
    }

    private mutating func destination() -> Destination {
        let number = number()
        return [
            Destination.number(number), .seat("8002"), .seat("8003"), .trunk(name: "gateway", number: "138"),
            .hangUp(nil),
            .context("seats", exten: number, priority: .number(1)), .number("1@2"),
        ].randomElement(using: &entropy) ?? .hangUp(nil)
    }

    // MARK: What there is to do

    private static let onPhones = [
        Step(name: "call", weight: 12) { walk in
            let phone = walk.phone()
            let offering: SimulatedPhone.Offering = Int.random(in: 0..<6, using: &walk.entropy) == 0 ? .late : .offer
            if phone.session == nil { phone.call(walk.number(), offering: offering) }
        },
        Step(name: "hang up", weight: 4) { walk in walk.phone().hangUp() },
        Step(name: "manner", weight: 2) { walk in
            walk.phone().manner =
                [
                    .answers(after: .seconds(1)), .answers(after: .milliseconds(5)), .refuses(status: 486),
                    .ringsForEver, .earlyMediaThenAnswers(after: .seconds(2)), .isDead, .answersHolding,
                    .ringsThenRefuses(status: 480, after: .seconds(1)),
                    .earlyMediaThenRefuses(status: 603, after: .seconds(1)),
                ].randomElement(using: &walk.entropy) ?? .isDead
        },
        Step(name: "hold", weight: 2) { walk in walk.phone().hold(walk.coin()) },
        Step(name: "re-INVITE without offer", weight: 1) { walk in walk.phone().askForOffer() },
        Step(name: "register", weight: 1) { walk in walk.phone().register() },
        Step(name: "unregister", weight: 1) { walk in walk.phone().register(expires: 0) },
    ]

    private static let inTalks = [
        Step(name: "REFER", weight: 4) { walk in walk.phone().transfer(to: walk.number()) },
        Step(name: "consult", weight: 4) { walk in
            let phone = walk.phone()
            if phone.session != nil, phone.aside.isEmpty { phone.consult(walk.number()) }
        },
        Step(name: "REFER with Replaces", weight: 4) { walk in walk.phone().transferAttended() },
        Step(name: "swap", weight: 2) { walk in walk.phone().swap() },
        Step(name: "INVITE with Replaces", weight: 2) { walk in
            let (phone, other) = (walk.phone(), walk.phone())
            if phone.session == nil, let session = other.session {
                phone.call(walk.number(), replacing: other.replaces(session))
            }
        },
        Step(name: "## and a number", weight: 4) { walk in
            let (phone, number) = (walk.phone(), walk.number())
            for key in "##\(number)" { phone.press(key) }
        },
        Step(name: "*2 and a number", weight: 5) { walk in
            let (phone, number) = (walk.phone(), walk.number())
            for key in "*2\(number)" { phone.press(key) }
        },
        Step(name: "*1, *4 or *0", weight: 3) { walk in
            let (phone, code) = (walk.phone(), ["*1", "*4", "*0", "*3", "*", "#"].randomElement(using: &walk.entropy))
            for key in code ?? "*" { phone.press(key) }
        },
        Step(name: "keys by INFO", weight: 2) { walk in
            let phone = walk.phone()
            for key in "#*2#" { phone.pressByInfo(key) }
        },
    ]

    private static let commands = [
        Step(name: "originate", weight: 3) { walk in
            let branches = (0..<Int.random(in: 1...3, using: &walk.entropy)).map { _ in
                OfferBranch(
                    .seat(["8001", "8002", "8003"].randomElement(using: &walk.entropy) ?? "8001"),
                    startsAfter: walk.coin() ? .zero : .seconds(2), ringsFor: walk.coin() ? nil : .seconds(4))
            }
            let offer = OfferRequest(branches: branches, limit: .seconds(15))
            walk.world.perform(.originate(Origination(offer: offer, then: walk.destination())))
        },
        Step(name: "bridge", weight: 2) { walk in walk.world.perform(.bridge(walk.leg(), walk.leg())) },
        Step(name: "take", weight: 2) { walk in walk.world.perform(.take(walk.leg(), to: walk.destination())) },
        Step(name: "transfer", weight: 2) { walk in
            walk.world.perform(.transfer(by: walk.leg(), to: walk.destination()))
        },
        Step(name: "complete", weight: 2) { walk in walk.world.perform(.complete(walk.leg(), walk.leg())) },
        Step(name: "conference", weight: 2) { walk in
            let leg = walk.leg()
            walk.world.perform(.conference(leg, walk.coin() ? leg : walk.leg()))
        },
        Step(name: "hold by command", weight: 2) { walk in walk.world.perform(.hold(walk.leg(), walk.coin())) },
        Step(name: "pick up", weight: 2) { walk in walk.world.perform(.pickUp(by: walk.leg(), of: walk.leg())) },
        Step(name: "mute", weight: 1) { walk in walk.world.perform(.mute(walk.leg(), walk.coin())) },
        Step(name: "digits", weight: 1) { walk in walk.world.perform(.sendDigits(walk.leg(), "12#")) },
        Step(name: "hang up by command", weight: 1) { walk in
            walk.world.perform(.hangUp(walk.leg(), .normalClearing))
        },
        Step(name: "end", weight: 1) { walk in
            if let call = walk.world.calls.randomElement(using: &walk.entropy) { walk.world.perform(.end(call.id)) }
        },
    ]

    private static let mishaps = [
        Step(name: "silence", weight: 1) { walk in
            if let port = walk.phone().switchPort { walk.world.media.timeOut(atPort: port) }
        },
        Step(name: "ports", weight: 1) { walk in walk.world.media.mostLegs = walk.coin() ? 100_000 : 6 },
        Step(name: "rooms", weight: 1) { walk in walk.world.media.mostRooms = walk.coin() ? 100_000 : 4 },
        Step(name: "instruments", weight: 1) { walk in walk.world.media.mostInstruments = walk.coin() ? 100_000 : 2 },
        Step(name: "lost packets", weight: 1) { walk in
            walk.world.network.conditions.lossPermille = walk.coin() ? 0 : 100
        },
        Step(name: "crash", weight: 1) { walk in
            // Once in a walk, and not in each.
            guard !walk.hasCrashed, walk.coin() else { return }
            walk.hasCrashed = true
            walk.world.crash()
        },
    ]
}

extension SimulatedSwitch {
    /// Power gone in the middle of everything: the ledger ends what it finds open, as `Store` does.
    func crash() {
        restart { events in
            var fold = RecordFold()
            for (index, event) in events.enumerated() {
                fold.apply(NumberedLedgerEvent(sequence: UInt64(index + 1), event: event))
            }
            let now = clock.now.nanoseconds / 1000
            return fold.eventsEndingAll(at: Moment(time: clock.wallNow, elapsed: now))
        }
    }
}
