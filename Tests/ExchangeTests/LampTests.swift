// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SIPMessage
import SwitchTesting
import Testing
import Timing

@testable import Exchange

/// Lamps as telephones have them: what is shown while others call (RFC 6665, RFC 4235, RFC 3856).
@Suite struct LampTests {
    /// 8003 watches; 8001 and 8002 call.
    private struct Three {
        let world: SimulatedSwitch
        let a: SimulatedPhone
        let b: SimulatedPhone
        let watcher: SimulatedPhone

        init(seed: UInt64 = 1, files: [String: String] = Fixture.files, modules: [any Module] = []) throws {
            world = SimulatedSwitch(
                seed: seed, site: try #require(Fixture.load(files)), runner: Fixture.dialsSeats, modules: modules)
            a = world.addRegisteredPhone("8001")
            b = world.addRegisteredPhone("8002")
            watcher = world.addRegisteredPhone("8003")
        }

        func subscribe(_ number: String, package: String = "dialog", expires: Int? = 600) -> SimulatedSubscription {
            let subscription = watcher.subscribe(number, package: package, expires: expires)
            world.run(for: .seconds(1))
            return subscription
        }
    }

    private static func documents(_ subscription: SimulatedSubscription) throws -> [LampDocument] {
        try subscription.bodies.filter { !$0.isEmpty }.map { try #require(LampDocument($0), "\($0)") }
    }

    private static func shown(_ subscription: SimulatedSubscription) throws -> [[String]] {
        try documents(subscription).map(\.dialogs)
    }

    // MARK: Calls

    @Test func aCallToTheWatchedRingsTalksAndEnds() throws {
        let three = try Three()
        let (world, a) = (three.world, three.a)
        let lamp = three.subscribe("8002")
        #expect(lamp.status == 200)
        #expect(lamp.answer?.expires == 600)
        #expect(lamp.notices.first?.contentType == "application/dialog-info+xml")
        a.call("8002")
        world.run(for: .seconds(3))
        a.hangUp()
        world.run(for: .seconds(1))
        let documents = try Self.documents(lamp)
        #expect(
            documents.map(\.dialogs) == [[], ["early recipient"], ["confirmed recipient"], ["terminated recipient"]])
        #expect(documents.map(\.version) == [0, 1, 2, 3])
        #expect(documents.allSatisfy { $0.first("dialog-info")?.attributes["entity"] == "sip:8002@martlet" })
        #expect(documents[1].remote == "Anna <sip:8001@martlet>")
        #expect(documents[2].remote == "Anna <sip:8001@martlet>")
        world.expectCleanWithLamps()
    }

    @Test func theWatchedCalls() throws {
        let three = try Three()
        let lamp = three.subscribe("8001")
        three.a.call("8002")
        three.world.run(for: .seconds(3))
        three.b.hangUp()
        three.world.run(for: .seconds(1))
        let documents = try Self.documents(lamp)
        #expect(
            documents.map(\.dialogs) == [[], ["early initiator"], ["confirmed initiator"], ["terminated initiator"]])
        #expect(documents[1].remote == "Seat 8002 <sip:8002@martlet>")
        three.world.expectCleanWithLamps()
    }

    @Test func aDialWithoutAnAnswerGoesDarkAgain() throws {
        let three = try Three()
        let lamp = three.subscribe("8002")
        three.b.manner = .ringsForEver
        three.a.call("8002")
        three.world.run(for: .seconds(2))
        three.a.hangUp()
        three.world.run(for: .seconds(1))
        #expect(try Self.shown(lamp) == [[], ["early recipient"], ["terminated recipient"]])
        three.world.expectCleanWithLamps()
    }

    @Test func aTelephoneThatDoesNotRingIsNotShownToRing() throws {
        let three = try Three()
        let lamp = three.subscribe("8002")
        three.b.manner = .isDead
        three.a.call("8002")
        three.world.run(for: .seconds(40))
        #expect(try Self.shown(lamp) == [[]])
        three.world.expectCleanWithLamps()
    }

    @Test func holdAndASecondCallAreShown() throws {
        let three = try Three()
        let (world, a, b) = (three.world, three.a, three.b)
        let lamp = three.subscribe("8002")
        let presence = three.subscribe("8002", package: "presence")
        a.call("8002")
        world.run(for: .seconds(3))
        b.hold(true)
        world.run(for: .seconds(1))
        let held = try #require(try Self.documents(lamp).last)
        #expect(held.dialogs == ["confirmed recipient"])
        #expect(held.isHeld)
        b.setAside()
        b.call("8003")
        three.watcher.manner = .answers(after: .seconds(1))
        world.run(for: .milliseconds(500))
        #expect(try Self.shown(lamp).last == ["early initiator", "confirmed recipient"])
        world.run(for: .seconds(2))
        #expect(try Self.shown(lamp).last == ["confirmed recipient", "confirmed initiator"])
        b.hangUp()
        world.run(for: .seconds(1))
        b.swap()
        b.hold(false)
        world.run(for: .seconds(1))
        #expect(try Self.documents(lamp).last.map { !$0.isHeld } == true)
        b.hangUp()
        world.run(for: .seconds(1))
        let notes = try Self.documents(presence).compactMap(\.note)
        #expect(
            notes == [
                "Ready", "Ringing", "On the phone", "On hold", "On the phone", "On hold", "On the phone", "Ready",
            ])
        world.expectCleanWithLamps()
    }

    @Test func theKeyBesideTheLampPicksTheCallUp() throws {
        let three = try Three()
        let (world, a, b, watcher) = (three.world, three.a, three.b, three.watcher)
        let lamp = three.subscribe("8002")
        b.manner = .ringsForEver
        a.call("8002")
        world.run(for: .seconds(1))
        let shown = try #require(try Self.documents(lamp).last?.first("dialog-info/dialog")?.attributes)
        let replaces = ReplacesHeader(
            callID: try #require(shown["call-id"]), toTag: try #require(shown["remote-tag"]),
            fromTag: try #require(shown["local-tag"]), isEarlyOnly: true)
        watcher.call("8002", replacing: replaces)
        world.run(for: .seconds(1))
        #expect(world.hears(a, watcher) && world.hears(watcher, a))
        #expect(b.log.last == .cancelled)
        #expect(try Self.shown(lamp).last == ["terminated recipient"])
        a.hangUp()
        world.run(for: .seconds(1))
        world.expectCleanWithLamps()
    }

    @Test func whoIsInNoCommonGroupSeesTheCallAndNotHowToTakeIt() throws {
        var files = Fixture.files
        files["seats.toml"] = files["seats.toml"]?.replacing(
            "calls = 1", with: "calls = 1\npickup_groups = [\"other\"]")
        let three = try Three(files: files)
        let lamp = three.subscribe("8002")
        three.b.manner = .ringsForEver
        three.a.call("8002")
        three.world.run(for: .seconds(1))
        let last = try #require(try Self.documents(lamp).last)
        #expect(last.dialogs == ["early recipient"])
        #expect(last.first("dialog-info/dialog")?.attributes["call-id"] == nil)
        three.a.hangUp()
        three.world.expectCleanWithLamps()
    }

    @Test func aTalkThatMovesShowsTheNewPartner() throws {
        let three = try Three()
        let (world, a, b) = (three.world, three.a, three.b)
        let lamp = three.subscribe("8001")
        a.call("8002")
        world.run(for: .seconds(3))
        b.transfer(to: "8003")
        world.run(for: .seconds(5))
        #expect(try Self.documents(lamp).last?.remote == "Seat 8003 <sip:8003@martlet>")
        a.hangUp()
        world.run(for: .seconds(1))
        world.expectCleanWithLamps()
    }

    // MARK: Registration

    @Test func aTelephoneComesAndGoes() throws {
        let three = try Three()
        let lamp = three.subscribe("8002", package: "presence")
        three.b.register(expires: 0)
        three.world.run(for: .seconds(1))
        three.b.register()
        three.world.run(for: .seconds(1))
        three.b.register()
        three.world.run(for: .seconds(1))
        let documents = try Self.documents(lamp)
        #expect(documents.map(\.basic) == ["open", "closed", "open"])
        #expect(documents.map(\.note) == ["Ready", "Unavailable", "Ready"])
        three.world.expectCleanWithLamps()
    }

    @Test func aRegistrationThatRunsOutIsShown() throws {
        let three = try Three()
        let lamp = three.subscribe("8002", package: "presence")
        three.b.register(expires: 30)
        three.world.run(for: .seconds(45))
        #expect(try Self.documents(lamp).map(\.basic) == ["open", "closed"])
        three.world.expectCleanWithLamps()
    }

    // MARK: Hints

    @Test func aHintJoinsWhatOneLampWatches() throws {
        var files = Fixture.files
        files["extensions.conf"] = """
            [seats]
            exten => 80,hint,SIP/8001&SIP/8002
            exten => 81,hint,park:701
            exten => _X.,1,NoOp()
            [others]
            exten => 82,hint,SIP/8001
            """
        let driver = LampDriver()
        let three = try Three(files: files, modules: [driver])
        let (world, a) = (three.world, three.a)
        let both = three.subscribe("80")
        let slot = three.subscribe("81")
        #expect(three.subscribe("82").status == 404)
        a.call("8002")
        world.run(for: .milliseconds(500))
        #expect(try Self.shown(both).last == ["early initiator", "early recipient"])
        world.run(for: .seconds(3))
        #expect(try Self.shown(both).last == ["confirmed initiator", "confirmed recipient"])
        #expect(try Self.documents(both).last?.first("dialog-info")?.attributes["entity"] == "sip:80@martlet")
        driver.set("park:701", LampState(.inUse), in: world)
        world.run(for: .seconds(1))
        #expect(try Self.shown(slot).last == ["confirmed"])
        a.hangUp()
        world.run(for: .seconds(1))
        world.expectCleanWithLamps()
    }

    // MARK: Telling in time

    @Test func anIdleLampIsToldAtOnceAndAFlutterOnce() throws {
        let driver = LampDriver()
        let three = try Three(modules: [driver])
        let world = three.world
        let lamp = three.subscribe("701")
        let began = world.clock.now
        for turn in 0..<10 {
            driver.set("park:701", turn.isMultiple(of: 2) ? LampState(.inUse) : .idle, in: world)
            world.run(for: .milliseconds(5))
        }
        driver.set("park:701", LampState(.onHold, caller: CallerIdentity(number: "8001", name: "Anna")), in: world)
        world.run(for: .seconds(2))
        #expect(lamp.notices.count == 3)
        let times = lamp.notices.dropFirst().map { began.duration(to: $0.at) }
        #expect(try #require(times.first) < .milliseconds(50))
        #expect(try #require(times.last) < .milliseconds(150))
        let last = try #require(try Self.documents(lamp).last)
        #expect(last.dialogs == ["confirmed"])
        #expect(last.isHeld)
        #expect(last.remote == "Anna <sip:8001@martlet>")
        driver.set("park:701", .idle, in: world)
        world.run(for: .seconds(1))
        #expect(try Self.shown(lamp).last == ["terminated"])
        world.expectCleanWithLamps()
    }

    @Test func aLampOfAModuleThatIsTakenBackEndsItsSubscriptions() throws {
        let driver = LampDriver()
        let three = try Three(modules: [driver])
        let lamp = three.subscribe("701")
        driver.set("park:701", nil, in: three.world)
        three.world.run(for: .seconds(1))
        #expect(lamp.notices.last?.state == .terminated)
        #expect(lamp.notices.last?.reason == "noresource")
        #expect(three.subscribe("701").status == 404)
        three.world.expectCleanWithLamps()
    }

    @Test(arguments: 1...20)
    func theLastStateIsNeverLost(seed: UInt64) throws {
        let driver = LampDriver()
        let three = try Three(seed: seed, modules: [driver])
        let world = three.world
        let lamp = three.subscribe("701")
        world.network.conditions = .bad
        var light = LampState.Light.idle
        for _ in 0..<40 {
            light = world.entropy.next().isMultiple(of: 2) ? .inUse : .ringing
            driver.set("park:701", LampState(light), in: world)
            world.run(for: .milliseconds(Int64(world.entropy.next() % 300)))
        }
        world.run(for: .seconds(40))
        world.network.conditions = SimulatedNetwork.Conditions()
        let shown = try Self.shown(lamp).last
        #expect(shown == [light == .inUse ? "confirmed" : "early recipient"], "seed \(seed)")
        world.expectCleanWithLamps()
    }
}

/// A module that does nothing but drive lamps.
final class LampDriver: Module, @unchecked Sendable {
    let name = "LampDriver"
    private var host: (any ModuleHost)?

    func start(_ host: any ModuleHost) -> any RunningModule {
        self.host = host
        host.setLamp("park:701", .idle)
        return IdleModule()
    }

    func set(_ lamp: String, _ state: LampState?, in world: SimulatedSwitch) {
        world.inject { exchange in await exchange.run { self.host?.setLamp(lamp, state) } }
        world.run(for: .zero)
    }
}

extension Exchange {
    func run(_ body: @Sendable () -> Void) { body() }
}

extension SimulatedSwitch {
    /// The watchers let go of their lamps, and nothing is left.
    func expectCleanWithLamps(sourceLocation: Testing.SourceLocation = #_sourceLocation) {
        for subscription in phones.flatMap(\.subscriptions) where subscription.isActive {
            subscription.renew(expires: 0)
        }
        run(for: .seconds(2))
        expectClean(sourceLocation: sourceLocation)
    }
}
