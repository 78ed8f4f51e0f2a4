// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SIPMessage
import SIPStack
import SwitchTesting
import Testing
import Timing

@testable import Exchange

/// Who may subscribe and for how long, and what is answered to what is not served (RFC 6665, RFC 3903, RFC 3428).
@Suite struct SubscribeTests {
    private static func world() throws -> (SimulatedSwitch, SimulatedPhone) {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        return (world, world.addRegisteredPhone("8003"))
    }

    private static func subscribe(
        _ phone: SimulatedPhone, in world: SimulatedSwitch, _ number: String = "8002", package: String = "dialog",
        expires: Int? = 600, accept: String? = nil
    ) -> SimulatedSubscription {
        let subscription = phone.subscribe(number, package: package, expires: expires, accept: accept)
        world.run(for: .seconds(1))
        return subscription
    }

    // MARK: Lifetime

    @Test func aPollIsToldOnceAndLeavesNothing() throws {
        let (world, phone) = try Self.world()
        let poll = Self.subscribe(phone, in: world, expires: 0)
        #expect(poll.status == 200)
        #expect(poll.notices.map(\.state) == [.terminated])
        #expect(LampDocument(poll.bodies.first ?? "")?.dialogs == [])
        world.expectClean()
    }

    @Test func aSubscriptionThatIsNotRenewedIsTold() throws {
        let (world, phone) = try Self.world()
        let lamp = Self.subscribe(phone, in: world, expires: 60)
        world.run(for: .seconds(65))
        #expect(lamp.notices.last?.state == .terminated)
        #expect(lamp.notices.last?.reason == "timeout")
        // After that, as after a restart of the switch, nobody knows it: the telephone subscribes anew.
        lamp.renew()
        world.run(for: .seconds(1))
        #expect(lamp.status == 481)
        world.expectClean()
    }

    @Test func aRenewalProlongsAndIsToldTheState() throws {
        let (world, phone) = try Self.world()
        let lamp = Self.subscribe(phone, in: world, expires: 60)
        world.run(for: .seconds(50))
        lamp.renew(expires: 60)
        world.run(for: .seconds(50))
        #expect(lamp.status == 200)
        #expect(lamp.notices.map(\.state) == [.active, .active])
        #expect(lamp.bodies.compactMap { LampDocument($0)?.version } == [0, 1])
        lamp.renew(expires: 0)
        world.run(for: .seconds(1))
        #expect(lamp.notices.last?.state == .terminated)
        world.expectClean()
    }

    @Test func aRenewalFromElsewhereTakesTheNotifiesAlong() throws {
        let (world, phone) = try Self.world()
        let lamp = Self.subscribe(phone, in: world)
        world.network.detach(port: phone.port)
        lamp.move(to: 9_000)
        lamp.renew()
        world.run(for: .seconds(1))
        #expect(lamp.notices.count == 2)
        let called = world.addRegisteredPhone("8002")
        called.manner = .ringsForEver
        let caller = world.addRegisteredPhone("8001")
        caller.call("8002")
        world.run(for: .seconds(1))
        #expect(LampDocument(lamp.bodies.last ?? "")?.dialogs == ["early recipient"])
        caller.hangUp()
        lamp.renew(expires: 0)
        world.run(for: .seconds(1))
        world.expectClean()
    }

    @Test func tooShortATimeIsRefused() throws {
        let (world, phone) = try Self.world()
        let lamp = Self.subscribe(phone, in: world, expires: 10)
        #expect(lamp.status == 423)
        #expect(lamp.answer?.header("Min-Expires") == "60")
        #expect(Self.subscribe(phone, in: world, expires: 100_000).answer?.expires == 3600)
        #expect(Self.subscribe(phone, in: world, expires: nil).answer?.expires == 3600)
        for lamp in phone.subscriptions where lamp.isActive { lamp.renew(expires: 0) }
        world.run(for: .seconds(1))
        world.expectClean()
    }

    @Test(arguments: [481, 404, 405, 489, nil])
    func aTelephoneThatHasForgottenIsForgotten(status: Int?) throws {
        let (world, phone) = try Self.world()
        let lamp = Self.subscribe(phone, in: world, package: "presence")
        lamp.notifyStatus = status
        let other = world.addRegisteredPhone("8002")
        world.run(for: .seconds(40))
        #expect(world.lamps.isEmpty)
        other.register(expires: 0)
        world.run(for: .seconds(1))
        #expect(lamp.notices.count == 1)
        world.expectClean()
    }

    // MARK: Who

    @Test func whoDoesNotProveWhoHeIsSeesNothing() throws {
        let (world, _) = try Self.world()
        let liar = world.addPhone("8001", password: "wrong")
        #expect(Self.subscribe(liar, in: world).status == 403)
        let gateway = world.addPhone("gateway")
        #expect(Self.subscribe(gateway, in: world).status == 403)
        let stranger = world.addPhone("9999")
        #expect(Self.subscribe(stranger, in: world).status == 403)
        #expect(world.phones.flatMap(\.subscriptions).allSatisfy { $0.notices.isEmpty })
        #expect(world.services.counters.value(.subscriptionsRefused) == 3)
        world.expectClean()
    }

    @Test(
        arguments: [
            ("8009", "dialog", nil, 404), ("80%402", "dialog", nil, 404), ("8002", "message-summary", nil, 489),
            ("8002", "presence.winfo", nil, 489), ("8002", "dialog", "application/pidf+xml", 406),
            ("8002", "presence", "application/xpidf+xml, application/cpim-pidf+xml", 406),
            ("8002", "presence", "application/xpidf+xml, application/pidf+xml;q=0.5", 200),
            ("8002", "dialog", "*/*", 200), ("8002", "dialog", "APPLICATION/dialog-info+xml", 200),
        ] as [(String, String, String?, Int)])
    func whatIsNotServedIsRefused(number: String, package: String, accept: String?, status: Int) throws {
        let (world, phone) = try Self.world()
        let lamp = Self.subscribe(phone, in: world, number, package: package, accept: accept)
        #expect(lamp.status == status)
        if status == 489 { #expect(lamp.answer?.header("Allow-Events") == "dialog, presence, refer") }
        if status == 200 { lamp.renew(expires: 0) }
        world.run(for: .seconds(1))
        world.expectClean()
    }

    @Test func aStormOfOneSeatIsRefusedAndCountedAndOthersGoOn() throws {
        let (world, phone) = try Self.world()
        for turn in 0..<(LampTally.perWatcher + 5) {
            phone.subscribe("8002", package: turn.isMultiple(of: 2) ? "dialog" : "presence", expires: 120)
            if turn.isMultiple(of: 100) { world.run(for: .seconds(1)) }
        }
        world.run(for: .seconds(1))
        let refused = phone.subscriptions.filter { $0.status == 480 }
        #expect(refused.count == 5)
        #expect(refused.allSatisfy { $0.answer?.header("Retry-After") == "60" })
        #expect(world.services.counters.value(.subscriptionsRefused) == 5)
        let other = world.addRegisteredPhone("8001")
        let lamp = Self.subscribe(other, in: world, expires: 120)
        #expect(lamp.status == 200)
        // One call changes a lamp that a thousand watch, and everybody is told.
        let called = world.addRegisteredPhone("8002")
        called.manner = .ringsForEver
        other.call("8002")
        world.run(for: .seconds(1))
        let told = phone.subscriptions.count {
            $0.bodies.last?.contains(">early<") == true || $0.bodies.last?.contains("Ringing") == true
        }
        #expect(told == LampTally.perWatcher)
        other.hangUp()
        world.run(for: .seconds(130))
        #expect(phone.subscriptions.allSatisfy { !$0.isActive })
        world.expectClean()
    }

    // MARK: A reload

    @Test func aReloadKeepsSubscriptionsAndTellsWhatIsGone() throws {
        let (world, phone) = try Self.world()
        let kept = Self.subscribe(phone, in: world, "8001")
        let gone = Self.subscribe(phone, in: world, "8002")
        let loser = world.addRegisteredPhone("8002")
        let lost = Self.subscribe(loser, in: world, "8001")
        var files = Fixture.files
        files["seats.toml"] = """
            [[seat]]
            number = "8001"
            context = "seats"
            [[seat]]
            number = "8003"
            context = "seats"
            """
        world.services.site.replace(with: try #require(Fixture.load(files)), runner: Fixture.dialsSeats)
        world.inject { await $0.siteReplaced() }
        world.run(for: .seconds(1))
        #expect(kept.isActive)
        for lamp in [gone, lost] {
            #expect(lamp.notices.last?.state == .terminated)
            #expect(lamp.notices.last?.reason == "noresource")
        }
        kept.renew(expires: 0)
        world.run(for: .seconds(1))
        world.expectClean()
    }

    // MARK: Requests that are nobody's

    @Test(
        arguments: [
            (.notify, [SIPHeader("Event", "dialog"), SIPHeader("Subscription-State", "active")], 481),
            (.notify, [SIPHeader("Event", "refer"), SIPHeader("Subscription-State", "terminated")], 481),
            (.notify, [SIPHeader("Event", "keep-alive")], 200), (.notify, [], 481),
            (.publish, [SIPHeader("Event", "presence")], 405), (.message, [], 405), (.info, [], 481),
            (.options, [], 200),
        ] as [(SIPMethod, [SIPHeader], Int)])
    func requestsOutsideCallsAreAnsweredAsTheStandardSays(
        method: SIPMethod, headers: [SIPHeader], status: Int
    ) throws {
        let (world, phone) = try Self.world()
        phone.send(method, to: "8001", headers: headers)
        world.run(for: .seconds(1))
        #expect(phone.lastStatus == status)
        if status == 405 || method == .options {
            #expect(
                phone.lastAnswer?.header("Allow")
                    == "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REGISTER, REFER, SUBSCRIBE, NOTIFY")
            #expect(phone.lastAnswer?.header("Allow-Events") == "dialog, presence, refer")
        }
        if method == .options {
            #expect(
                phone.lastAnswer?.header("Accept")
                    == "application/sdp, application/dtmf-relay, application/dtmf, message/sipfrag")
        }
        world.expectClean()
    }
}

extension SimulatedSwitch {
    /// The subscriptions there are now.
    var lamps: [LampSnapshot] {
        final class Box: @unchecked Sendable { var lamps: [LampSnapshot] = [] }
        let box = Box()
        inject { box.lamps = await $0.lamps() }
        run(for: .zero)
        return box.lamps
    }
}
