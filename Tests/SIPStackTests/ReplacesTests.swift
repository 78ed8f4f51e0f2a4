// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing
import Timing

@testable import SIPStack

/// RFC 3891 §3: what a Replaces header finds, and where it may stand.
@Suite struct ReplacesTests {
    static func replaces(_ callID: String, to: String, from: String, early: Bool = false) -> ReplacesHeader {
        ReplacesHeader(callID: callID, toTag: to, fromTag: from, isEarlyOnly: early)
    }

    @Test func establishedCallIsFoundFromEitherSideByItsOwnView() throws {
        let (wire, caller, callee) = SessionTests.answeredCall()
        let ours = try #require(wire.agents[0].dialog(of: caller))
        let theirs = try #require(wire.agents[1].dialog(of: callee))
        #expect(ours.isCaller && ours.isConfirmed && !theirs.isCaller && theirs.isConfirmed)
        #expect(wire.agents[0].session(replaces: try #require(ours.replacesHere)) == .found(caller))
        #expect(wire.agents[1].session(replaces: try #require(ours.replacesAtPeer)) == .found(callee))
        #expect(theirs.replacesHere == ours.replacesAtPeer)
        // The tags the wrong way round.
        #expect(wire.agents[0].session(replaces: try #require(ours.replacesAtPeer)) == .notFound)
    }

    @Test func everyPartHasToMatch() throws {
        let (wire, caller, _) = SessionTests.answeredCall()
        let right = try #require(wire.agents[0].dialog(of: caller)?.replacesHere)
        for change in [\ReplacesHeader.callID, \.toTag, \.fromTag] {
            var wrong = right
            wrong[keyPath: change] += "x"
            #expect(wire.agents[0].session(replaces: wrong) == .notFound)
        }
        var early = right
        early.isEarlyOnly = true
        #expect(wire.agents[0].session(replaces: early) == .declined(status: 486))
    }

    @Test func earlyDialogIsReplacedOnlyByHimWhoCalled() throws {
        var wire = SessionTests.wire()
        wire.onEvent = { wire, agent, event in
            if case .incomingInvite(let id, _, _) = event {
                wire.perform(agent, wire.agents[agent].progress(id, status: 180, now: wire.now))
            }
        }
        let caller = wire.invite(from: 0, to: 1)
        #expect(wire.agents[0].dialog(of: caller)?.replacesHere == nil, "no dialog yet")
        wire.run(for: .milliseconds(100))
        let ours = try #require(wire.agents[0].dialog(of: caller))
        #expect(!ours.isConfirmed)
        var here = try #require(ours.replacesHere)
        #expect(wire.agents[0].session(replaces: here) == .found(caller))
        here.isEarlyOnly = true
        #expect(wire.agents[0].session(replaces: here) == .found(caller))
        #expect(wire.agents[1].session(replaces: try #require(ours.replacesAtPeer)) == .declined(status: 481))
        wire.perform(0, wire.agents[0].hangUp(caller, now: wire.now))
        #expect(wire.agents[0].session(replaces: here) == .declined(status: 603), "it is being cancelled")
        wire.run()
        #expect(wire.agents[0].session(replaces: here) == .notFound)
    }

    @Test func callThatIsEndingIsDeclined() throws {
        var (wire, caller, _) = SessionTests.answeredCall()
        let here = try #require(wire.agents[0].dialog(of: caller)?.replacesHere)
        wire.perform(0, wire.agents[0].hangUp(caller, now: wire.now))
        #expect(wire.agents[0].session(replaces: here) == .declined(status: 603))
    }

    /// §6.1: a tag of "0" stands for none.
    @Test func peerWithoutATagIsNamedByZero() throws {
        var agent = UserAgentRulesTests.agent()
        var invite = UserAgentRulesTests.invite()
        invite.from.tag = nil
        let id = try #require(
            UserAgentRulesTests.session(agent.receive(invite, from: UserAgentRulesTests.peer, now: .zero)))
        let tag = try #require(UserAgentRulesTests.sent(agent.accept(id, body: [1], now: .zero)).first?.to.tag)
        #expect(agent.session(replaces: Self.replaces("call-1", to: tag, from: "0")) == .found(id))
        #expect(agent.session(replaces: Self.replaces("call-1", to: tag, from: "1")) == .notFound)
    }

    static let header = SIPHeader("Replaces", "c;to-tag=1;from-tag=2")

    @Test(arguments: [
        (SIPMethod.invite, [header], nil as Int?), (.invite, [header, SIPHeader("Require", "replaces")], nil),
        (.invite, [header, header], 400), (.invite, [SIPHeader("Replaces", "c;to-tag=1")], 400),
        (.invite, [header, SIPHeader("Join", "c;to-tag=1;from-tag=2")], 400), (.options, [header], 400),
        (.refer, [header, SIPHeader("Refer-To", "<sip:a@b>")], 400), (.register, [header], 400),
    ])
    func replacesStandsOnceAndInAnInvite(method: SIPMethod, headers: [SIPHeader], status: Int?) {
        var agent = UserAgentRulesTests.agent()
        var request = UserAgentRulesTests.invite(method)
        request.headers = headers
        let actions = agent.receive(request, from: UserAgentRulesTests.peer, now: .zero)
        #expect(UserAgentRulesTests.status(actions) == status ?? 100)
        #expect((UserAgentRulesTests.session(actions) != nil) == (status == nil))
    }

    @Test func replacesInAReinviteIsRefused() {
        var (agent, _, answer) = ReferTests.called()
        var request = UserAgentRulesTests.inDialog(.invite, answer, cseq: 2)
        request.headers = [Self.header]
        #expect(UserAgentRulesTests.status(agent.receive(request, from: UserAgentRulesTests.peer, now: .zero)) == 400)
        #expect(agent.sessionCount == 1)
    }

    @Test func callOfOursCanTakeTheirPlace() throws {
        var (wire, caller, callee) = SessionTests.answeredCall()
        wire.goesThroughText = true
        var found: ReplacesLookup?
        wire.onEvent = { wire, agent, event in
            guard case .incomingInvite(let id, let request, _) = event,
                let replaces = request.single(ReplacesHeader.self).value
            else { return }
            found = wire.agents[agent].session(replaces: replaces)
            wire.perform(agent, wire.agents[agent].accept(id, body: [1], now: wire.now))
        }
        var invitation = SimulatedWire.invitation(from: 0, to: 1)
        invitation.replaces = wire.agents[0].dialog(of: caller)?.replacesAtPeer
        _ = wire.invite(invitation, from: 0)
        wire.run(for: .seconds(1))
        #expect(found == .found(callee))
        #expect(wire.names(0).last == "answered")
        let sent = try #require(wire.sent.last { $0.message.summary == "INVITE" }?.message)
        #expect(sent.header("Require") == "replaces")
        #expect(sent.header("Supported") == "replaces, norefersub")
    }
}
