// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing
import Timing

@testable import SIPStack

/// Re-INVITEs of ours that meet other things.
@Suite struct ReofferTests {
    @Test func offerBeforeTheAnswerWaitsForIt() {
        var wire = SessionTests.wire()
        wire.onEvent = { wire, agent, event in
            switch event {
            case .incomingInvite(let id, _, _):
                // One from the called side too, which waits for the ACK.
                wire.perform(agent, wire.agents[agent].reoffer(id, body: [7], now: wire.now))
                wire.perform(agent, wire.agents[agent].progress(id, status: 180, now: wire.now))
                wire.after(.seconds(2)) {
                    $0.perform(agent, $0.agents[agent].accept(id, body: [1], now: $0.now))
                }
            case .reoffered(let id, _):
                wire.perform(agent, wire.agents[agent].acceptOffer(id, body: [2], now: wire.now))
            default: break
            }
        }
        let caller = wire.invite(from: 0, to: 1)
        wire.run(for: .seconds(1))
        wire.perform(0, wire.agents[0].reoffer(caller, body: [3], now: wire.now))
        wire.perform(0, wire.agents[0].reoffer(caller, body: [4], now: wire.now))
        wire.run(for: .milliseconds(500))
        #expect(wire.lines(0) == ["INVITE"])
        wire.run(for: .seconds(20))
        #expect(wire.names(0).contains("reofferAnswered"))
        #expect(wire.names(1).contains("reofferAnswered"))
        let bodies = wire.sent.filter { $0.agent == 0 && $0.message.summary == "INVITE" }.map(\.message.body)
        #expect(bodies.last == [4] && !bodies.contains([3]), "the newer offer replaces the older")
    }

    @Test func hangUpWhileAnOfferIsOutEndsTheCallOnce() {
        for answers in [true, false] {
            var (wire, caller, _) = SessionTests.answeredCall()
            wire.conditions.minDelay = .milliseconds(50)
            wire.conditions.maxDelay = .milliseconds(50)
            wire.onEvent = { wire, agent, event in
                if case .reoffered(let id, _) = event, answers {
                    wire.perform(agent, wire.agents[agent].acceptOffer(id, body: [2], now: wire.now))
                }
            }
            wire.perform(0, wire.agents[0].reoffer(caller, body: [3], now: wire.now))
            wire.after(.milliseconds(60)) { $0.perform(0, $0.agents[0].hangUp(caller, now: $0.now)) }
            wire.run()
            #expect(wire.names(0).suffix(1) == ["ended local"])
            #expect(wire.names(1).suffix(1) == ["ended remote"])
            #expect(wire.lines(0).filter { $0 == "BYE" }.count == 1)
            // The 2xx that crossed the BYE is acknowledged; without it the peer answers 487.
            #expect(wire.lines(1).contains(answers ? "200 INVITE" : "487 INVITE"))
            #expect(wire.lines(0).last == "ACK" || wire.lines(0).contains("ACK"))
            #expect(wire.isEmpty)
        }
    }

    @Test func refusedOfferIsToldAndTheNextOneGoesOut() {
        var (wire, caller, _) = SessionTests.answeredCall()
        var refused = false
        wire.onEvent = { wire, agent, event in
            guard case .reoffered(let id, _) = event else { return }
            let actions =
                refused
                ? wire.agents[agent].acceptOffer(id, body: [2], now: wire.now)
                : wire.agents[agent].rejectOffer(id, status: 488, now: wire.now)
            refused = true
            wire.perform(agent, actions)
        }
        wire.perform(0, wire.agents[0].reoffer(caller, body: [3], now: wire.now))
        wire.perform(0, wire.agents[0].reoffer(caller, body: [4], now: wire.now))
        wire.run(for: .seconds(2))
        #expect(wire.names(0).suffix(2) == ["reofferFailed 488", "reofferAnswered"])
    }

    @Test(arguments: [true, false]) func anOfferThatMetTheirsWaitsAndCanBeWithdrawn(withdraws: Bool) {
        var (wire, caller, called) = SessionTests.answeredCall()
        wire.conditions.minDelay = .milliseconds(20)
        wire.conditions.maxDelay = .milliseconds(20)
        wire.onEvent = { wire, agent, event in
            guard case .reoffered(let id, _) = event else { return }
            if withdraws { _ = wire.agents[agent].withdrawOffer(id) }
            wire.perform(agent, wire.agents[agent].acceptOffer(id, body: [2], now: wire.now))
        }
        wire.perform(0, wire.agents[0].reoffer(caller, body: [3], now: wire.now))
        wire.perform(1, wire.agents[1].reoffer(called, body: [4], now: wire.now))
        wire.run(for: .seconds(10))
        // Both met with 491 (RFC 3261 §14.1); the called side, which waits less, came first.
        #expect(wire.lines(0).contains("491 INVITE") && wire.lines(1).contains("491 INVITE"))
        #expect(wire.names(1).contains("reofferAnswered"))
        #expect(wire.names(0).contains("reofferAnswered") == !withdraws)
        let offers = wire.sent.filter { $0.agent == 0 && $0.message.body == [3] }
        #expect(offers.count == (withdraws ? 1 : 2))
    }
}
