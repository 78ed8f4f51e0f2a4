// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing
import Timing

@testable import SIPStack

/// A registration client and a registrar over the simulated wire.
@Suite struct RegistrationClientTests {
    /// Agent 0 registers at agent 1; lets `seconds` pass.
    struct World {
        var wire = SimulatedWire(agents: 2, seed: 11)
        var client: RegistrationClient
        var registrar = Registrar()
        var server = DigestAuthenticator(realm: "martlet", entropy: .seeded(4), nonceLifetime: .seconds(30))
        var password = "secret"
        var isDeaf = false
        private var handled = 0

        init(password: String = "secret", expires: Duration = .seconds(300)) {
            wire.goesThroughText = true
            let agent = wire.agents[0]
            client = RegistrationClient(
                account: .init(
                    registrar: SIPURI(host: SimulatedWire.address(1)), flow: SimulatedWire.flow(to: 1),
                    address: NameAddress(uri: SIPURI(user: "8001", host: SimulatedWire.address(1))),
                    contact: agent.contact(user: "8001", for: SimulatedWire.flow(to: 1)),
                    credentials: DigestLogin(username: "8001", password: password), expires: expires),
                callID: "reg", entropy: .seeded(5))
        }

        mutating func send(_ request: OutOfDialogRequest?) {
            guard let request else { return }
            let (id, actions) = wire.agents[0].request(request, now: wire.now)
            client.sent(id)
            wire.perform(0, actions)
        }

        mutating func pass(_ seconds: Int) {
            let end = wire.now.advanced(by: .seconds(seconds))
            while wire.now < end {
                wire.conditions.lostPerMille = isDeaf ? 1000 : 0
                wire.run(for: .milliseconds(100))
                while handled < wire.events.count {
                    handled += 1
                    handle(wire.events[handled - 1].event)
                }
                send(client.advance(to: wire.now))
            }
        }

        private mutating func handle(_ event: Event) {
            switch event {
            case .incomingRequest(let id, let request, let flow):
                let response: SIPMessage
                let password = password
                switch server.check(request, password: { _ in password }, now: wire.now) {
                case .accepted(let name):
                    response =
                        registrar.register(
                            request, aor: name, from: flow, now: wire.now, wall: WallTime(microseconds: 0)
                        ).response
                case .challenge(let headers, _):
                    var challenge = request.response(401)
                    challenge.headers = headers
                    response = challenge
                case .refused:
                    response = request.response(403)
                }
                wire.perform(1, wire.agents[1].respond(id, with: response, now: wire.now))
            case .response(let id, let response):
                send(client.received(response, for: id, now: wire.now).next)
            case .requestFailed(let id, let status):
                send(client.failed(id, status: status, now: wire.now).next)
            default: break
            }
        }

        var isBound: Bool { !registrar.bindings(of: "8001", now: wire.now).isEmpty }
    }

    @Test func registrationIsKeptAliveAndTakenBack() {
        var world = World()
        world.send(world.client.start(now: world.wire.now))
        world.pass(1)
        #expect(world.client.state == .registered)
        for _ in 0..<20 {
            world.pass(60)
            #expect(world.isBound)
        }
        // 20 minutes at 270 s each: the first and four refreshes, all with a challenge because nonces live 30 s.
        #expect(world.wire.lines(0).filter { $0 == "REGISTER" }.count == 10)
        world.send(world.client.stop(now: world.wire.now))
        world.pass(1)
        #expect(world.client.state == .idle)
        #expect(!world.isBound)
        #expect(world.client.nextDeadline == nil)
    }

    @Test func registrarThatIsAwayIsTriedAgainEverMoreSeldom() {
        var world = World()
        world.isDeaf = true
        world.send(world.client.start(now: world.wire.now))
        world.pass(600)
        #expect(world.client.state == .registering)
        #expect(world.client.lastFailure == 408)
        // Each try is 11 datagrams over 32 s; ten minutes hold between five and fourteen tries.
        let tries = world.wire.lines(0).count / 11
        #expect((5...14).contains(tries), "\(tries) tries")
        world.isDeaf = false
        world.pass(200)
        #expect(world.client.state == .registered)
        #expect(world.client.lastFailure == nil)
    }

    @Test func wrongPasswordIsNotTriedOverAndOver() {
        var world = World(password: "wrong")
        world.send(world.client.start(now: world.wire.now))
        world.pass(120)
        #expect(world.client.state == .refused(status: 403))
        #expect(world.wire.lines(0).count == 2)
    }

    @Test func longerLifetimeIsAskedForWhenTheRegistrarWantsIt() {
        var world = World(expires: .seconds(20))
        world.send(world.client.start(now: world.wire.now))
        world.pass(2)
        #expect(world.client.state == .registered)
        #expect(world.client.account.expires == .seconds(60))
    }
}
