// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing
import Timing

@testable import SIPStack

/// Calls whose course is set, over a good wire of 1 ms, or with chosen messages withheld.
@Suite struct SessionTests {
    static func wire(agents: Int = 2) -> SimulatedWire { SimulatedWire(agents: agents, seed: 5) }

    /// A wire whose callee accepts at once.
    static func answeredCall() -> (SimulatedWire, SessionID, SessionID) {
        var wire = wire()
        wire.onEvent = { wire, agent, event in
            if case .incomingInvite(let id, _, _) = event {
                wire.perform(agent, wire.agents[agent].accept(id, body: Array("answer".utf8), now: wire.now))
            }
        }
        let caller = wire.invite(from: 0, to: 1)
        wire.run(for: .milliseconds(100))
        return (wire, caller, wire.calleeSession!)
    }

    @Test func plainCallGoesByTheBook() {
        var (wire, caller, _) = Self.answeredCall()
        wire.perform(0, wire.agents[0].hangUp(caller, headers: [SIPHeader("Reason", "Q.850;cause=16")], now: wire.now))
        wire.run()
        #expect(wire.lines(0) == ["INVITE", "ACK", "BYE"])
        #expect(wire.lines(1) == ["100 INVITE", "200 INVITE", "200 BYE"])
        #expect(wire.names(0) == ["answered", "ended local"])
        #expect(wire.names(1) == ["incomingInvite", "acknowledged", "ended remote"])
        guard case .ended(_, .remote(let reason)) = wire.events.last(where: { $0.agent == 1 })?.event else {
            Issue.record("no reason")
            return
        }
        #expect(reason == "Q.850;cause=16")
        #expect(wire.agents.allSatisfy { $0.transactionCount == 0 && $0.sessionCount == 0 && $0.timerCount == 0 })
    }

    @Test func everythingSaidSurvivesBeingWrittenAndRead() {
        var wire = Self.wire()
        wire.goesThroughText = true
        wire.onEvent = { wire, agent, event in
            switch event {
            case .incomingInvite(let id, _, _):
                wire.perform(agent, wire.agents[agent].progress(id, status: 183, body: [65], now: wire.now))
                wire.perform(agent, wire.agents[agent].accept(id, body: Array("answer".utf8), now: wire.now))
            case .reoffered(let id, _):
                wire.perform(agent, wire.agents[agent].acceptOffer(id, body: Array("again".utf8), now: wire.now))
            default: break
            }
        }
        let caller = wire.invite(from: 0, to: 1)
        wire.run(for: .seconds(1))
        wire.perform(0, wire.agents[0].reoffer(caller, body: Array("re".utf8), now: wire.now))
        wire.perform(0, wire.agents[0].sendInfo(caller, contentType: "a/b", body: [49], now: wire.now))
        wire.run(for: .seconds(1))
        wire.perform(0, wire.agents[0].hangUp(caller, headers: [SIPHeader("Reason", "Q.850;cause=16")], now: wire.now))
        let second = wire.invite(from: 0, to: 1)
        wire.perform(0, wire.agents[0].hangUp(second, now: wire.now))
        wire.run()
        #expect(wire.unreadable == [])
        #expect(
            wire.names(0).prefix(4) == ["provisional 183", "answered", "reofferAnswered", "ended local"])
        #expect(wire.names(1).contains("ended remote"))
        #expect(wire.agents.allSatisfy { $0.transactionCount == 0 && $0.sessionCount == 0 && $0.timerCount == 0 })
    }

    @Test func cancelWaitsForTheFirstProvisionalResponse() {
        var wire = Self.wire()
        wire.conditions.minDelay = .milliseconds(50)
        wire.conditions.maxDelay = .milliseconds(50)
        let id = wire.invite(from: 0, to: 1)
        wire.perform(0, wire.agents[0].hangUp(id, headers: [SIPHeader("Reason", "SIP;cause=200")], now: wire.now))
        #expect(wire.lines(0) == ["INVITE"])
        wire.run()
        #expect(wire.lines(0) == ["INVITE", "CANCEL", "ACK"])
        #expect(wire.lines(1) == ["100 INVITE", "200 CANCEL", "487 INVITE"])
        #expect(wire.names(0) == ["ended local"])
        #expect(wire.names(1) == ["incomingInvite", "cancelled"])
        for case (_, .cancelled(_, let reason)) in wire.events { #expect(reason == "SIP;cause=200") }
    }

    @Test func answerThatCrossesCancelIsAcknowledgedAndHungUp() {
        var wire = Self.wire()
        wire.conditions.minDelay = .milliseconds(50)
        wire.conditions.maxDelay = .milliseconds(50)
        wire.onEvent = { wire, agent, event in
            if case .incomingInvite(let id, _, _) = event {
                wire.after(.milliseconds(60)) {
                    $0.perform(agent, $0.agents[agent].accept(id, body: [1], now: $0.now))
                }
            }
        }
        let id = wire.invite(from: 0, to: 1)
        wire.after(.milliseconds(105)) { $0.perform(0, $0.agents[0].hangUp(id, now: $0.now)) }
        wire.run()
        #expect(wire.lines(0) == ["INVITE", "CANCEL", "ACK", "BYE"])
        #expect(wire.names(0) == ["ended local"])
        #expect(wire.names(1) == ["incomingInvite", "acknowledged", "ended remote"])
    }

    @Test func nobodyAnsweringIsToldAtOnceAndCancelled() {
        var wire = Self.wire()
        wire.onEvent = { wire, agent, event in
            if case .incomingInvite(let id, _, _) = event {
                wire.perform(agent, wire.agents[agent].progress(id, status: 180, now: wire.now))
            }
        }
        var invitation = SimulatedWire.invitation(from: 0, to: 1)
        invitation.ringTimeout = .seconds(20)
        _ = wire.invite(invitation, from: 0)
        wire.run()
        #expect(wire.names(0) == ["provisional 180", "failed 408"])
        #expect(wire.names(1) == ["incomingInvite", "cancelled"])
    }

    @Test func answerIsRepeatedUntilTheCallerAcknowledgesOrIsGivenUp() {
        var wire = Self.wire()
        wire.onEvent = { wire, agent, event in
            if case .incomingInvite(let id, _, _) = event {
                wire.conditions.lostPerMille = 1000
                wire.perform(agent, wire.agents[agent].accept(id, body: [1], now: wire.now))
            }
        }
        _ = wire.invite(from: 0, to: 1)
        wire.run()
        // 0, 0.5, 1.5, 3.5, 7.5, 11.5 … 31.5 s, then BYE eleven times.
        #expect(wire.lines(1).filter { $0 == "200 INVITE" }.count == 11)
        #expect(wire.lines(1).filter { $0 == "BYE" }.count == 11)
        #expect(wire.names(1) == ["incomingInvite", "ended notAcknowledged"])
        #expect(wire.names(0) == ["failed 408"])
    }

    @Test func byeOfTheCalledSideWaitsForTheAck() {
        var wire = Self.wire()
        wire.conditions.minDelay = .milliseconds(20)
        wire.conditions.maxDelay = .milliseconds(20)
        wire.onEvent = { wire, agent, event in
            if case .incomingInvite(let id, _, _) = event {
                wire.perform(agent, wire.agents[agent].accept(id, body: [1], now: wire.now))
                wire.perform(agent, wire.agents[agent].hangUp(id, now: wire.now))
            }
        }
        _ = wire.invite(from: 0, to: 1)
        wire.run()
        #expect(wire.lines(1) == ["100 INVITE", "200 INVITE", "BYE"])
        #expect(wire.names(1) == ["incomingInvite", "acknowledged", "ended local"])
        #expect(wire.names(0) == ["answered", "ended remote"])
    }

    @Test func bothSidesOfferingAtOnceSettleAfterGlare() {
        var (wire, caller, callee) = Self.answeredCall()
        wire.conditions.minDelay = .milliseconds(10)
        wire.conditions.maxDelay = .milliseconds(10)
        wire.onEvent = { wire, agent, event in
            if case .reoffered(let id, _) = event {
                wire.perform(agent, wire.agents[agent].acceptOffer(id, body: [2], now: wire.now))
            }
        }
        wire.perform(0, wire.agents[0].reoffer(caller, body: [3], now: wire.now))
        wire.perform(1, wire.agents[1].reoffer(callee, body: [4], now: wire.now))
        wire.run(for: .seconds(10))
        #expect(wire.lines(0).filter { $0 == "491 INVITE" }.count == 1)
        #expect(wire.lines(1).filter { $0 == "491 INVITE" }.count == 1)
        for agent in 0...1 {
            #expect(wire.names(agent).filter { $0 == "reofferAnswered" }.count == 1)
            #expect(wire.names(agent).filter { $0 == "reoffered" }.count == 1)
        }
    }

    @Test func refusedOfferLeavesTheCallAlone() {
        var (wire, caller, _) = Self.answeredCall()
        wire.onEvent = { wire, agent, event in
            if case .reoffered(let id, _) = event {
                wire.perform(agent, wire.agents[agent].rejectOffer(id, status: 488, now: wire.now))
            }
        }
        wire.perform(0, wire.agents[0].reoffer(caller, body: [3], now: wire.now))
        wire.run(for: .seconds(60))
        #expect(wire.names(0).last == "reofferFailed 488")
        #expect(wire.agents[0].sessionCount == 1)
    }

    @Test func inDialogRequestsReachTheOtherSide() {
        var (wire, caller, _) = Self.answeredCall()
        wire.perform(
            0, wire.agents[0].sendInfo(caller, contentType: "application/dtmf-relay", body: [1], now: wire.now))
        wire.perform(0, wire.agents[0].sendRequest(caller, .options, now: wire.now))
        wire.run(for: .seconds(1))
        #expect(wire.names(1).last == "inDialogRequest INFO")
        #expect(wire.lines(1).suffix(2) == ["200 INFO", "200 OPTIONS"])
    }

    @Test func peerThatForgotTheDialogEndsTheSession() {
        var (wire, caller, _) = Self.answeredCall()
        wire.agents[1] = UserAgent(configuration: wire.agents[1].configuration, entropy: .seeded(9))
        wire.perform(0, wire.agents[0].sendInfo(caller, contentType: "a/b", body: [1], now: wire.now))
        wire.run()
        #expect(wire.names(0).last == "ended refused 481")
        #expect(wire.agents[0].sessionCount == 0)
    }

    @Test func challengedCallIsAnsweredOnceAndNoMore() {
        for password in ["secret", "wrong"] {
            var wire = Self.wire()
            var server = DigestAuthenticator(realm: "martlet", entropy: .seeded(2))
            wire.onEvent = { wire, agent, event in
                guard case .incomingInvite(let id, let request, _) = event else { return }
                let actions: [Action]
                switch server.check(request, password: { _ in "secret" }, now: wire.now) {
                case .accepted: actions = wire.agents[agent].accept(id, body: [1], now: wire.now)
                case .challenge(let headers, _):
                    actions = wire.agents[agent].reject(id, status: 401, headers: headers, now: wire.now)
                case .refused:
                    actions = wire.agents[agent].reject(
                        id, status: 401, headers: server.challengeHeaders(now: wire.now), now: wire.now)
                }
                wire.perform(agent, actions)
            }
            var invitation = SimulatedWire.invitation(from: 0, to: 1)
            invitation.credentials = DigestLogin(username: "8001", password: password)
            _ = wire.invite(invitation, from: 0)
            wire.run(for: .seconds(60))
            #expect(wire.lines(0).filter { $0 == "INVITE" }.count == 2)
            #expect(wire.names(0) == [password == "secret" ? "answered" : "failed 401"])
        }
    }

    @Test func transportFailureFailsACallAndCancelsAnUnansweredCaller() {
        var agent = Self.wire().agents[0]
        var invitation = SimulatedWire.invitation(from: 0, to: 1)
        invitation.flow.transport = .tcp
        let (id, _) = agent.invite(invitation, now: .zero)
        let actions = agent.flowFailed(invitation.flow, now: .zero)
        guard case .event(.failed(id, 503, nil)) = actions.last, actions.count == 1 else {
            Issue.record("\(actions)")
            return
        }
        let stream = Flow(transport: .tcp, address: "10.0.0.1", port: 4000, connection: 7)
        _ = agent.receive(UserAgentRulesTests.invite(), from: stream, now: .zero)
        guard case .event(.cancelled) = agent.flowFailed(stream, now: .zero).last else {
            Issue.record("still ringing for nobody")
            return
        }
        #expect(agent.sessionCount == 0 && agent.transactionCount == 0 && agent.timerCount == 0)
    }
}
