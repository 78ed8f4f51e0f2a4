// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing
import Timing

@testable import SIPStack

/// Peers that subscribe to something of ours (RFC 6665).
@Suite struct SubscriptionTests {
    static func wire(seed: UInt64 = 5, conditions: SimulatedWire.Conditions = .init()) -> (SimulatedWire, Subscriber) {
        var wire = SimulatedWire(
            agents: 1, seed: seed, conditions: conditions, eventPackages: ["dialog", "presence"])
        let phone = Subscriber()
        phone.attach(to: &wire)
        return (wire, phone)
    }

    /// The subscription is accepted and told "1" at once, and told "again" at each renewal.
    static func serve(_ wire: inout SimulatedWire) {
        wire.onEvent = { wire, agent, event in
            switch event {
            case .subscribed(let id, _, _):
                wire.perform(agent, wire.agents[agent].acceptSubscription(id, now: wire.now))
                wire.tell(id, "1")
            case .subscriptionRefreshed(let id): wire.tell(id, "again")
            default: break
            }
        }
    }

    static func subscribed(expires: Int? = 600) -> (SimulatedWire, Subscriber, SubscriptionID) {
        var (wire, phone) = wire()
        serve(&wire)
        phone.subscribe(&wire, expires: expires)
        wire.run(for: .milliseconds(100))
        return (wire, phone, wire.subscription!)
    }

    @Test func subscriberIsToldTheStateAtOnceAndWhenItChanges() throws {
        var (wire, phone, id) = Self.subscribed()
        wire.goesThroughText = true
        wire.tell(id, "2")
        wire.run(for: .seconds(1))
        #expect(wire.lines(0) == ["200 SUBSCRIBE", "NOTIFY", "NOTIFY"])
        #expect(phone.notices.map(\.body) == ["1", "2"])
        #expect(phone.answers[1]?.expires == 600)
        #expect(phone.answers[1]?.contacts.first?.uri.host == "10.0.0.0")
        let first = try #require(phone.requests.first)
        #expect(first.cseq == CSeq(1, .notify))
        #expect(first.to.tag == "subscriber")
        #expect(first.from.tag == phone.answers[1]?.to.tag)
        #expect(first.requestURI == SimulatedWire.uri(SimulatedWire.stranger))
        #expect(first.contacts.count == 1)
        #expect(first.contentType == "text/plain")
        #expect(first.single(EventHeader.self).value == EventHeader(package: "dialog"))
        #expect(first.header("Subscription-State") == "active;expires=600")
        #expect(wire.unreadable == [])
    }

    @Test func oneNotifyIsOutAtATimeAndOnlyTheNewestStateWaits() {
        var (wire, phone, id) = Self.subscribed()
        for state in ["2", "3", "4", "5"] { wire.tell(id, state) }
        #expect(wire.lines(0).filter { $0 == "NOTIFY" }.count == 2)
        wire.run(for: .seconds(1))
        #expect(phone.notices.map(\.body) == ["1", "2", "5"])
    }

    @Test func renewalProlongsAndIsToldTheFullState() {
        var (wire, phone, id) = Self.subscribed()
        wire.run(for: .seconds(500))
        phone.subscribe(&wire, expires: 600)
        wire.run(for: .seconds(500))
        #expect(phone.status == 200)
        #expect(phone.notices.map(\.body) == ["1", "again"])
        wire.tell(id, "2")
        wire.run(for: .seconds(1))
        #expect(phone.requests.last?.header("Subscription-State") == "active;expires=100")
        #expect(wire.names(0) == ["subscribed", "subscriptionRefreshed"])
    }

    @Test func subscriptionThatIsNotRenewedEndsWithALastNotify() {
        var (wire, phone, _) = Self.subscribed()
        wire.run()
        #expect(phone.notices.last == .init(state: .terminated, reason: "timeout", body: ""))
        #expect(wire.names(0) == ["subscribed", "subscriptionEnded expired"])
        #expect(wire.isEmpty)
    }

    @Test func subscriberGivesUp() {
        var (wire, phone, id) = Self.subscribed()
        phone.subscribe(&wire, expires: 0)
        wire.run()
        #expect(phone.answers[2]?.expires == 0)
        #expect(phone.notices.last == .init(state: .terminated, reason: "timeout", body: ""))
        #expect(wire.names(0) == ["subscribed", "subscriptionEnded unsubscribed"])
        wire.tell(id, "late")
        #expect(wire.lines(0).last == "NOTIFY")
        #expect(wire.isEmpty)
    }

    @Test func subscribeThatOnlyAsksIsToldOnce() {
        var (wire, phone) = Self.wire()
        Self.serve(&wire)
        phone.subscribe(&wire, expires: 0)
        wire.run()
        #expect(phone.answers[1]?.expires == 0)
        #expect(phone.notices == [.init(state: .terminated, reason: "timeout", body: "1")])
        #expect(wire.names(0) == ["subscribed", "subscriptionEnded expired"])
        #expect(wire.isEmpty)
    }

    @Test func ourEndIsToldWithItsReasonAndTheStateThatWaited() {
        var (wire, phone, id) = Self.subscribed()
        wire.tell(id, "2")
        wire.tell(id, "3")
        wire.perform(0, wire.agents[0].endSubscription(id, reason: .noResource, now: wire.now))
        #expect(wire.names(0).last == "subscriptionEnded local")
        wire.run()
        #expect(phone.notices.dropFirst(2) == [.init(state: .terminated, reason: "noresource", body: "3")])
        #expect(wire.isEmpty)
    }

    @Test(arguments: [
        ("Event missing", nil, "", 489), ("unknown package", "frob", "", 489),
        ("template not served", "dialog.winfo", "", 489), ("refer outside of a call", "refer", "", 489),
        ("two events in one", "dialog, presence", "", 489), ("too short", "dialog", "59", 423),
        ("long enough", "dialog", "60", 200), ("not a number", "dialog", "soon", 200),
        ("too long", "dialog", "9999999999", 200),
    ])
    func subscribeIsWeighed(name: String, event: String?, expires: String, status: Int) {
        var agent = UserAgentRulesTests.agent { $0.eventPackages = ["dialog", "presence"] }
        var request = UserAgentRulesTests.invite(.subscribe)
        if let event { request.headers.append(SIPHeader("Event", event)) }
        if !expires.isEmpty { request.headers.append(SIPHeader("Expires", expires)) }
        var actions = agent.receive(request, from: UserAgentRulesTests.peer, now: .zero)
        for case .event(.subscribed(let id, _, _)) in actions { actions = agent.acceptSubscription(id, now: .zero) }
        let answer = UserAgentRulesTests.sent(actions).last
        #expect(answer?.status == status)
        switch status {
        case 489: #expect(answer?.header("Allow-Events") == "dialog, presence, refer")
        case 423: #expect(answer?.header("Min-Expires") == "60")
        default: #expect(answer?.expires == (expires == "60" ? 60 : 3600))
        }
        if status != 200 {
            #expect(agent.counters.refusedSubscribes == 1)
            #expect(agent.subscriptionCount + agent.transactionCount + agent.timerCount == 0, "refusals keep nothing")
        }
    }

    @Test func subscribeWithoutContactOrBeyondTheBoundIsRefused() {
        var agent = UserAgentRulesTests.agent {
            $0.eventPackages = ["dialog"]
            $0.maxSubscriptions = 1
        }
        var request = UserAgentRulesTests.invite(.subscribe)
        request.headers.append(SIPHeader("Event", "dialog"))
        request.contacts = []
        let refused = agent.receive(request, from: UserAgentRulesTests.peer, now: .zero)
        #expect(UserAgentRulesTests.status(refused) == 400)
        for (branch, status) in [("z9hG4bKa", nil), ("z9hG4bKb", 503 as Int?)] {
            var request = UserAgentRulesTests.invite(.subscribe, branch: branch)
            request.callID = branch
            request.headers.append(SIPHeader("Event", "dialog"))
            let actions = agent.receive(request, from: UserAgentRulesTests.peer, now: .zero)
            #expect(UserAgentRulesTests.status(actions) == status)
            if status == 503 { #expect(UserAgentRulesTests.sent(actions).last?.header("Retry-After") == "5") }
        }
        #expect(agent.counters.refusedSubscribes == 2)
    }

    @Test func renewalIsWeighedToo() {
        var (wire, phone, _) = Self.subscribed()
        phone.subscribe(&wire, expires: 10)
        wire.run(for: .seconds(1))
        #expect(phone.status == 423)
        phone.event = "presence"
        phone.subscribe(&wire, expires: 600)
        wire.run(for: .seconds(1))
        #expect(phone.status == 489)
        phone.event = "dialog;id=1"
        phone.subscribe(&wire, expires: 600)
        wire.run(for: .seconds(1))
        #expect(phone.status == 489)
        phone.event = "dialog"
        phone.headers = [SIPHeader("Require", "frob")]
        phone.subscribe(&wire, expires: 600)
        wire.run(for: .seconds(1))
        #expect(phone.status == 420)
        #expect(wire.names(0) == ["subscribed"])
        wire.run()
        phone.subscribe(&wire, expires: 600)
        wire.run()
        #expect(phone.status == 481)
        #expect(wire.isEmpty)
    }

    @Test(arguments: [481, 489, 404, 401]) func refusedNotifyEndsTheSubscription(status: Int) {
        var (wire, phone, id) = Self.subscribed()
        phone.notifyStatus = status
        wire.tell(id, "2")
        wire.run()
        #expect(wire.names(0) == ["subscribed", "subscriptionEnded refused(status: \(status))"])
        #expect(wire.agents[0].counters.lostSubscriptions == 1)
        #expect(wire.isEmpty)
    }

    @Test func phoneThatIsGoneLosesItsSubscription() {
        var (wire, phone, id) = Self.subscribed()
        phone.notifyStatus = nil
        wire.tell(id, "2")
        wire.run()
        #expect(wire.names(0) == ["subscribed", "subscriptionEnded refused(status: 408)"])
        #expect(wire.isEmpty)
    }

    @Test func notifyRefusedForTheMomentIsSentAgainUnlessThereIsNews() {
        var (wire, phone, id) = Self.subscribed()
        phone.notifyStatus = 500
        wire.tell(id, "2")
        wire.run(for: .seconds(1))
        #expect(phone.requests.count == 1 + NotifyQueue.maxAttempts)
        phone.notifyStatus = 200
        wire.tell(id, "3")
        wire.run(for: .seconds(1))
        #expect(phone.notices.map(\.body) == ["1", "3"])
        #expect(wire.names(0) == ["subscribed"])
    }

    @Test func subscribeNobodyAnswersIsForgotten() {
        var (wire, phone) = Self.wire()
        phone.subscribe(&wire, expires: 600)
        wire.run()
        #expect(wire.names(0) == ["subscribed", "subscriptionEnded unanswered"])
        #expect(wire.isEmpty)
        wire.perform(0, wire.agents[0].acceptSubscription(wire.subscription!, now: wire.now))
        #expect(wire.lines(0) == [])
    }

    @Test func subscribeCanBeChallenged() throws {
        var (wire, phone) = Self.wire()
        var server = DigestAuthenticator(realm: "martlet", entropy: .seeded(2))
        wire.onEvent = { wire, agent, event in
            guard case .subscribed(let id, let request, _) = event else { return }
            switch server.check(request, password: { _ in "secret" }, now: wire.now) {
            case .accepted:
                wire.perform(agent, wire.agents[agent].acceptSubscription(id, now: wire.now))
                wire.tell(id, "1")
            case .challenge(let headers, _):
                wire.perform(
                    agent, wire.agents[agent].rejectSubscription(id, status: 401, headers: headers, now: wire.now))
            case .refused: Issue.record("refused")
            }
        }
        phone.subscribe(&wire, expires: 600)
        wire.run(for: .seconds(1))
        #expect(wire.agents[0].subscriptionCount == 0)
        var entropy = Entropy.seeded(4)
        let challenge = try #require(phone.answers[1])
        phone.headers = [
            try #require(
                DigestLogin(username: "8001", password: "secret").authorization(
                    for: challenge, method: .subscribe, uri: SimulatedWire.uri(0).description, entropy: &entropy))
        ]
        phone.subscribe(&wire, expires: 600)
        wire.run(for: .seconds(1))
        #expect(phone.notices.map(\.body) == ["1"])
        #expect(wire.names(0) == ["subscribed", "subscriptionEnded local", "subscribed"])
    }

    @Test(arguments: [
        (SIPMethod.publish, 405), (.message, 405), (.notify, 481), (SIPMethod(rawValue: "FROB"), 405),
    ])
    func whatIsNotServedIsSaidAndNotListed(method: SIPMethod, status: Int) {
        var agent = UserAgentRulesTests.agent()
        let request = UserAgentRulesTests.invite(method)
        let answer = UserAgentRulesTests.sent(agent.receive(request, from: UserAgentRulesTests.peer, now: .zero)).last
        #expect(answer?.status == status)
        if status == 405 { #expect(answer?.header("Allow")?.contains(method.rawValue) == false) }
        #expect(agent.counters.unexpectedNotifies == (method == .notify ? 1 : 0))
        #expect(agent.transactionCount == 0)
    }
}

extension SimulatedWire {
    /// The last subscription of agent 0.
    var subscription: SubscriptionID? {
        for (_, event) in events.reversed() {
            if case .subscribed(let id, _, _) = event { return id }
        }
        return nil
    }

    mutating func tell(_ id: SubscriptionID, _ state: String) {
        perform(0, agents[0].notify(id, contentType: "text/plain", body: Array(state.utf8), now: now))
    }
}
