// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Exchange
import Site
import SwitchTesting
import Testing

@Suite struct AdmissionTests {
    @Test func aWrongPasswordRegistersNobodyAndIsNoted() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let thief = world.addPhone("8001", password: "guess")
        thief.register()
        world.run(for: .seconds(2))
        #expect(!thief.isRegistered)
        #expect(thief.lastStatus == 403)
        #expect(world.ledger.events.contains { $0.kind.name == "authentication.failed" })
        #expect(world.services.location.allBindings.isEmpty)
    }

    @Test func aCallWithAWrongPasswordMakesNoCall() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        _ = world.addRegisteredPhone("8002")
        let thief = world.addPhone("8001", password: "guess")
        thief.call("8002")
        world.run(for: .seconds(2))
        #expect(thief.log.last == .failed(status: 403))
        #expect(world.ledger.calls.isEmpty)
    }

    @Test func nobodyRegistersUnderANumberThatIsNotHis() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let stranger = world.addPhone("9999")
        stranger.register()
        world.run(for: .seconds(2))
        #expect(!stranger.isRegistered)
    }

    @Test(arguments: ["8001", "9999"])
    func whoIsLockedOutIsNotNotedAgainAndAgain(user: String) throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let thief = world.addPhone(user, password: "guess")
        for _ in 0..<60 {
            thief.register()
            world.run(for: .milliseconds(500))
        }
        let limit = try #require(Fixture.site).limits.failedLoginsPerMinute
        #expect(world.ledger.events.count { $0.kind.name == "authentication.failed" } <= limit)
        #expect(thief.lastStatus == 403)
    }

    @Test func aBindingRunsOut() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addPhone("8001")
        world.inject { await $0.start() }
        a.register(expires: 30)
        world.run(for: .seconds(2))
        #expect(world.services.location.bindings(of: "8001", now: world.clock.now).count == 1)
        world.run(for: .seconds(60))
        #expect(world.services.location.bindings(of: "8001", now: world.clock.now).isEmpty)
        #expect(world.ledger.events.contains { $0.kind.name == "registration.removed" })
    }

    @Test func aSeatWithOneLineIsBusyToTheSecondCaller() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        let b = world.addRegisteredPhone("8002")
        _ = world.addRegisteredPhone("8003")
        a.call("8003")
        world.run(for: .seconds(3))
        b.call("8003")
        world.run(for: .seconds(2))
        #expect(b.log.last == .failed(status: 486))
        a.hangUp()
        world.expectClean()
    }

    @Test func theThirdCallOverATwoLineGatewayFindsNoLine() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let gateway = world.addRegisteredPhone("gateway")
        gateway.hasManyLines = true
        let lines = (0..<3).map { _ in world.addPhone("8001") }
        gateway.manner = .ringsForEver
        for line in lines {
            line.call("9138001")
            world.run(for: .milliseconds(300))
        }
        #expect(world.services.occupancy.taken(.trunk("gateway")) <= 2)
        #expect(lines[2].log.last == .failed(status: 503))
        for line in lines { line.hangUp() }
        world.expectClean()
    }

    @Test func aTrunkThatAReloadBringsIsAskedWhetherItIsThere() throws {
        var files = Fixture.files
        files["trunks.toml"] = nil
        let world = try Fixture.world(site: Fixture.load(files), runner: Fixture.dialsSeats)
        world.inject { await $0.start() }
        let peer = world.addPhone("peer")
        world.run(for: .seconds(30))
        files["trunks.toml"] = """
            [[trunk]]
            name = "peer"
            kind = "peer"
            host = "127.0.0.1:\(peer.port)"
            context = "seats"
            keep_alive = "30 s"
            """
        let site = try #require(Fixture.load(files))
        world.services.site.replace(with: site, runner: Fixture.dialsSeats)
        world.run(for: .seconds(15))
        #expect(world.services.location.isReachable("peer") == true)
        peer.vanish()
        world.run(for: .seconds(90))
        #expect(world.services.location.isReachable("peer") == false)
    }

    @Test func aCallerWithoutANumberIsShownWithoutOne() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let gateway = world.addRegisteredPhone("gateway")
        let seat = world.addRegisteredPhone("8001")
        gateway.call("8001", from: "")
        world.run(for: .seconds(3))
        #expect(seat.log.last == .connected)
        // `sip:@host` would be no address (RFC 3261 §25.1).
        #expect(seat.lastInviteText.contains("From: "))
        #expect(!seat.lastInviteText.contains("sip:@"))
        gateway.hangUp()
        world.expectClean()
    }

    @Test func aCallInFromTheGatewayShowsTheOutsideNumber() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let gateway = world.addRegisteredPhone("gateway")
        let seat = world.addRegisteredPhone("8001")
        gateway.call("8001", from: "13800138000")
        world.run(for: .seconds(3))
        #expect(seat.log.first == .called(from: "13800138000"))
        #expect(world.services.occupancy.taken(.trunk("gateway")) == 1)
        gateway.hangUp()
        world.expectClean()
    }
}
