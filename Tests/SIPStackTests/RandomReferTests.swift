// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import SIPStack
import Testing
import Timing

/// REFER, NOTIFY and BYE crossing each other over a bad network, by seed.
@Suite struct RandomReferTests {
    struct Course {
        var wire: SimulatedWire
        /// Nothing was lost, nobody hung up before the outcome or left it untold. Some REFERs are refused even then:
        /// with 500, because a re-INVITE overtook them.
        var isPerfect: Bool
    }

    /// One call in which both sides refer and hang up when the seed says so.
    static func call(seed: UInt64) -> Course {
        var dice = Entropy.seeded(seed ^ 0x5EFE5)
        var conditions = SimulatedWire.Conditions()
        conditions.lostPerMille = [0, 0, 50, 200, 400].randomElement(using: &dice) ?? 0
        conditions.doubledPerMille = [0, 100].randomElement(using: &dice) ?? 0
        conditions.maxDelay = .milliseconds([1, 50, 400].randomElement(using: &dice) ?? 1)
        var wire = SimulatedWire(agents: 2, seed: seed, conditions: conditions)
        let course = Int.random(in: 0..<8, using: &dice)
        let gaps = (0..<4).map { _ in Duration.milliseconds(Int.random(in: 0...3000, using: &dice)) }
        wire.onEvent = { wire, agent, event in
            switch event {
            case .incomingInvite(let id, _, _):
                wire.perform(agent, wire.agents[agent].accept(id, body: Array("answer".utf8), now: wire.now))
            case .referred(_, let id, _):
                let command: (inout SimulatedWire) -> Void = { wire in
                    wire.perform(
                        agent,
                        course == 0
                            ? wire.agents[agent].rejectRefer(id, status: 603, now: wire.now)
                            : wire.agents[agent].acceptRefer(id, now: wire.now))
                }
                if course == 1 { return }
                wire.after(course == 2 ? gaps[0] : .zero, command)
                var delay = course == 2 ? gaps[0] : .zero
                for (index, status) in [100, 180, 200].enumerated() where !(course == 3 && status == 200) {
                    wire.after(delay) { wire in
                        wire.perform(
                            agent,
                            wire.agents[agent].notifyRefer(id, status: status, isFinal: status >= 200, now: wire.now))
                    }
                    delay += gaps[index + 1]
                }
            case .reoffered(let id, _):
                wire.perform(agent, wire.agents[agent].acceptOffer(id, body: Array("again".utf8), now: wire.now))
            default: break
            }
        }
        let caller = wire.invite(from: 0, to: 1)
        for agent in 0...1 {
            for _ in 0..<Int.random(in: 1...3, using: &dice) {
                let hasOffer = Int.random(in: 0..<4, using: &dice) == 0
                wire.after(.milliseconds(Int.random(in: 500...12_000, using: &dice))) { wire in
                    guard let id = agent == 0 ? caller : wire.calleeSession else { return }
                    wire.perform(agent, wire.agents[agent].refer(id, to: ReferTests.target, now: wire.now))
                    if hasOffer { wire.perform(agent, wire.agents[agent].reoffer(id, body: [1], now: wire.now)) }
                }
            }
        }
        let isLong = Int.random(in: 0..<3, using: &dice) == 0
        for agent in 0...1 {
            let least = isLong ? 700_000 : 500
            wire.after(.milliseconds(least + Int.random(in: 0...15_000, using: &dice))) { wire in
                guard let id = agent == 0 ? caller : wire.calleeSession else { return }
                wire.perform(agent, wire.agents[agent].hangUp(id, now: wire.now))
            }
        }
        wire.run()
        return Course(wire: wire, isPerfect: conditions.lostPerMille == 0 && isLong && course > 3)
    }

    /// What is wrong with the events of one agent: one outcome at most for each REFER, and nothing behind the end.
    static func flaws(_ events: [Event], sent: Int) -> [String] {
        var flaws: [String] = []
        var answered = 0
        var isOpen = false
        var isOver = false
        for event in events {
            if isOver { flaws.append("\(event.name) behind the end") }
            switch event {
            case .referAnswered(_, status: 491): break
            case .referAnswered(_, let status):
                answered += 1
                if isOpen { flaws.append("answered before the outcome of the last") }
                isOpen = status < 300
            case .referProgress(_, _, let isFinal):
                if !isOpen { flaws.append("progress of nothing") }
                if isFinal { isOpen = false }
            default: break
            }
            if event.finishedSession != nil { isOver = true }
        }
        if answered > sent { flaws.append("\(answered) answers of \(sent) REFERs") }
        return flaws
    }

    @Test func everyReferIsToldAtMostOnceAndNothingIsLeft() {
        var wrong: [String] = []
        var outcomes = 0
        var afterwards = 0
        for seed in UInt64(1)...2000 {
            let course = Self.call(seed: seed)
            let wire = course.wire
            for agent in 0...1 {
                let events = wire.events.filter { $0.agent == agent }.map(\.event)
                let refers = Set(
                    wire.sent.filter { $0.agent == agent && $0.message.summary == "REFER" }.map(\.message.cseq.number))
                let flaws = Self.flaws(events, sent: refers.count)
                if !flaws.isEmpty { wrong.append("seed \(seed) agent \(agent): \(flaws)") }
                let final = events.filter { if case .referProgress(_, 200, true) = $0 { true } else { false } }.count
                outcomes += final
                let accepted = events.filter { if case .referAnswered(_, 202) = $0 { true } else { false } }.count
                if course.isPerfect, final != accepted {
                    wrong.append("seed \(seed) agent \(agent): \(final) outcomes of \(accepted) REFERs")
                }
            }
            afterwards += Int(wire.agents.map(\.counters.unexpectedNotifies).reduce(0, +))
            let ends = wire.events.filter { $0.event.finishedSession != nil }.count
            if ends != 2 && wire.calleeSession != nil { wrong.append("seed \(seed): \(ends) ends") }
            if !wire.isEmpty { wrong.append("seed \(seed): left \(wire.agents.map(\.subscriptionCount))") }
        }
        #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(5))")
        #expect(outcomes > 400, "the courses are varied enough")
        #expect(afterwards > 50, "NOTIFYs meet ended calls")
        print("seeds 1 to 1000: \(outcomes) outcomes told, \(afterwards) NOTIFYs behind the end of a call")
    }
}
