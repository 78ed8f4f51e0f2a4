// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing
import Timing

@testable import SIPStack

/// REFER in a call between two user agents: agent 0 called and asks, agent 1 answered and does it (RFC 3515).
@Suite struct ReferTests {
    static let target = NameAddress(uri: SIPURI(user: "8005", host: "10.0.0.1"))

    /// A call whose called side answers REFERs with `accept`, then tells `progress` one every 100 ms.
    static func call(
        telling progress: [Int] = [100, 180, 200],
        answer: @escaping (inout UserAgent, ReferID, Instant) -> [Action] = { $0.acceptRefer($1, now: $2) }
    ) -> (SimulatedWire, SessionID, SessionID) {
        var (wire, caller, callee) = SessionTests.answeredCall()
        wire.goesThroughText = true
        wire.onEvent = { wire, agent, event in
            guard case .referred(_, let id, _) = event else { return }
            wire.perform(agent, answer(&wire.agents[agent], id, wire.now))
            for (index, status) in progress.enumerated() {
                wire.after(.milliseconds(100 * index)) { wire in
                    wire.perform(
                        agent, wire.agents[agent].notifyRefer(id, status: status, isFinal: status >= 200, now: wire.now)
                    )
                }
            }
        }
        return (wire, caller, callee)
    }

    static func refer(_ wire: inout SimulatedWire, _ id: SessionID) {
        wire.perform(
            0,
            wire.agents[0].refer(
                id, to: target, referredBy: NameAddress(uri: SIPURI(user: "8001", host: "h")), now: wire.now))
    }

    @Test func transferorHearsOfTheProgress() throws {
        var (wire, caller, _) = Self.call()
        Self.refer(&wire, caller)
        wire.run(for: .seconds(1))
        #expect(
            wire.names(0).suffix(4) == [
                "referAnswered 202", "referProgress 100", "referProgress 180", "referProgress 200 final",
            ])
        let refer = try #require(wire.sent.last { $0.message.method == .refer && $0.agent == 0 }?.message)
        #expect(refer.single(ReferToHeader.self).value?.address == Self.target)
        #expect(refer.header("Referred-By") == "<sip:8001@h>")
        #expect(refer.contacts.count == 1)
        let notifies = wire.sent.filter { $0.agent == 1 && $0.message.summary == "NOTIFY" }.map(\.message)
        #expect(notifies.map { $0.header("Event") } == Array(repeating: "refer;id=\(refer.cseq.number)", count: 3))
        #expect(
            notifies.map { $0.header("Subscription-State") }
                == ["active;expires=600", "active;expires=599", "terminated;reason=noresource"])
        #expect(
            notifies.map { String(decoding: $0.body, as: UTF8.self) }
                == ["SIP/2.0 100 Trying\r\n", "SIP/2.0 180 Ringing\r\n", "SIP/2.0 200 OK\r\n"])
        #expect(notifies.allSatisfy { $0.contentType == "message/sipfrag;version=2.0" && $0.contacts.count == 1 })
        #expect(notifies.map(\.cseq.number) == [1, 2, 3])
        #expect(wire.unreadable == [])
        #expect(wire.agents.map(\.subscriptionCount) == [0, 0])
        wire.perform(0, wire.agents[0].hangUp(caller, now: wire.now))
        wire.run()
        #expect(wire.isEmpty)
        #expect(wire.agents[0].counters.unexpectedNotifies == 0)
    }

    @Test func ofTheProgressThatWaitsTheNewestIsToldAndTheOutcomeAlways() {
        var (wire, caller, _) = Self.call(telling: [])
        wire.conditions.minDelay = .milliseconds(50)
        wire.conditions.maxDelay = .milliseconds(50)
        wire.onEvent = { wire, agent, event in
            guard case .referred(_, let id, _) = event else { return }
            wire.perform(agent, wire.agents[agent].acceptRefer(id, now: wire.now))
            for status in [100, 180, 183, 486, 200] {
                wire.perform(
                    agent, wire.agents[agent].notifyRefer(id, status: status, isFinal: status >= 200, now: wire.now))
            }
        }
        Self.refer(&wire, caller)
        wire.run(for: .seconds(2))
        #expect(wire.names(0).suffix(3) == ["referAnswered 202", "referProgress 100", "referProgress 486 final"])
    }

    @Test func refusalIsTold() {
        for status in [403, 603, 420] {
            var (wire, caller, _) = Self.call(telling: [200]) { $0.rejectRefer($1, status: status, now: $2) }
            Self.refer(&wire, caller)
            wire.run(for: .seconds(1))
            #expect(wire.names(0).last == "referAnswered \(status)")
            #expect(!wire.lines(1).contains("NOTIFY"))
            #expect(wire.agents[0].sessionCount == 1)
            #expect(wire.agents[1].subscriptionCount == 0)
        }
    }

    @Test func unansweredReferHasItsEnd() {
        var (wire, caller, _) = Self.call(telling: [100]) { _, _, _ in [] }
        Self.refer(&wire, caller)
        wire.run(for: .seconds(70))
        #expect(wire.names(0).last == "referAnswered 408")
        #expect(wire.agents.map(\.subscriptionCount) == [0, 0])
        #expect(wire.agents.map(\.sessionCount) == [1, 1], "the call goes on")
    }

    @Test func subscriptionWithoutOutcomeEndsAtItsTime() {
        var (wire, caller, _) = Self.call(telling: [100, 180])
        Self.refer(&wire, caller)
        wire.run(for: .seconds(700))
        #expect(wire.names(0).suffix(2) == ["referProgress 180", "referProgress 180 final"])
        #expect(
            wire.sent.last { $0.message.summary == "NOTIFY" }?.message.header("Subscription-State")
                == "terminated;reason=timeout")
        #expect(wire.agents.map { $0.subscriptionCount + $0.timerCount } == [0, 0])
    }

    @Test func peerThatNeverNotifiesIsGivenUp() {
        var (wire, caller, _) = Self.call(telling: [])
        Self.refer(&wire, caller)
        wire.run(for: .seconds(40))
        #expect(wire.names(0).suffix(2) == ["referAnswered 202", "referProgress 408 final"])
    }

    @Test func notifyBeforeTheAnswerSaysThatItWasAccepted() {
        var (wire, caller, _) = Self.call(telling: [])
        wire.onEvent = { wire, agent, event in
            guard case .referred(_, let id, _) = event else { return }
            // The 202 is lost.
            wire.conditions.lostPerMille = 1000
            wire.perform(agent, wire.agents[agent].acceptRefer(id, now: wire.now))
            wire.conditions.lostPerMille = 0
            wire.perform(agent, wire.agents[agent].notifyRefer(id, status: 100, isFinal: false, now: wire.now))
        }
        Self.refer(&wire, caller)
        wire.run(for: .seconds(5))
        #expect(wire.names(0).suffix(2) == ["referAnswered 202", "referProgress 100"])
        #expect(wire.names(0).filter { $0.hasPrefix("referAnswered") }.count == 1)
    }

    @Test func oneReferAtATime() {
        var (wire, caller, _) = Self.call()
        Self.refer(&wire, caller)
        Self.refer(&wire, caller)
        #expect(wire.names(0).last == "referAnswered 491")
        wire.run(for: .seconds(1))
        Self.refer(&wire, caller)
        wire.run(for: .seconds(1))
        #expect(wire.names(0).filter { $0 == "referProgress 200 final" }.count == 2)
    }

    @Test func challengedReferIsSentAgainAndItsNotifiesNameTheNewNumber() throws {
        var agent = UserAgentRulesTests.agent()
        var invitation = SimulatedWire.invitation(from: 0, to: 1)
        invitation.flow = UserAgentRulesTests.peer
        invitation.credentials = DigestLogin(username: "8001", password: "secret")
        let (id, actions) = agent.invite(invitation, now: .zero)
        let answer = UserAgentRulesTests.accept(UserAgentRulesTests.sent(actions)[0], tag: "a")
        _ = agent.receive(answer, from: UserAgentRulesTests.peer, now: .zero)
        let first = UserAgentRulesTests.sent(agent.refer(id, to: Self.target, now: .zero))[0]
        var server = DigestAuthenticator(realm: "martlet", entropy: .seeded(2))
        var challenge = first.response(407)
        challenge.headers = server.challengeHeaders(now: .zero, proxy: true)
        let second = try #require(
            UserAgentRulesTests.sent(agent.receive(challenge, from: UserAgentRulesTests.peer, now: .zero)).last)
        #expect(second.cseq.number == first.cseq.number + 1)
        #expect(second.header("Proxy-Authorization") != nil)
        #expect(second.header("Refer-To") == first.header("Refer-To"))
        let told = agent.receive(second.response(202), from: UserAgentRulesTests.peer, now: .zero)
        #expect(told.contains { if case .event(.referAnswered(id, status: 202)) = $0 { true } else { false } })
        var notify = UserAgentRulesTests.invite(.notify, branch: "z9hG4bKn")
        (notify.from, notify.to, notify.callID) = (second.to, second.from, second.callID)
        notify.headers = [Self.active, SIPHeader("Event", "refer;id=\(second.cseq.number)")]
        notify.contentType = StatusFragment.contentType
        notify.body = StatusFragment(status: 100).bytes
        #expect(UserAgentRulesTests.status(agent.receive(notify, from: UserAgentRulesTests.peer, now: .zero)) == 200)
    }

    // MARK: What comes in

    /// A called agent in an established call, with what a request in its dialog is made of.
    static func called() -> (UserAgent, SessionID, SIPMessage) {
        var agent = UserAgentRulesTests.agent()
        let id = UserAgentRulesTests.session(
            agent.receive(UserAgentRulesTests.invite(), from: UserAgentRulesTests.peer, now: .zero))!
        let answer = UserAgentRulesTests.sent(agent.accept(id, body: [1], now: .zero))[0]
        _ = agent.receive(
            UserAgentRulesTests.inDialog(.ack, answer, cseq: 1), from: UserAgentRulesTests.peer, now: .zero)
        return (agent, id, answer)
    }

    static func referral(_ actions: [Action]) -> ReferID? {
        for case .event(.referred(_, let id, _)) in actions { return id }
        return nil
    }

    static func refer(_ answer: SIPMessage, cseq: UInt32, _ headers: [SIPHeader]) -> SIPMessage {
        var request = UserAgentRulesTests.inDialog(.refer, answer, cseq: cseq)
        request.headers = headers
        return request
    }

    static let sound = SIPHeader("Refer-To", "<sip:8005@10.0.0.1>")

    @Test(arguments: [
        [], [sound, sound], [SIPHeader("Refer-To", "<sip:a@b>, <sip:c@d>")], [SIPHeader("Refer-To", "nobody")],
        [SIPHeader("Refer-To", "<sip:a@b?Replaces=c%3Bto-tag%3D1>")],
        [SIPHeader("Refer-To", "<sip:a@b?Replaces=c>"), SIPHeader("Referred-By", "<sip:a@b>")],
    ])
    func malformedReferIsRefusedWithoutAskingAnybody(headers: [SIPHeader]) {
        var (agent, _, answer) = Self.called()
        let refused = agent.receive(
            Self.refer(answer, cseq: 2, headers), from: UserAgentRulesTests.peer, now: .zero)
        #expect(UserAgentRulesTests.status(refused) == 400)
        #expect(Self.referral(refused) == nil)
        var outside = UserAgentRulesTests.invite(.refer)
        outside.callID = "other"
        outside.headers = headers
        #expect(UserAgentRulesTests.status(agent.receive(outside, from: UserAgentRulesTests.peer, now: .zero)) == 400)
        #expect(agent.counters.refusedRefers == 2)
        #expect(agent.subscriptionCount == 0)
    }

    @Test func referOutsideOfACallIsTheUsersAffair() {
        var agent = UserAgentRulesTests.agent()
        var request = UserAgentRulesTests.invite(.refer)
        request.headers = [Self.sound]
        guard
            case .event(.incomingRequest) = agent.receive(request, from: UserAgentRulesTests.peer, now: .zero).first
        else {
            Issue.record("not told")
            return
        }
    }

    @Test func noMoreThanFourAreUnderWayInOneCall() throws {
        var (agent, _, answer) = Self.called()
        var ids: [ReferID] = []
        for cseq in UInt32(2)...5 {
            let actions = agent.receive(
                Self.refer(answer, cseq: cseq, [Self.sound]), from: UserAgentRulesTests.peer, now: .zero)
            ids.append(try #require(Self.referral(actions)))
        }
        let fifth = agent.receive(
            Self.refer(answer, cseq: 6, [Self.sound]), from: UserAgentRulesTests.peer, now: .zero)
        #expect(UserAgentRulesTests.status(fifth) == 503)
        #expect(UserAgentRulesTests.sent(fifth).last?.header("Retry-After") != nil)
        // Each is told of under its own number.
        for (id, number) in zip(ids, 2...5) {
            _ = agent.acceptRefer(id, now: .zero)
            let notify = UserAgentRulesTests.sent(agent.notifyRefer(id, status: 100, isFinal: false, now: .zero)).last
            #expect(notify?.header("Event") == "refer;id=\(number)")
        }
        #expect(agent.subscriptionCount == 4)
    }

    /// RFC 4488 §4.
    @Test func referThatWantsNoSubscriptionGetsNone() throws {
        var (agent, _, answer) = Self.called()
        let request = Self.refer(
            answer, cseq: 2, [Self.sound, SIPHeader("Refer-Sub", "false"), SIPHeader("Require", "norefersub")])
        let id = try #require(Self.referral(agent.receive(request, from: UserAgentRulesTests.peer, now: .zero)))
        let response = UserAgentRulesTests.sent(agent.acceptRefer(id, now: .zero)).last
        #expect(response?.status == 200)
        #expect(response?.header("Refer-Sub") == "false")
        let told = agent.notifyRefer(id, status: 200, isFinal: true, now: .zero)
        #expect(told.isEmpty)
        #expect(agent.subscriptionCount == 0)
    }

    @Test func notifyRefusedAsUnknownLeavesTheCallAlone() throws {
        var (agent, _, answer) = Self.called()
        let request = Self.refer(answer, cseq: 2, [Self.sound])
        let id = try #require(Self.referral(agent.receive(request, from: UserAgentRulesTests.peer, now: .zero)))
        _ = agent.acceptRefer(id, now: .zero)
        let notify = UserAgentRulesTests.sent(agent.notifyRefer(id, status: 100, isFinal: false, now: .zero))[0]
        _ = agent.receive(notify.response(481), from: UserAgentRulesTests.peer, now: .zero)
        #expect(agent.sessionCount == 1)
        #expect(agent.subscriptionCount == 0)
        #expect(agent.counters.lostSubscriptions == 1)
        let more = agent.notifyRefer(id, status: 200, isFinal: true, now: .zero)
        #expect(more.isEmpty)
    }

    // MARK: The call ends first

    @Test func transferorThatHangsUpAtOnceIsNotHarmedByTheNotifies() {
        var (wire, caller, _) = Self.call()
        Self.refer(&wire, caller)
        wire.run(for: .milliseconds(3))
        wire.perform(0, wire.agents[0].hangUp(caller, now: wire.now))
        wire.run()
        #expect(wire.names(0).suffix(1) == ["ended local"])
        #expect(wire.names(1).suffix(2) == ["referred", "ended remote"])
        #expect(wire.isEmpty)
    }

    @Test func referThatWaitsWhenTheCallEndsIsAnswered487() {
        var (wire, caller, _) = Self.call(telling: []) { _, _, _ in [] }
        Self.refer(&wire, caller)
        wire.run(for: .milliseconds(10))
        wire.perform(0, wire.agents[0].hangUp(caller, now: wire.now))
        wire.run()
        #expect(wire.lines(1).suffix(2) == ["200 BYE", "487 REFER"])
        #expect(wire.isEmpty)
    }

    /// RFC 5057 §4.1: the BYE ends the call, not the subscription that shares its dialog.
    @Test func transferorThatKeepsItsSubscriptionIsToldToTheEnd() throws {
        var (agent, session, answer) = Self.called()
        let request = Self.refer(answer, cseq: 2, [Self.sound])
        let id = try #require(Self.referral(agent.receive(request, from: UserAgentRulesTests.peer, now: .zero)))
        _ = agent.acceptRefer(id, now: .zero)
        let bye = agent.receive(
            UserAgentRulesTests.inDialog(.bye, answer, cseq: 3), from: UserAgentRulesTests.peer, now: .zero)
        #expect(UserAgentRulesTests.status(bye) == 200)
        #expect(agent.sessionCount == 0)
        #expect(
            agent.session(replaces: ReplacesHeader(callID: "call-1", toTag: answer.to.tag!, fromTag: "f"))
                == .declined(status: 603))
        let first = try #require(
            UserAgentRulesTests.sent(agent.notifyRefer(id, status: 180, isFinal: false, now: .zero)).last)
        #expect(first.cseq.number == 1)
        _ = agent.receive(first.response(200), from: UserAgentRulesTests.peer, now: .zero)

        var renewal = UserAgentRulesTests.inDialog(.subscribe, answer, cseq: 4)
        renewal.headers = [SIPHeader("Event", "refer;id=2"), SIPHeader("Expires", "30")]
        let renewed = UserAgentRulesTests.sent(agent.receive(renewal, from: UserAgentRulesTests.peer, now: .zero))
        #expect(renewed.map(\.summary) == ["200 SUBSCRIBE", "NOTIFY"])
        #expect(renewed.first?.expires == 30)
        #expect(renewed.last?.header("Subscription-State") == "active;expires=30")
        #expect(renewed.last?.body == StatusFragment(status: 180).bytes)
        _ = agent.receive(renewed[1].response(200), from: UserAgentRulesTests.peer, now: .zero)

        let last = try #require(
            UserAgentRulesTests.sent(agent.notifyRefer(id, status: 200, isFinal: true, now: .zero)).last)
        #expect(last.cseq.number == 3)
        #expect(last.header("Subscription-State") == "terminated;reason=noresource")
        _ = agent.receive(last.response(200), from: UserAgentRulesTests.peer, now: .zero)
        #expect(agent.subscriptionCount == 0)
        #expect(agent.lingering.isEmpty && agent.sessionsByTag.isEmpty)
        renewal.cseq.number = 5
        renewal.vias[0].parameters.setValue("z9hG4bKlate", of: "branch")
        #expect(UserAgentRulesTests.status(agent.receive(renewal, from: UserAgentRulesTests.peer, now: .zero)) == 481)
        #expect(agent.dialog(of: session) == nil)
    }

    @Test(arguments: [
        ("refer;id=2", "0", 200, true), ("refer", "60", 200, false), ("refer;id=7", "60", 481, false),
        ("dialog", "60", 489, false), ("", "60", 489, false),
    ])
    func subscribeWithinTheCall(event: String, expires: String, status: Int, ends: Bool) throws {
        var (agent, _, answer) = Self.called()
        let request = Self.refer(answer, cseq: 2, [Self.sound])
        let id = try #require(Self.referral(agent.receive(request, from: UserAgentRulesTests.peer, now: .zero)))
        _ = agent.acceptRefer(id, now: .zero)
        var renewal = UserAgentRulesTests.inDialog(.subscribe, answer, cseq: 4)
        renewal.headers = [SIPHeader("Event", event), SIPHeader("Expires", expires)]
        let sent = UserAgentRulesTests.sent(agent.receive(renewal, from: UserAgentRulesTests.peer, now: .zero))
        #expect(sent.first?.status == status)
        #expect(sent.count == (status == 200 ? 2 : 1))
        let more = agent.notifyRefer(id, status: 180, isFinal: false, now: .zero)
        if status == 200 { _ = agent.receive(sent[1].response(200), from: UserAgentRulesTests.peer, now: .zero) }
        #expect(more.isEmpty == (status == 200), "one is out, or the subscription is over")
        #expect(agent.subscriptionCount == (ends ? 0 : 1))
        #expect(agent.sessionCount == 1)
    }

    /// RFC 3261 §12.2.2: a peer would refuse the BYE that a later NOTIFY overtook.
    @Test func notifyWaitsUntilOurByeIsSettled() throws {
        var (agent, session, answer) = Self.called()
        let request = Self.refer(answer, cseq: 2, [Self.sound])
        let id = try #require(Self.referral(agent.receive(request, from: UserAgentRulesTests.peer, now: .zero)))
        _ = agent.acceptRefer(id, now: .zero)
        let bye = try #require(UserAgentRulesTests.sent(agent.hangUp(session, now: .zero)).last)
        let early = agent.notifyRefer(id, status: 200, isFinal: true, now: .zero)
        #expect(early.isEmpty)
        let after = UserAgentRulesTests.sent(
            agent.receive(bye.response(200), from: UserAgentRulesTests.peer, now: .zero))
        #expect(after.map(\.summary) == ["NOTIFY"])
        #expect(after.first?.cseq.number == bye.cseq.number + 1)
    }

    // MARK: Forged NOTIFYs

    static let active = SIPHeader("Subscription-State", "active;expires=60")

    @Test(arguments: [
        ("nothing asked for", false, "refer", [active], "SIP/2.0 200 OK", 481),
        ("another number", true, "refer;id=99", [active], "SIP/2.0 200 OK", 481),
        ("another package", true, "dialog", [active], "SIP/2.0 200 OK", 489),
        ("no package", true, "", [active], "SIP/2.0 200 OK", 489),
        ("no state", true, "refer", [], "SIP/2.0 200 OK", 400),
        ("two states", true, "refer", [active, active], "SIP/2.0 200 OK", 400),
        ("no status line", true, "refer", [active], "200 OK", 400), ("no body", true, "refer", [active], "", 400),
        ("a good one", true, "refer", [active], "SIP/2.0 180 Ringing", 200),
    ])
    func notifyIsWeighed(
        name: String, isAsked: Bool, event: String, state: [SIPHeader], body: String, status: Int
    ) throws {
        var (agent, id, answer) = Self.called()
        if isAsked {
            let refer = try #require(UserAgentRulesTests.sent(agent.refer(id, to: Self.target, now: .zero)).last)
            _ = agent.receive(refer.response(202), from: UserAgentRulesTests.peer, now: .zero)
        }
        var notify = UserAgentRulesTests.inDialog(.notify, answer, cseq: 2)
        notify.headers = state + (event.isEmpty ? [] : [SIPHeader("Event", event)])
        notify.contentType = StatusFragment.contentType
        notify.body = Array(body.utf8)
        let actions = agent.receive(notify, from: UserAgentRulesTests.peer, now: .zero)
        #expect(UserAgentRulesTests.status(actions) == status)
        let isTold = actions.contains { if case .event = $0 { true } else { false } }
        #expect(isTold == (status == 200))
        #expect(agent.counters.unexpectedNotifies == (status == 200 ? 0 : 1))
        #expect(agent.sessionCount == 1)
    }
}
