// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import SIPMessage
import Testing
import Timing

@testable import SIPStack

/// RFC 3261 §10.3, by table.
@Suite struct RegistrarTests {
    static let flow = Flow(transport: .udp, address: "192.0.2.9", port: 40_000)
    static let wall = WallTime(microseconds: 1_000_000_000)

    static func register(
        _ contacts: [String], expires: String? = nil, callID: String = "r", cseq: UInt32 = 1, wildcard: Bool = false
    ) -> SIPMessage {
        let uri = SIPURI(user: "8001", host: "martlet")
        var request = SIPMessage(
            startLine: .request(.register, SIPURI(host: "martlet")), from: NameAddress(uri: uri),
            to: NameAddress(uri: uri), callID: callID, cseq: CSeq(cseq, .register))
        request.contacts = contacts.map { text in
            let parts = text.split(separator: ";").map(String.init)
            let parameters = parts.dropFirst().map { part in
                let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
                return SIPParameter(pair[0], pair.count > 1 ? pair[1] : nil)
            }
            return NameAddress(uri: SIPURI(parts[0])!, parameters: parameters)
        }
        request.hasWildcardContact = wildcard
        if let expires { request.headers.append(SIPHeader("Expires", expires)) }
        return request
    }

    struct Step: Sendable {
        var request: SIPMessage
        var at: Int = 0
        var status: Int
        /// Contacts in the response with their seconds.
        var bound: [String]
    }

    static let tables: [String: [Step]] = [
        "a phone registers, refreshes, leaves": [
            Step(request: register(["sip:a@1.1.1.1"], expires: "120"), status: 200, bound: ["sip:a@1.1.1.1 120"]),
            Step(
                request: register(["sip:a@1.1.1.1"], expires: "120", cseq: 2), at: 60, status: 200,
                bound: ["sip:a@1.1.1.1 120"]),
            Step(request: register([], cseq: 3), at: 70, status: 200, bound: ["sip:a@1.1.1.1 110"]),
            Step(request: register(["sip:a@1.1.1.1"], expires: "0", cseq: 4), at: 70, status: 200, bound: []),
        ],
        "the contact's expires goes before the header's": [
            Step(
                request: register(["sip:a@1.1.1.1;expires=90", "sip:b@1.1.1.2"], expires: "200"), status: 200,
                bound: ["sip:a@1.1.1.1 90", "sip:b@1.1.1.2 200"])
        ],
        "no or a nonsensical expires is the default, too much is shortened": [
            Step(request: register(["sip:a@1.1.1.1"]), status: 200, bound: ["sip:a@1.1.1.1 3600"]),
            Step(
                request: register(["sip:a@1.1.1.1;expires=soon"], cseq: 2), status: 200, bound: ["sip:a@1.1.1.1 3600"]),
            Step(
                request: register(["sip:a@1.1.1.1;expires=99999999999999"], cseq: 3), status: 200,
                bound: ["sip:a@1.1.1.1 3600"]),
        ],
        "too short is refused and nothing changes": [
            Step(request: register(["sip:a@1.1.1.1"], expires: "30"), status: 423, bound: []),
            Step(request: register([]), status: 200, bound: []),
        ],
        "star removes all, and only with Expires: 0": [
            Step(
                request: register(["sip:a@1.1.1.1", "sip:b@1.1.1.2"], expires: "100"), status: 200,
                bound: ["sip:a@1.1.1.1 100", "sip:b@1.1.1.2 100"]),
            Step(request: register([], expires: "60", cseq: 2, wildcard: true), status: 400, bound: []),
            Step(request: register([], cseq: 2, wildcard: true), status: 400, bound: []),
            Step(request: register([], expires: "0", cseq: 2, wildcard: true), status: 200, bound: []),
        ],
        "an old request of the same registration changes nothing": [
            Step(
                request: register(["sip:a@1.1.1.1"], expires: "100", cseq: 5), status: 200,
                bound: ["sip:a@1.1.1.1 100"]),
            Step(request: register(["sip:a@1.1.1.1"], expires: "0", cseq: 5), status: 500, bound: []),
            Step(
                request: register(["sip:b@1.1.1.2", "sip:a@1.1.1.1"], expires: "100", cseq: 4), status: 500, bound: []),
            Step(request: register([], expires: "0", cseq: 4, wildcard: true), status: 500, bound: []),
            Step(request: register([]), status: 200, bound: ["sip:a@1.1.1.1 100"]),
            Step(
                request: register(["sip:a@1.1.1.1"], expires: "200", callID: "other", cseq: 1), status: 200,
                bound: ["sip:a@1.1.1.1 200"]),
        ],
        "what is not refreshed expires": [
            Step(request: register(["sip:a@1.1.1.1"], expires: "100"), status: 200, bound: ["sip:a@1.1.1.1 100"]),
            Step(request: register([], cseq: 2), at: 101, status: 200, bound: []),
        ],
        "ten contacts, not eleven": [
            Step(
                request: register((0..<10).map { "sip:a@1.1.1.\($0)" }, expires: "100"), status: 200,
                bound: (0..<10).map { "sip:a@1.1.1.\($0) 100" }),
            Step(
                request: register((0..<11).map { "sip:z@1.1.1.\($0)" }, expires: "100", cseq: 2), status: 403, bound: []
            ),
            Step(
                request: register(["sip:a@1.1.1.0;expires=0", "sip:z@1.1.1.1"], expires: "100", cseq: 3), status: 200,
                bound: (1..<10).map { "sip:a@1.1.1.\($0) 100" } + ["sip:z@1.1.1.1 100"]),
        ],
        "for one contact too many the longest silent makes room": [
            Step(
                request: register((0..<10).map { "sip:a@1.1.1.\($0)" }, expires: "1000"), status: 200,
                bound: (0..<10).map { "sip:a@1.1.1.\($0) 1000" }),
            // The first one is heard of again.
            Step(
                request: register(["sip:a@1.1.1.0"], expires: "1000", cseq: 2), status: 200,
                bound: (1..<10).map { "sip:a@1.1.1.\($0) 1000" } + ["sip:a@1.1.1.0 1000"]),
            Step(
                request: register(["sip:z@1.1.1.1"], expires: "1000", callID: "new"), status: 200,
                bound: (2..<10).map { "sip:a@1.1.1.\($0) 1000" } + ["sip:a@1.1.1.0 1000", "sip:z@1.1.1.1 1000"]),
        ],
        "a phone that comes back under another address replaces itself": [
            Step(
                request: register([#"sip:a@1.1.1.1;+sip.instance="<urn:uuid:1>""#], expires: "100"), status: 200,
                bound: ["sip:a@1.1.1.1 100"]),
            Step(
                request: register([#"sip:a@1.1.1.2;+sip.instance="<urn:uuid:1>""#], expires: "100", callID: "boot"),
                status: 200, bound: ["sip:a@1.1.1.2 100"]),
        ],
    ]

    @Test(arguments: tables.keys.sorted())
    func table(name: String) {
        var registrar = Registrar()
        for (number, step) in (Self.tables[name] ?? []).enumerated() {
            let (response, _) = registrar.register(
                step.request, aor: "8001", from: Self.flow, now: Instant(nanoseconds: Int64(step.at) * 1_000_000_000),
                wall: Self.wall)
            #expect(response.status == step.status, "step \(number)")
            let bound = response.contacts.map { "\($0.uri) \($0.parameters.value(of: "expires") ?? "")" }
            #expect(bound == step.bound, "step \(number)")
            if step.status == 423 { #expect(response.header("Min-Expires") == "60") }
        }
    }

    @Test func bindingsComeByPreferenceWithTheWayBack() {
        var registrar = Registrar()
        let request = Self.register(["sip:a@1.1.1.1;q=0.5", "sip:b@1.1.1.2;q=0.9", "sip:c@1.1.1.3;q=0.9"])
        let (_, changes) = registrar.register(request, aor: "8001", from: Self.flow, now: .zero, wall: Self.wall)
        #expect(changes.count == 3)
        let bindings = registrar.bindings(of: "8001", now: .zero)
        #expect(bindings.map(\.contact.user) == ["c", "b", "a"])
        #expect(bindings.allSatisfy { $0.flow == Self.flow })
        #expect(registrar.bindings(of: "8002", now: .zero).isEmpty)
    }

    @Test func expiryIsToldOnceAndOnTime() {
        var registrar = Registrar()
        _ = registrar.register(
            Self.register(["sip:a@1.1.1.1"], expires: "100"), aor: "8001", from: Self.flow, now: .zero, wall: Self.wall)
        let due = registrar.nextDeadline!
        #expect(due == Instant(nanoseconds: 100_000_000_000))
        #expect(registrar.expire(now: Instant(nanoseconds: due.nanoseconds - 1)).isEmpty)
        #expect(registrar.bindings(of: "8001", now: due).isEmpty)
        guard case .removed(_, .expired) = registrar.expire(now: due).first else {
            Issue.record("not told")
            return
        }
        #expect(registrar.expire(now: due).isEmpty && registrar.nextDeadline == nil && registrar.bindingCount == 0)
    }

    @Test func bindingsSurviveARestartWithTheTimeTheyHaveLeft() throws {
        var registrar = Registrar()
        var stream = Self.flow
        stream.transport = .tcp
        stream.connection = 12
        _ = registrar.register(
            Self.register(["sip:a@1.1.1.1;q=0.3", "sip:a%20b@1.1.1.2;transport=tcp"], expires: "100"), aor: "8001",
            from: stream, now: .zero, wall: Self.wall)
        let stored = try JSONEncoder().encode(registrar.bindings(of: "8001", now: .zero))
        let restored = try JSONDecoder().decode([Binding].self, from: stored)
        #expect(restored == registrar.bindings(of: "8001", now: .zero))
        var second = Registrar()
        second.restore(restored, now: .zero, wall: Self.wall.advanced(by: .seconds(40)))
        #expect(second.nextDeadline == Instant(nanoseconds: 60_000_000_000))
        #expect(second.bindings(of: "8001", now: .zero).allSatisfy { $0.flow.connection == 0 })
        var third = Registrar()
        third.restore(restored, now: .zero, wall: Self.wall.advanced(by: .seconds(100)))
        #expect(third.bindingCount == 0)
    }

    private static func stream(_ address: String, connection: UInt64) -> Flow {
        Flow(transport: .tcp, address: address, port: 50_000, listener: 1, connection: connection)
    }

    /// `sip:a@192.0.2.9:5070` is where the flow is seen: it can be called back. Others are behind NAT.
    @Test(
        arguments: [
            ("sip:a@192.0.2.9:5070", 5070), ("sip:a@192.0.2.9:5070;transport=tcp", 5070), ("sip:a@192.0.2.9", 5060),
            ("sip:a@192.0.2.9:5070;transport=udp", nil), ("sip:a@10.0.0.5:5070", nil), ("sip:a@phone.example", nil),
            ("sip:a@192.0.2.9:0", nil),
        ] as [(String, UInt16?)])
    func aStreamThatIsGoneLeavesTheContact(contact: String, port: UInt16?) throws {
        var registrar = Registrar()
        let flow = Self.stream("192.0.2.9", connection: 7)
        let request = Self.register([])
        var register = request
        register.contacts = [NameAddress(uri: try #require(SIPURI(contact)))]
        _ = registrar.register(register, aor: "8001", from: flow, now: .zero, wall: Self.wall)
        #expect(registrar.bindings(of: "8001", now: .zero).map(\.way) == [flow], "while it lives it is the way")
        let changes = registrar.connectionClosed(flow)
        let way = try #require(registrar.bindings(of: "8001", now: .zero).first).way
        #expect(way?.port == port)
        #expect(way.map { $0.connection == 0 && $0.address == "192.0.2.9" && $0.listener == 1 } ?? true)
        #expect(changes.count == (port == nil ? 1 : 0), "told when it cannot be reached")
    }

    @Test func addressesOfIPv6AreTheSameHoweverWritten() throws {
        let flow = Self.stream("2001:db8::5", connection: 0)
        #expect(flow.reopened(towards: try #require(SIPURI("sip:a@[2001:DB8:0::5]:5070")))?.port == 5070)
        #expect(flow.reopened(towards: try #require(SIPURI("sip:a@[2001:db8::6]:5070"))) == nil)
    }

    @Test func whatCannotBeReachedMakesRoomBeforeWhatIsOld() throws {
        var configuration = Registrar.Configuration()
        configuration.maxContacts = 3
        var registrar = Registrar(configuration: configuration)
        func add(_ contact: String, from flow: Flow) -> [BindingChange] {
            let request = Self.register([contact], callID: contact)
            return registrar.register(request, aor: "8001", from: flow, now: .zero, wall: Self.wall).changes
        }
        _ = add("sip:old@192.0.2.9", from: Self.flow)
        let nat = Self.stream("192.0.2.9", connection: 1)
        let open = Self.stream("192.0.2.9", connection: 2)
        _ = add("sip:nat@10.0.0.5", from: nat)
        _ = add("sip:tcp@192.0.2.9:5070", from: open)
        _ = registrar.connectionClosed(open)
        _ = registrar.connectionClosed(nat)
        func gone(_ changes: [BindingChange]) -> [String?] {
            changes.compactMap { if case .removed(let binding, .replaced) = $0 { binding.contact.user } else { nil } }
        }
        #expect(gone(add("sip:new1@192.0.2.9", from: Self.flow)) == ["nat"])
        #expect(gone(add("sip:new2@192.0.2.9", from: Self.flow)) == ["tcp"])
        #expect(gone(add("sip:new3@192.0.2.9", from: Self.flow)) == ["old"])
        #expect(registrar.bindings(of: "8001", now: .zero).count == 3)
    }

    @Test func bindingsOfUsersTheSiteNoLongerHasAreForgotten() {
        var registrar = Registrar()
        for user in ["8001", "8002"] {
            _ = registrar.register(
                Self.register(["sip:a@1.1.1.1"]), aor: user, from: Self.flow, now: .zero, wall: Self.wall)
        }
        #expect(registrar.removeAll { $0 == "8002" }.map(\.binding.aor) == ["8002"])
        #expect(registrar.allBindings.map(\.aor) == ["8001"])
    }

    @Test func closedConnectionTakesWebSocketBindingsWithIt() {
        for (transport, left) in [(TransportKind.wss, 0), (.tcp, 1)] {
            var registrar = Registrar()
            var flow = Self.flow
            flow.transport = transport
            flow.connection = 3
            _ = registrar.register(
                Self.register(["sip:a@192.0.2.9"]), aor: "8001", from: flow, now: .zero, wall: Self.wall)
            let changes = registrar.connectionClosed(flow)
            #expect(changes.count == 1 - left)
            #expect(registrar.bindings(of: "8001", now: .zero).map(\.flow.connection) == (left == 1 ? [0] : []))
        }
    }
}
