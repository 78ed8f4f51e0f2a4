// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing
import Timing

@testable import SIPStack

/// Single messages against the rules of RFC 3261 §8.2 and §12.2.
@Suite struct UserAgentRulesTests {
    static let peer = Flow(transport: .udp, address: "192.0.2.9", port: 40_000)

    static func agent(_ change: (inout UserAgent.Configuration) -> Void = { _ in }) -> UserAgent {
        var configuration = UserAgent.Configuration(listeners: [
            ListenerIdentity(transport: .udp, host: "10.0.0.1", port: 5060)
        ])
        change(&configuration)
        return UserAgent(configuration: configuration, entropy: .seeded(1))
    }

    static func invite(_ method: SIPMethod = .invite, branch: String = "z9hG4bKx", cseq: UInt32 = 1) -> SIPMessage {
        let uri = SIPURI(user: "8001", host: "10.0.0.1")
        let from = SIPURI(user: "8002", host: "10.0.0.1")
        return SIPMessage(
            startLine: .request(method, uri),
            vias: [
                Via(
                    transport: "UDP", host: "172.16.0.5", port: 5062,
                    parameters: [SIPParameter("rport"), SIPParameter("branch", branch)])
            ],
            from: NameAddress(uri: from, parameters: [SIPParameter("tag", "f")]), to: NameAddress(uri: uri),
            callID: "call-1", cseq: CSeq(cseq, method), maxForwards: 70,
            contacts: [NameAddress(uri: SIPURI(user: "8002", host: "172.16.0.5", port: 5062))])
    }

    static func sent(_ actions: [Action]) -> [SIPMessage] {
        actions.compactMap { if case .send(let message, _) = $0 { message } else { nil } }
    }

    static func status(_ actions: [Action]) -> Int? { sent(actions).last?.status }

    static func session(_ actions: [Action]) -> SessionID? {
        for case .event(.incomingInvite(let id, _, _)) in actions { return id }
        return nil
    }

    /// A request within the dialog that `response` made.
    static func inDialog(_ method: SIPMethod, _ response: SIPMessage, cseq: UInt32) -> SIPMessage {
        var request = invite(method, branch: "z9hG4bK\(method)\(cseq)", cseq: cseq)
        request.to = response.to
        return request
    }

    @Test func topViaIsStampedAndTheAnswerGoesWhereItCameFrom() {
        var agent = Self.agent()
        let actions = agent.receive(Self.invite(), from: Self.peer, now: .zero)
        guard case .send(let trying, let flow) = actions.first else {
            Issue.record("nothing sent")
            return
        }
        #expect(trying.status == 100)
        #expect(trying.to.tag == nil)
        #expect(trying.vias.first?.received == "192.0.2.9")
        #expect(trying.vias.first?.rport == .port(40_000))
        #expect(flow == Self.peer)
    }

    @Test func withoutRportTheLetterOfTheRuleCanBeHad() {
        var request = Self.invite()
        request.vias[0].parameters.setValue(nil, of: "rport")
        request.vias[0].parameters.removeAll { $0.name == "rport" }
        var strict = Self.agent { $0.forcesRport = false }
        guard case .send(_, let flow) = strict.receive(request, from: Self.peer, now: .zero).first else { return }
        #expect(flow.port == 5062)
        var usual = Self.agent()
        guard case .send(_, let back) = usual.receive(request, from: Self.peer, now: .zero).first else { return }
        #expect(back.port == 40_000)
    }

    @Test func repeatedInviteMakesOneCall() {
        var agent = Self.agent()
        _ = agent.receive(Self.invite(), from: Self.peer, now: .zero)
        let again = agent.receive(Self.invite(), from: Self.peer, now: .zero)
        #expect(Self.session(again) == nil)
        #expect(Self.status(again) == 100)
        #expect(agent.sessionCount == 1)
    }

    @Test func sameRequestByAnotherWayIsALoop() {
        var agent = Self.agent()
        _ = agent.receive(Self.invite(), from: Self.peer, now: .zero)
        let other = agent.receive(Self.invite(branch: "z9hG4bKother"), from: Self.peer, now: .zero)
        #expect(Self.status(other) == 482)
        #expect(agent.counters.merged == 1)
        #expect(agent.sessionCount == 1)
    }

    @Test func inviteWithoutMagicCookieIsMatchedWithItsAck() throws {
        var agent = Self.agent()
        let old = Self.invite(branch: "1")
        let id = try #require(Self.session(agent.receive(old, from: Self.peer, now: .zero)))
        #expect(Self.session(agent.receive(old, from: Self.peer, now: .zero)) == nil)
        let refusal = try #require(Self.sent(agent.reject(id, status: 486, now: .zero)).first)
        var ack = Self.invite(.ack, branch: "1")
        ack.to = refusal.to
        _ = agent.receive(ack, from: Self.peer, now: .zero)
        #expect(agent.counters.strayAcks == 0)
        #expect(agent.advance(to: Instant(nanoseconds: 1_000_000_000)).isEmpty, "486 is not repeated")
    }

    @Test func requestsThatCannotBeServedAreRefusedWithTheRightWords() {
        var unknown = Self.invite(SIPMethod(rawValue: "FROB"))
        var agent = Self.agent()
        let refused = agent.receive(unknown, from: Self.peer, now: .zero)
        #expect(Self.status(refused) == 405)
        #expect(Self.sent(refused).last?.header("Allow")?.contains("INVITE") == true)
        #expect(Self.sent(refused).last?.to.tag != nil)

        unknown = Self.invite()
        unknown.headers = [SIPHeader("Require", "100rel, foo")]
        let extensions = agent.receive(unknown, from: Self.peer, now: .zero)
        #expect(Self.status(extensions) == 420)
        #expect(Self.sent(extensions).last?.header("Unsupported") == "100rel, foo")

        var hops = Self.invite()
        hops.maxForwards = 0
        #expect(Self.status(agent.receive(hops, from: Self.peer, now: .zero)) == 483)

        var stranger = Self.invite(.bye)
        stranger.to.tag = "nobody"
        #expect(Self.status(agent.receive(stranger, from: Self.peer, now: .zero)) == 481)
        #expect(Self.status(agent.receive(Self.invite(.cancel), from: Self.peer, now: .zero)) == 481)
        stranger = Self.invite(.ack)
        stranger.to.tag = "nobody"
        #expect(agent.receive(stranger, from: Self.peer, now: .zero).isEmpty)
        #expect(agent.counters.refused == 5)
        #expect(agent.transactionCount == 0, "refusals keep nothing")
    }

    @Test func beyondItsBoundsTheAgentSaysSo() {
        var agent = Self.agent { $0.maxSessions = 1 }
        _ = agent.receive(Self.invite(), from: Self.peer, now: .zero)
        var second = Self.invite(branch: "z9hG4bKy")
        second.callID = "call-2"
        let actions = agent.receive(second, from: Self.peer, now: .zero)
        #expect(Self.status(actions) == 503)
        #expect(Self.sent(actions).last?.header("Retry-After") == "5")
        #expect(agent.counters.overload == 1)
    }

    @Test func requestOutOfOrderInADialogIsRefused() throws {
        var agent = Self.agent()
        let id = try #require(Self.session(agent.receive(Self.invite(cseq: 10), from: Self.peer, now: .zero)))
        let answer = try #require(Self.sent(agent.accept(id, body: [1], now: .zero)).first)
        _ = agent.receive(Self.inDialog(.ack, answer, cseq: 10), from: Self.peer, now: .zero)
        #expect(Self.status(agent.receive(Self.inDialog(.info, answer, cseq: 12), from: Self.peer, now: .zero)) == 200)
        #expect(Self.status(agent.receive(Self.inDialog(.info, answer, cseq: 11), from: Self.peer, now: .zero)) == 500)
        #expect(Self.status(agent.receive(Self.inDialog(.bye, answer, cseq: 13), from: Self.peer, now: .zero)) == 200)
        #expect(agent.sessionCount == 0)
    }

    /// Our INVITE, and a 2xx on it from the phone with the given tag.
    static func calling(_ agent: inout UserAgent, routes: [NameAddress] = []) -> (SessionID, SIPMessage) {
        let invitation = Invitation(
            requestURI: SIPURI(user: "1", host: "192.0.2.9"), flow: peer, from: NameAddress(uri: SIPURI(host: "a")),
            to: NameAddress(uri: SIPURI(host: "b")), body: [1], routes: routes)
        let (id, actions) = agent.invite(invitation, now: .zero)
        return (id, sent(actions)[0])
    }

    static func accept(_ invite: SIPMessage, tag: String) -> SIPMessage {
        var response = invite.response(200, toTag: tag)
        response.contacts = [NameAddress(uri: SIPURI(user: tag, host: "192.0.2.77"))]
        return response
    }

    @Test func repeatedAnswerIsAcknowledgedAgainAndAForkHungUp() {
        var agent = Self.agent()
        let (id, invite) = Self.calling(&agent)
        let first = agent.receive(Self.accept(invite, tag: "a"), from: Self.peer, now: .zero)
        let ack = Self.sent(first)[0]
        #expect(ack.method == .ack)
        #expect(ack.requestURI == SIPURI(user: "a", host: "192.0.2.77"))
        #expect(ack.vias[0].branch != invite.vias[0].branch)
        #expect(Self.sent(agent.receive(Self.accept(invite, tag: "a"), from: Self.peer, now: .zero)) == [ack])
        let fork = Self.sent(agent.receive(Self.accept(invite, tag: "b"), from: Self.peer, now: .zero))
        #expect(fork.map(\.method) == [.ack, .bye])
        #expect(fork.allSatisfy { $0.to.tag == "b" && $0.requestURI?.user == "b" })
        #expect(fork[1].cseq.number == 2)
        _ = agent.hangUp(id, now: .zero)
        #expect(
            Self.sent(agent.receive(Self.accept(invite, tag: "a"), from: Self.peer, now: .zero)) == [ack],
            "leaving or not")
    }

    @Test func routesOfRecordAreFollowedBackwards() {
        for (isLoose, uri) in [(true, "sip:a@192.0.2.77"), (false, "sip:p2.example")] {
            var agent = Self.agent()
            let (id, invite) = Self.calling(&agent)
            var answer = Self.accept(invite, tag: "a")
            let parameters = isLoose ? [SIPParameter("lr")] : []
            answer.recordRoutes = ["p1.example", "p2.example"].map {
                NameAddress(uri: SIPURI(host: $0, parameters: parameters))
            }
            _ = agent.receive(answer, from: Self.peer, now: .zero)
            let bye = Self.sent(agent.hangUp(id, now: .zero))[0]
            #expect(bye.requestURI?.description == uri)
            #expect(
                bye.routes.map(\.uri.host) == (isLoose ? ["p2.example", "p1.example"] : ["p1.example", "192.0.2.77"]))
        }
    }

    @Test func responseThatIsNotOursIsDroppedAndCounted() {
        var agent = Self.agent()
        let (_, invite) = Self.calling(&agent)
        var foreign = Self.accept(invite, tag: "a")
        foreign.vias[0].host = "198.51.100.1"
        #expect(agent.receive(foreign, from: Self.peer, now: .zero).isEmpty)
        #expect(agent.counters.foreignResponses == 1)
        var stray = Self.accept(invite, tag: "a")
        stray.vias[0].branch = "z9hG4bKnone"
        #expect(agent.receive(stray, from: Self.peer, now: .zero).isEmpty)
        #expect(agent.counters.strayResponses == 1)
    }

    @Test func requestOutsideDialogsWaitsForItsAnswer() throws {
        var agent = Self.agent()
        let request = Self.invite(.options)
        let actions = agent.receive(request, from: Self.peer, now: .zero)
        guard case .event(.incomingRequest(let id, let stamped, _)) = actions.first else {
            Issue.record("\(actions)")
            return
        }
        let answer = Self.sent(agent.respond(id, with: stamped.response(200), now: .zero))
        #expect(answer.first?.to.tag != nil)
        #expect(answer.first?.header("Allow") != nil)
        #expect(Self.sent(agent.receive(request, from: Self.peer, now: .zero)) == answer)
        #expect(agent.respond(id, with: stamped.response(200), now: .zero).isEmpty)
    }
}
