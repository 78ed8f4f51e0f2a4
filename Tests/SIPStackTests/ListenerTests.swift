// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing
import Timing

@testable import SIPStack

/// Several listeners, several addresses: which one a peer is reached by, and what it is told.
@Suite struct ListenerTests {
    private static func listener(
        _ transport: TransportKind, _ bound: String, followsFlow: Bool = false
    ) -> ListenerIdentity {
        ListenerIdentity(
            transport: transport, host: "192.0.2.1", port: 5060, bound: bound, followsFlow: followsFlow)
    }

    private static let wildcard = [listener(.udp, "0.0.0.0"), listener(.tcp, "0.0.0.0"), listener(.udp, "::")]
    private static let two = [listener(.udp, "10.1.0.1"), listener(.udp, "10.2.0.1"), listener(.tcp, "10.1.0.1")]

    struct Choice: Sendable {
        var listeners: [ListenerIdentity]
        var address: String
        var transport = TransportKind.udp
        var usual: Int?
        var index: Int?
        var local: String?
    }

    /// The machine is 10.1.0.1 to 10.1.0.0/24 and so on.
    private static func seen(_ address: String) -> String? {
        address.contains(":") ? "2001:db8::1" : String(address.prefix(5)) + "0.1"
    }

    static let choices = [
        Choice(listeners: wildcard, address: "10.1.0.9", index: 0, local: "10.1.0.1"),
        Choice(listeners: wildcard, address: "10.1.0.9", transport: .tcp, index: 1, local: "10.1.0.1"),
        Choice(listeners: wildcard, address: "2001:db8::9", index: 2, local: "2001:db8::1"),
        Choice(listeners: two, address: "10.1.0.9", index: 0),
        Choice(listeners: two, address: "10.2.0.9", index: 1),
        // The number of an earlier run, where it cannot be right.
        Choice(listeners: two, address: "10.2.0.9", usual: 0, index: 1),
        Choice(listeners: two, address: "10.2.0.9", usual: 2, index: 1),
        Choice(listeners: two, address: "10.2.0.9", usual: 17, index: 1),
        // No way there is known to lead through either: what it was.
        Choice(listeners: two, address: "10.3.0.9", usual: 1, index: 1),
        Choice(listeners: two, address: "2001:db8::9", index: nil),
        Choice(listeners: two, address: "10.1.0.9", transport: .tls, index: nil),
        Choice(
            listeners: [listener(.udp, "10.1.0.1"), listener(.udp, "10.1.0.1")], address: "10.1.0.9", usual: 1, index: 1
        ),
    ]

    @Test(arguments: choices.indices)
    func thePeerIsReachedByTheListenerItsWayLeadsThrough(number: Int) {
        let choice = Self.choices[number]
        let found = choice.listeners.reaching(
            choice.address, over: choice.transport, usual: choice.usual, localAddress: Self.seen)
        #expect(found?.index == choice.index)
        #expect(found?.localAddress == choice.local)
    }

    @Test func aBindingOfAnEarlierRunIsServedByAListenerOfThisOneOrNotAtAll() {
        let flow = Flow(transport: .tcp, address: "10.1.0.9", port: 5060, listener: 0, connection: 9)
        let binding = Binding(
            aor: "8001", contact: SIPURI(user: "a", host: "10.1.0.9"), flow: flow, callID: "c", cseq: 1,
            expires: WallTime(microseconds: 1))
        let served = binding.served(by: Self.two, localAddress: Self.seen)
        #expect(served?.flow.listener == 2)
        #expect(served?.flow.connection == 0)
        #expect(binding.served(by: [Self.listener(.udp, "10.1.0.1")], localAddress: Self.seen) == nil)
    }

    private func agent(followsFlow: Bool) -> UserAgent {
        UserAgentRulesTests.agent {
            $0.listeners = [Self.listener(.udp, "0.0.0.0", followsFlow: followsFlow)]
        }
    }

    @Test(arguments: [(true, "10.1.0.1"), (false, "192.0.2.1")])
    func eachPeerIsToldTheAddressItSeesUnlessAnotherIsAdvertised(followsFlow: Bool, host: String) throws {
        var agent = agent(followsFlow: followsFlow)
        let flow = Flow(transport: .udp, address: "10.1.0.9", port: 5060, localAddress: "10.1.0.1")
        let uri = SIPURI(user: "8001", host: "10.1.0.9")
        let (id, actions) = agent.invite(
            Invitation(requestURI: uri, flow: flow, from: NameAddress(uri: uri), to: NameAddress(uri: uri)), now: .zero)
        let invite = try #require(UserAgentRulesTests.sent(actions).first)
        #expect(invite.vias.first?.host == host)
        #expect(invite.contacts.first?.uri.host == host)
        // The answer is known as ours.
        let ringing = agent.receive(invite.response(180, toTag: "t"), from: flow, now: .zero)
        #expect(ringing.contains { if case .event(.provisional(id, 180, _)) = $0 { true } else { false } })
        #expect(agent.counters.foreignResponses == 0)
    }

    @Test func anAnswerNamesTheAddressTheCallCameTo() throws {
        var agent = agent(followsFlow: true)
        var flow = UserAgentRulesTests.peer
        flow.localAddress = "10.1.0.1"
        let called = agent.receive(UserAgentRulesTests.invite(), from: flow, now: .zero)
        let id = try #require(UserAgentRulesTests.session(called))
        let answer = try #require(UserAgentRulesTests.sent(agent.accept(id, body: [], now: .zero)).last)
        #expect(answer.contacts.first?.uri.host == "10.1.0.1")
    }
}
