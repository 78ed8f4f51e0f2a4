// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Exchange
import SIPStack
import Site
import SwitchTesting
import Testing

/// Phones and gateways on TCP whose connections come and go.
@Suite struct ConnectionTests {
    private func world() throws -> SimulatedSwitch { try Fixture.world(runner: Fixture.dialsSeats) }

    private func phone(
        _ user: String, in world: SimulatedSwitch, seenAt address: String = "127.0.0.1"
    ) throws -> SimulatedPhone {
        let phone = world.addPhone(user)
        world.connections.connect(phone, seenAt: address)
        phone.register()
        world.run(for: .seconds(2))
        try #require(phone.isRegistered)
        return phone
    }

    @Test func aPhoneIsCalledOverTheConnectionItRegisteredBy() throws {
        let world = try world()
        let a = world.addRegisteredPhone("8001")
        let b = try phone("8002", in: world)
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(b.log.last == .connected)
        #expect(world.connections.opened.isEmpty)
        a.hangUp()
        world.expectClean()
    }

    @Test func aPhoneWhoseConnectionDroppedIsCalledAtItsContact() throws {
        let world = try world()
        let a = world.addRegisteredPhone("8001")
        let b = try phone("8002", in: world)
        world.connections.drop(b)
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(b.log.last == .connected)
        #expect(world.connections.opened.first?.port == b.port)
        a.hangUp()
        world.expectClean()
        #expect(b.log.last == .ended)
    }

    @Test func aPhoneOfTheLastRunIsCalledAtItsContact() throws {
        let before = try world()
        _ = before.addPhone("8001")
        _ = try phone("8002", in: before)
        let kept = before.services.location.allBindings
        let world = try world()
        let a = world.addRegisteredPhone("8001")
        let b = world.addPhone("8002")
        world.connections.connect(b)
        world.connections.drop(b)
        world.services.location.restore(kept, now: world.clock.now, wall: world.clock.wallNow)
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(b.log.last == .connected)
        a.hangUp()
        world.expectClean()
    }

    /// Its contact leads to its own network, or to somebody else's phone.
    @Test func aPhoneBehindNATIsUnavailableAtOnceUntilItComesBack() throws {
        let world = try world()
        let a = world.addRegisteredPhone("8001")
        let b = try phone("8002", in: world, seenAt: "203.0.113.9")
        world.connections.drop(b)
        world.run(for: .seconds(1))
        #expect(world.services.location.bindings(of: "8002", now: world.clock.now).map(\.way) == [nil])
        a.call("8002")
        world.run(for: .seconds(1))
        #expect(a.log.last == .failed(status: 480))
        #expect(world.connections.opened.isEmpty)
        world.connections.connect(b, seenAt: "203.0.113.9")
        b.register()
        world.run(for: .seconds(2))
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(b.log.last == .connected)
        a.hangUp()
        world.expectClean()
    }

    @Test func aHangUpReachesAPhoneWhoseConnectionDroppedInTheTalk() throws {
        let world = try world()
        let a = world.addRegisteredPhone("8001")
        let b = try phone("8002", in: world)
        a.call("8002")
        world.run(for: .seconds(3))
        world.connections.drop(b)
        world.run(for: .seconds(5))
        #expect(b.log.last == .connected, "the talk goes on")
        a.hangUp()
        world.run(for: .seconds(1))
        #expect(b.log.last == .ended)
        world.expectClean()
    }

    @Test func aGatewayThatRegistersIsCalledAtItsContact() throws {
        let world = try world()
        let a = world.addRegisteredPhone("8001")
        let gateway = try phone("gateway", in: world)
        world.connections.drop(gateway)
        a.call("9138001")
        world.run(for: .seconds(3))
        #expect(gateway.log.last == .connected)
        a.hangUp()
        world.expectClean()
    }

    @Test func aGatewayOutOfReachIsToldApartFromOneThatIsGone() throws {
        let world = try world()
        let trunk = try #require(Fixture.site?.trunk("gateway"))
        #expect(world.services.state(of: trunk, now: world.clock.now) == .notRegistered)
        let gateway = try phone("gateway", in: world, seenAt: "203.0.113.9")
        #expect(world.services.state(of: trunk, now: world.clock.now) == .registered)
        world.connections.drop(gateway)
        world.run(for: .seconds(1))
        #expect(world.services.state(of: trunk, now: world.clock.now) == .outOfReach)
    }
}
