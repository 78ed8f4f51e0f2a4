// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing
import Timing

@testable import SIPStack

/// Connections that go, messages that cannot be sent, next hops that fail.
@Suite struct ReachTests {
    private static let stream = Flow(transport: .tcp, address: "172.16.0.5", port: 40_000, connection: 7)

    private func agent() -> UserAgent {
        UserAgentRulesTests.agent {
            $0.listeners = [ListenerIdentity(transport: .tcp, host: "10.0.0.1", port: 5060)]
        }
    }

    private func flows(_ actions: [Action], _ method: SIPMethod) -> [Flow] {
        actions.compactMap {
            if case .send(let message, let flow) = $0, message.isRequest, message.method == method { flow } else { nil }
        }
    }

    /// A call that came by a stream and is up. Its Contact is 172.16.0.5:5062.
    private func answeredCall(_ agent: inout UserAgent, from flow: Flow) throws -> SessionID {
        let id = try #require(
            UserAgentRulesTests.session(agent.receive(UserAgentRulesTests.invite(), from: flow, now: .zero)))
        let answer = try #require(UserAgentRulesTests.sent(agent.accept(id, body: [], now: .zero)).last)
        _ = agent.receive(UserAgentRulesTests.inDialog(.ack, answer, cseq: 1), from: flow, now: .zero)
        return id
    }

    @Test func requestsInADialogGoToTheContactWhenTheConnectionIsGone() throws {
        var agent = agent()
        let id = try answeredCall(&agent, from: Self.stream)
        #expect(flows(agent.sendInfo(id, contentType: "a/b", body: [1], now: .zero), .info) == [Self.stream])
        _ = agent.flowFailed(Self.stream, now: .zero)
        let bye = flows(agent.hangUp(id, now: .zero), .bye)
        #expect(bye.map(\.connection) == [0])
        #expect(bye.map(\.port) == [5062])
    }

    /// Behind NAT: the transport tells the dead connection as failed at once, and the session ends.
    @Test func aPeerThatCannotBeCalledBackIsNotWaitedFor() throws {
        var agent = agent()
        var stream = Self.stream
        stream.address = "203.0.113.9"
        let id = try answeredCall(&agent, from: stream)
        _ = agent.flowFailed(stream, now: .zero)
        #expect(flows(agent.hangUp(id, now: .zero), .bye) == [stream])
        let ended = agent.flowFailed(stream, now: .zero)
        #expect(ended.contains { if case .event(.ended(id, _)) = $0 { true } else { false } })
        #expect(agent.sessionCount == 0)
    }

    @Test func aConnectionThatWasOpenedFromHereIsOpenedAgainWhereItLed() throws {
        var agent = agent()
        let open = Flow(transport: .tcp, address: "172.16.0.5", port: 5066)
        let uri = SIPURI(user: "1", host: "carrier.example")
        let (id, actions) = agent.invite(
            Invitation(requestURI: uri, flow: open, from: NameAddress(uri: uri), to: NameAddress(uri: uri)), now: .zero)
        let invite = try #require(UserAgentRulesTests.sent(actions).first)
        var answer = invite.response(200, toTag: "t")
        // A name: whoever listens there is known by the connection alone.
        answer.contacts = [NameAddress(uri: SIPURI(user: "1", host: "sbc.carrier.example"))]
        var seen = open
        seen.connection = 9
        let acknowledged = agent.receive(answer, from: seen, now: .zero)
        #expect(flows(acknowledged, .ack) == [seen])
        _ = agent.flowFailed(seen, now: .zero)
        #expect(flows(agent.hangUp(id, now: .zero), .bye) == [open])
    }

    @Test func aReofferThatOpensANewConnectionIsAcknowledgedOnIt() throws {
        var agent = agent()
        let id = try answeredCall(&agent, from: Self.stream)
        _ = agent.flowFailed(Self.stream, now: .zero)
        let offer = agent.reoffer(id, body: [1], now: .zero)
        let invite = try #require(UserAgentRulesTests.sent(offer).last)
        var answer = invite.response(200)
        answer.contacts = [NameAddress(uri: SIPURI(user: "8002", host: "172.16.0.5", port: 5062))]
        var new = Self.stream
        new.port = 5062
        new.connection = 8
        #expect(flows(agent.receive(answer, from: new, now: .zero), .ack) == [new])
        #expect(flows(agent.hangUp(id, now: .zero), .bye) == [new])
    }

    // MARK: Messages that cannot be sent

    private static let hops = (1...3).map { Flow(transport: .udp, address: "192.0.2.\($0)", port: 5060) }

    private func invitation(_ hops: [Flow]) -> Invitation {
        let uri = SIPURI(user: "1", host: "carrier.example")
        return Invitation(
            requestURI: uri, flow: hops[0], from: NameAddress(uri: uri), to: NameAddress(uri: uri),
            alternatives: Array(hops.dropFirst()))
    }

    @Test func aMessageTooLongForADatagramFailsAloneAndNotItsNeighbours() throws {
        var agent = UserAgentRulesTests.agent()
        let (long, actions) = agent.invite(invitation([Self.hops[0]]), now: .zero)
        let (_, _) = agent.invite(invitation([Self.hops[0]]), now: .zero)
        let message = try #require(UserAgentRulesTests.sent(actions).first)
        let failed = agent.sendFailed(message, now: .zero)
        #expect(failed.contains { if case .event(.failed(long, 503, nil)) = $0 { true } else { false } })
        #expect(agent.sessionCount == 1)
    }

    // MARK: Failover (RFC 3263 §4.3)

    private func next(_ actions: [Action]) -> (message: SIPMessage, flow: Flow)? {
        for case .send(let message, let flow) in actions where message.isRequest && message.method == .invite {
            return (message, flow)
        }
        return nil
    }

    @Test func a503GoesToTheNextHopAsTheSameCall() throws {
        var agent = UserAgentRulesTests.agent()
        let (id, actions) = agent.invite(invitation(Self.hops), now: .zero)
        let first = try #require(next(actions))
        let actions2 = agent.receive(first.message.response(503, toTag: "x"), from: Self.hops[0], now: .zero)
        #expect(flows(actions2, .ack) == [Self.hops[0]], "the refusal is acknowledged")
        let second = try #require(next(actions2))
        #expect(second.flow == Self.hops[1])
        #expect(second.message.callID == first.message.callID)
        #expect(second.message.cseq.number == first.message.cseq.number + 1)
        #expect(second.message.vias.first?.branch != first.message.vias.first?.branch)
        #expect(second.message.to.tag == nil)
        let ringing = agent.receive(second.message.response(180, toTag: "y"), from: Self.hops[1], now: .zero)
        #expect(ringing.contains { if case .event(.provisional(id, 180, _)) = $0 { true } else { false } })
        let busy = agent.receive(second.message.response(486, toTag: "y"), from: Self.hops[1], now: .zero)
        #expect(next(busy) == nil, "busy is an answer")
        #expect(busy.contains { if case .event(.failed(id, 486, _)) = $0 { true } else { false } })
    }

    @Test func theLastHopsFailureIsTheCalls() throws {
        var agent = UserAgentRulesTests.agent()
        let (id, actions) = agent.invite(invitation(Array(Self.hops.prefix(2))), now: .zero)
        #expect(next(actions)?.flow == Self.hops[0])
        let moved = agent.flowFailed(Self.hops[0], now: .zero)
        #expect(next(moved)?.flow == Self.hops[1])
        let over = agent.flowFailed(Self.hops[1], now: .zero)
        #expect(over.contains { if case .event(.failed(id, 503, nil)) = $0 { true } else { false } })
        #expect(agent.sessionCount == 0)
    }

    @Test func aSilentHopIsLeftAndItsLateCallTakenBack() throws {
        var agent = UserAgentRulesTests.agent()
        let (id, actions) = agent.invite(invitation(Array(Self.hops.prefix(2))), now: .zero)
        let first = try #require(next(actions))
        var now = Instant(nanoseconds: 3_900_000_000)
        #expect(next(agent.advance(to: now))?.flow == Self.hops[0], "still repeated")
        now = Instant(nanoseconds: 4_000_000_000)
        let second = try #require(next(agent.advance(to: now)))
        #expect(second.flow == Self.hops[1])
        let late = agent.receive(first.message.response(180, toTag: "late"), from: Self.hops[0], now: now)
        #expect(flows(late, .cancel) == [Self.hops[0]])
        #expect(!late.contains { if case .event = $0 { true } else { false } })
        let answered = agent.receive(first.message.response(200, toTag: "late"), from: Self.hops[0], now: now)
        #expect(flows(answered, .ack) == [Self.hops[0]])
        #expect(flows(answered, .bye) == [Self.hops[0]])
        let good = agent.receive(second.message.response(200, toTag: "good"), from: Self.hops[1], now: now)
        #expect(good.contains { if case .event(.answered(id, _)) = $0 { true } else { false } })
    }

    @Test func aHopThatTriesIsGivenItsTime() throws {
        var agent = UserAgentRulesTests.agent()
        let (_, actions) = agent.invite(invitation(Array(Self.hops.prefix(2))), now: .zero)
        let first = try #require(next(actions))
        _ = agent.receive(first.message.response(100), from: Self.hops[0], now: .zero)
        #expect(next(agent.advance(to: Instant(nanoseconds: 20_000_000_000))) == nil)
    }

    @Test func aCallTheCallerGaveUpIsNotTriedElsewhere() throws {
        var agent = UserAgentRulesTests.agent()
        let (id, actions) = agent.invite(invitation(Array(Self.hops.prefix(2))), now: .zero)
        let first = try #require(next(actions))
        _ = agent.hangUp(id, now: .zero)
        let refused = agent.receive(first.message.response(503, toTag: "x"), from: Self.hops[0], now: .zero)
        #expect(next(refused) == nil)
        #expect(next(agent.advance(to: Instant(nanoseconds: 5_000_000_000))) == nil)
    }
}
