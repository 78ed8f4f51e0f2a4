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
        #expect(world.ledger.events.contains { $0.name == "authentication.failed" })
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
        #expect(world.ledger.events.count { $0.name == "authentication.failed" } <= limit)
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
        #expect(world.ledger.events.contains { $0.name == "registration.removed" })
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

    @Test func theThirdLegGoneATwoLineGatewayFindsNoLine() throws {
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

    private func peer(_ port: UInt16, keepAlive: String) -> [String: String] {
        var files = Fixture.files
        files["trunks.toml"] = """
            [[trunk]]
            name = "peer"
            kind = "peer"
            host = "127.0.0.1:\(port)"
            context = "seats"
            keep_alive = \(keepAlive)
            """
        return files
    }

    @Test func phonesThatRegisterAllTheTimeDoNotKeepATrunkFromBeingAsked() throws {
        var files = Fixture.files
        files["trunks.toml"] = nil
        let world = try Fixture.world(site: Fixture.load(files), runner: Fixture.dialsSeats)
        world.inject { await $0.start() }
        let trunk = world.addPhone("peer")
        let phone = world.addPhone("8001")
        world.run(for: .seconds(3))
        let site = try #require(Fixture.load(peer(trunk.port, keepAlive: "\"30 s\"")))
        world.services.site.replace(with: site, runner: Fixture.dialsSeats)
        for _ in 0..<8 {
            phone.register()
            world.run(for: .seconds(3))
        }
        #expect(world.services.location.isReachable("peer") == true)
    }

    @Test func aReloadIsFollowedAtOnce() throws {
        let trunk: UInt16 = 10_002
        let hourly = try #require(Fixture.load(peer(trunk, keepAlive: "\"3600 s\"")))
        let world = try Fixture.world(site: hourly, runner: Fixture.dialsSeats)
        let phone = world.addPhone("peer")
        #expect(phone.port == trunk)
        world.inject { await $0.start() }
        world.run(for: .seconds(1))
        #expect(world.services.location.isReachable("peer") == true)
        phone.vanish()
        // Asked more often now: the hour that was running is not waited for.
        world.services.site.replace(
            with: try #require(Fixture.load(peer(trunk, keepAlive: "\"60 s\""))), runner: Fixture.dialsSeats)
        world.inject { await $0.siteReplaced() }
        world.run(for: .seconds(40))
        #expect(world.services.location.isReachable("peer") == false)
        // Never asked any more: what it said last is no news.
        world.services.site.replace(
            with: try #require(Fixture.load(peer(trunk, keepAlive: "0"))), runner: Fixture.dialsSeats)
        world.inject { await $0.siteReplaced() }
        world.run(for: .seconds(100))
        #expect(world.services.location.isReachable("peer") == nil)
    }

    @Test func aSeatThatAReloadTakesAwayIsNoLongerRegistered() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let phone = world.addRegisteredPhone("8003")
        #expect(phone.isRegistered)
        var files = Fixture.files
        files["seats.toml"] = "[[seat]]\nnumber = \"8001\"\ncontext = \"seats\"\n"
        world.services.site.replace(with: try #require(Fixture.load(files)), runner: Fixture.dialsSeats)
        world.inject { await $0.siteReplaced() }
        world.run(for: .seconds(1))
        #expect(world.services.location.allBindings.isEmpty)
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
