// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Exchange
import Names
import SIPMessage
import Site
import SwitchTesting
import Synchronization
import Testing

/// Trunks given by name: looked up, tried in order, looked up again.
@Suite struct NamedTrunkTests {
    /// A name server that says what a test tells it to.
    private final class FakeNames: NameResolving {
        private struct State {
            var answer: Result<ServerList, NameFailure>
            var asked: [NameService] = []
        }

        private let state: Mutex<State>

        init(_ answer: Result<ServerList, NameFailure>) { state = Mutex(State(answer: answer)) }

        var asked: [NameService] { state.withLock { $0.asked } }
        func answers(_ answer: Result<ServerList, NameFailure>) { state.withLock { $0.answer = answer } }

        func resolve(
            _ service: NameService, done: @escaping @Sendable (Result<ServerList, NameFailure>) -> Void
        ) {
            done(
                state.withLock { state in
                    state.asked.append(service)
                    return state.answer
                })
        }
    }

    /// Servers at ports of the simulated network, in the order they are to be tried.
    private static func list(
        _ ports: [UInt16], seconds: Int64 = 600, before: [ServerTarget] = []
    ) -> Result<ServerList, NameFailure> {
        let servers = ports.enumerated().map { index, port in
            ServerList.Server(
                priority: UInt16(index),
                targets: (index == 0 ? before : []) + [ServerTarget(address: "127.0.0.1", port: port)])
        }
        return .success(ServerList(servers: servers, lifetime: .seconds(seconds)))
    }

    private static let dialsCarrier: ScriptRunner = { call, entry in
        guard entry.exten.hasPrefix("9") else { return await Fixture.dialsSeats(call, entry) }
        let target = DialTarget.trunk(name: "carrier", number: String(entry.exten.dropFirst()))
        if let result = try? await call.dial(DialRequest(targets: [target], timeout: .seconds(60))) {
            call.hangUp(result.cause)
        }
    }

    private func files(_ carrier: String = "") -> [String: String] {
        var files = Fixture.files
        files["trunks.toml", default: ""] += """

            [[trunk]]
            name = "carrier"
            kind = "peer"
            host = "sip.example.com"
            context = "seats"
            keep_alive = 0
            \(carrier)
            """
        return files
    }

    private func world(_ names: FakeNames, _ carrier: String = "") throws -> SimulatedSwitch {
        let world = try Fixture.world(site: Fixture.load(files(carrier)), names: names, runner: Self.dialsCarrier)
        world.inject { await $0.start() }
        world.run(for: .seconds(1))
        return world
    }

    private func state(_ world: SimulatedSwitch) throws -> TrunkState {
        let site = world.services.site.site
        return world.services.state(of: try #require(site.trunk("carrier")), now: world.clock.now)
    }

    @Test func aCallGoesWhereTheNameLeadsAndNamesItStill() throws {
        let names = FakeNames(.failure(.noSuchName("x")))
        let world = try world(names, "addresses = [\"192.0.2.0/28\"]")
        let carrier = world.addPhone("carrier")
        names.answers(Self.list([carrier.port]))
        world.run(for: .seconds(31))
        #expect(names.asked.first == NameService(host: "sip.example.com", port: nil, transport: .udp))
        let a = world.addRegisteredPhone("8001")
        a.call("9138001")
        world.run(for: .seconds(3))
        #expect(carrier.log.last == .connected)
        #expect(carrier.lastInviteText.hasPrefix("INVITE sip:138001@sip.example.com SIP/2.0"))
        a.hangUp()
        world.expectClean()
    }

    @Test func aNameThatDoesNotResolveIsToldAndFailsAtOnce() throws {
        let names = FakeNames(.failure(.noAnswer("sip.example.com")))
        let world = try world(names)
        #expect(
            try state(world).description == "name does not resolve: no name server answers for sip.example.com")
        let a = world.addRegisteredPhone("8001")
        a.call("9138001")
        world.run(for: .seconds(1))
        #expect(a.log.last == .failed(status: 502))
        world.run(for: .seconds(60))
        // Put again every 30 seconds, no faster.
        #expect((2...4).contains(names.asked.count))
        let carrier = world.addPhone("carrier")
        names.answers(Self.list([carrier.port]))
        world.run(for: .seconds(31))
        #expect(try state(world) == .notAsked)
        a.call("9138001")
        world.run(for: .seconds(3))
        #expect(carrier.log.last == .connected)
        a.hangUp()
        world.expectClean()
    }

    @Test func theLastAnswerStaysInUseWhileNameServersFail() throws {
        let names = FakeNames(.failure(.noSuchName("x")))
        let world = try world(names)
        let carrier = world.addPhone("carrier")
        names.answers(Self.list([carrier.port], seconds: 10))
        world.run(for: .seconds(31))
        names.answers(.failure(.noAnswer("sip.example.com")))
        world.run(for: .seconds(200))
        #expect(try state(world) == .notAsked)
        let a = world.addRegisteredPhone("8001")
        a.call("9138001")
        world.run(for: .seconds(3))
        #expect(carrier.log.last == .connected)
        a.hangUp()
        world.expectClean()
    }

    @Test func aNameIsLookedUpAgainWhenItsTimeIsOver() throws {
        let names = FakeNames(Self.list([1]))
        let world = try world(names)
        world.run(for: .seconds(300))
        let before = names.asked.count
        let carrier = world.addPhone("carrier")
        names.answers(Self.list([carrier.port]))
        world.run(for: .seconds(301))
        #expect(names.asked.count == before + 1)
        let a = world.addRegisteredPhone("8001")
        a.call("9138001")
        world.run(for: .seconds(3))
        #expect(carrier.log.last == .connected)
        a.hangUp()
        world.expectClean()
    }

    @Test func aServerThatIsOutOfServiceIsPassedOver() throws {
        let names = FakeNames(.failure(.noSuchName("x")))
        let world = try world(names)
        let (first, second) = (world.addPhone("first"), world.addPhone("second"))
        first.manner = .refuses(status: 503)
        names.answers(Self.list([first.port, second.port]))
        world.run(for: .seconds(31))
        let a = world.addRegisteredPhone("8001")
        a.call("9138001")
        world.run(for: .seconds(3))
        #expect(first.log.contains(.called(from: "8001")))
        #expect(second.log.last == .connected)
        a.hangUp()
        world.expectClean()
    }

    @Test func aServerThatSaysNothingIsLeftAfterFourSeconds() throws {
        let names = FakeNames(.failure(.noSuchName("x")))
        let world = try world(names)
        let (first, second) = (world.addPhone("first"), world.addPhone("second"))
        first.vanish()
        names.answers(Self.list([first.port, second.port]))
        world.run(for: .seconds(31))
        let a = world.addRegisteredPhone("8001")
        a.call("9138001")
        world.run(for: .seconds(7))
        #expect(second.log.last == .connected)
        a.hangUp()
        world.expectClean()
    }

    @Test func aBusyNumberIsBusyAndNotTriedElsewhere() throws {
        let names = FakeNames(.failure(.noSuchName("x")))
        let world = try world(names)
        let (first, second) = (world.addPhone("first"), world.addPhone("second"))
        first.manner = .refuses(status: 486)
        names.answers(Self.list([first.port, second.port]))
        world.run(for: .seconds(31))
        let a = world.addRegisteredPhone("8001")
        a.call("9138001")
        world.run(for: .seconds(3))
        #expect(a.log.last == .failed(status: 486))
        #expect(second.log.isEmpty)
        world.expectClean()
    }

    @Test func aServerThatDoesNotAnswerOptionsIsTriedLast() throws {
        let names = FakeNames(.failure(.noSuchName("x")))
        var files = files()
        files["trunks.toml"] = files["trunks.toml"]?.replacing("keep_alive = 0", with: "keep_alive = \"60 s\"")
        let world = try Fixture.world(site: Fixture.load(files), names: names, runner: Self.dialsCarrier)
        world.inject { await $0.start() }
        let (first, second) = (world.addPhone("first"), world.addPhone("second"))
        first.vanish()
        names.answers(Self.list([first.port, second.port]))
        world.run(for: .seconds(100))
        #expect(try state(world) == .reachable)
        let a = world.addRegisteredPhone("8001")
        a.call("9138001")
        world.run(for: .seconds(2))
        #expect(second.log.last == .connected)
        a.hangUp()
        world.expectClean()
    }

    /// Nothing listens on IPv6 here, so no answer would come back.
    @Test func targetsOfAFamilyNobodyListensOnAreSkipped() throws {
        let names = FakeNames(.failure(.noSuchName("x")))
        let world = try world(names)
        let carrier = world.addPhone("carrier")
        names.answers(Self.list([carrier.port], before: [ServerTarget(address: "2001:db8::5", port: 5060)]))
        world.run(for: .seconds(31))
        let a = world.addRegisteredPhone("8001")
        a.call("9138001")
        world.run(for: .seconds(2))
        #expect(carrier.log.last == .connected)
        a.hangUp()
        world.expectClean()
    }

    @Test(arguments: [("", true), ("addresses = [\"192.0.2.0/28\"]", false)])
    func callsFromTheNamesAddressesAreTheTrunksUnlessAddressesAreGiven(carrier: String, isTaken: Bool) throws {
        let names = FakeNames(Self.list([5070]))
        let world = try world(names, carrier)
        let seat = world.addRegisteredPhone("8001")
        // Without a password: only a trunk may call.
        let stranger = world.addPhone("stranger", password: "guess")
        stranger.call("8001")
        world.run(for: .seconds(3))
        #expect((seat.log.last == .connected) == isTaken)
        stranger.hangUp()
        world.expectClean()
    }
}
