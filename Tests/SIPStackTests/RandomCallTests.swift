// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import SIPStack
import Testing
import Timing

/// Whole calls between two user agents over a bad network, a thousand and more by seed.
@Suite struct RandomCallTests {
    /// Runs one call whose course the seed decides; returns the wire when all is quiet.
    static func call(seed: UInt64) -> SimulatedWire {
        var dice = Entropy.seeded(seed ^ 0xD1CE)
        var conditions = SimulatedWire.Conditions()
        conditions.lostPerMille = [0, 0, 50, 200, 400, 1000].randomElement(using: &dice) ?? 0
        conditions.doubledPerMille = [0, 100].randomElement(using: &dice) ?? 0
        conditions.maxDelay = .milliseconds([1, 50, 400].randomElement(using: &dice) ?? 1)
        var wire = SimulatedWire(agents: 2, seed: seed, conditions: conditions)

        let ringDelay = Duration.milliseconds(Int.random(in: 0...500, using: &dice))
        let answerDelay = Duration.milliseconds(Int.random(in: 0...8000, using: &dice))
        let course = Int.random(in: 0..<10, using: &dice)
        let calleeHangs = Duration.milliseconds(Int.random(in: 0...40_000, using: &dice))
        let refusesOffers = Bool.random(using: &dice)
        wire.onEvent = { wire, agent, event in
            switch event {
            case .incomingInvite(let id, _, _):
                wire.after(ringDelay) { $0.perform(agent, $0.agents[agent].progress(id, status: 180, now: $0.now)) }
                wire.after(answerDelay) { wire in
                    let actions =
                        switch course {
                        case 0: wire.agents[agent].reject(id, status: 486, now: wire.now)
                        case 1: wire.agents[agent].hangUp(id, now: wire.now)
                        case 2: [Action]()
                        default: wire.agents[agent].accept(id, body: Array("answer".utf8), now: wire.now)
                        }
                    wire.perform(agent, actions)
                }
                wire.after(calleeHangs + .seconds(course == 2 ? 30 : 0)) {
                    $0.perform(agent, $0.agents[agent].hangUp(id, now: $0.now))
                }
            case .reoffered(let id, _):
                wire.after(.milliseconds(20)) { wire in
                    let actions =
                        refusesOffers
                        ? wire.agents[agent].rejectOffer(id, status: 488, now: wire.now)
                        : wire.agents[agent].acceptOffer(id, body: Array("again".utf8), now: wire.now)
                    wire.perform(agent, actions)
                }
            default: break
            }
        }
        var invitation = SimulatedWire.invitation(from: 0, to: 1)
        if Int.random(in: 0..<4, using: &dice) == 0 {
            invitation.ringTimeout = .milliseconds(Int.random(in: 100...9000, using: &dice))
        }
        let id = wire.invite(invitation, from: 0)
        for agent in 0...1 {
            for _ in 0..<Int.random(in: 0...3, using: &dice) {
                wire.after(.milliseconds(Int.random(in: 1000...15_000, using: &dice))) { wire in
                    let session = agent == 0 ? id : wire.calleeSession
                    if let session {
                        wire.perform(agent, wire.agents[agent].reoffer(session, body: Array("re".utf8), now: wire.now))
                    }
                }
            }
        }
        wire.after(.milliseconds(Int.random(in: 500...12_000, using: &dice))) {
            $0.perform(0, $0.agents[0].sendInfo(id, contentType: "application/dtmf-relay", body: [49], now: $0.now))
        }
        wire.after(.milliseconds(Int.random(in: 0...60_000, using: &dice))) {
            $0.perform(0, $0.agents[0].hangUp(id, now: $0.now))
        }
        wire.run()
        return wire
    }

    @Test func everySessionEndsExactlyOnceAndNothingIsLeft() {
        var wrong: [String] = []
        var answered = 0
        for seed in UInt64(1)...3000 {
            let wire = Self.call(seed: seed)
            var begun: Set<String> = ["0 1"]
            var ended: [String: Int] = [:]
            var calls = 0
            for (agent, event) in wire.events {
                if case .incomingInvite(let id, _, _) = event {
                    calls += 1
                    begun.insert("\(agent) \(id.rawValue)")
                }
                if case .answered = event { answered += 1 }
                if let id = event.finishedSession { ended["\(agent) \(id.rawValue)", default: 0] += 1 }
            }
            let left = wire.agents.map { $0.sessionCount + $0.transactionCount + $0.timerCount }
            if Set(ended.keys) != begun || ended.values.contains(where: { $0 != 1 }) {
                wrong.append("seed \(seed): begun \(begun), ended \(ended)")
            }
            if calls > 1 { wrong.append("seed \(seed): \(calls) calls") }
            if left != [0, 0] { wrong.append("seed \(seed): left \(left)") }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
        #expect(answered > 500, "the courses are varied enough")
    }

    @Test func sameSeedGivesTheSameRun() {
        let a = Self.call(seed: 42)
        let b = Self.call(seed: 42)
        #expect(a.lines(0) == b.lines(0))
        #expect(a.lines(1) == b.lines(1))
        #expect(a.now == b.now)
    }
}

extension SimulatedWire {
    /// The session of the called side, once it has one.
    var calleeSession: SessionID? {
        for (agent, event) in events where agent == 1 {
            if case .incomingInvite(let id, _, _) = event { return id }
        }
        return nil
    }
}
