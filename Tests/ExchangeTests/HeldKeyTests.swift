// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SwitchTesting
import Testing

@testable import Exchange

/// Keys of a party that has in-talk codes: kept from the other side until it is clear what they are.
@Suite struct HeldKeyTests {
    /// The caller may hang up by `*0` and transfer by `##` and `*2`.
    private static let runner: ScriptRunner = { call, entry in
        var request = DialRequest(targets: [.seat(entry.exten)], timeout: .seconds(20))
        request.callerFeatures = ["disconnect", "blind_transfer", "attended_transfer"]
        if let result = try? await call.dial(request) { call.hangUp(result.cause) }
    }

    /// Whom it calls has no codes.
    private static let site = Fixture.load(
        Fixture.files.merging([
            "seats.toml": """
            [[seat]]
            number = "8001"
            [[seat]]
            number = "8002"
            transfer = false
            park = false
            """
        ]) { $1 })

    private struct Two {
        let world: SimulatedSwitch
        let a: SimulatedPhone
        let b: SimulatedPhone

        init() throws {
            world = try Fixture.world(site: HeldKeyTests.site, runner: HeldKeyTests.runner)
            a = world.addRegisteredPhone("8001")
            b = world.addRegisteredPhone("8002")
            a.call("8002")
            world.run(for: .seconds(3))
        }

        func heard(_ phone: SimulatedPhone) -> [KeyPress] {
            phone.switchPort.map { world.media.pressesHeard(atPort: $0) } ?? []
        }

        func press(_ key: Character, for milliseconds: Int, _ phone: SimulatedPhone) {
            guard let port = phone.switchPort else { return }
            world.media.press(key, for: .milliseconds(milliseconds), atPort: port)
            world.run(for: .milliseconds(milliseconds + 100))
        }
    }

    @Test func keysThatAreNoCodeGoOnInTheirOrderAndAsLongAsTheyWerePressed() throws {
        let two = try Two()
        two.press("5", for: 300, two.a)
        two.world.run(for: .milliseconds(200))
        #expect(two.heard(two.b) == [KeyPress("5", for: .milliseconds(300))])
        two.press("*", for: 140, two.a)
        two.world.run(for: .milliseconds(500))
        #expect(two.heard(two.b).count == 1)
        // Not `*0` nor `*2`: the two go on, and what follows waits for its turn.
        two.press("7", for: 200, two.a)
        two.press("1", for: 100, two.a)
        two.world.run(for: .seconds(2))
        let expected = [("5", 300), ("*", 140), ("7", 200), ("1", 100)]
        #expect(two.heard(two.b) == expected.map { KeyPress(Character($0.0), for: .milliseconds($0.1)) })
        #expect(two.heard(two.a) == [])
        two.a.hangUp()
        two.world.expectClean()
    }

    @Test func aKeyThatCouldBeginACodeGoesOnWhenNoneFollows() throws {
        let two = try Two()
        two.press("#", for: 180, two.a)
        two.world.run(for: .milliseconds(1500))
        #expect(two.heard(two.b) == [])
        two.world.run(for: .seconds(1))
        #expect(two.heard(two.b) == [KeyPress("#", for: .milliseconds(180))])
        two.a.hangUp()
        two.world.expectClean()
    }

    @Test func aCodeIsHeardByNobody() throws {
        let two = try Two()
        two.press("3", for: 100, two.a)
        two.press("*", for: 100, two.a)
        two.press("0", for: 100, two.a)
        two.world.run(for: .milliseconds(50))
        #expect(two.a.log.last == .ended)
        #expect(two.world.media.digitsSent.map(\.1) == ["3"])
        two.world.expectClean()
    }

    @Test func theOtherSideWithoutCodesIsRelayedAsBefore() throws {
        let two = try Two()
        two.press("*", for: 120, two.b)
        #expect(two.heard(two.a) == [KeyPress("*", for: .milliseconds(120))])
        #expect(two.world.media.digitsSent.isEmpty)
        two.a.hangUp()
        two.world.expectClean()
    }

    @Test func keysReachNobodyWhoHearsMusic() throws {
        let two = try Two()
        two.b.hold(true)
        two.world.run(for: .seconds(1))
        two.press("5", for: 100, two.a)
        two.a.pressByInfo("6")
        two.b.pressByInfo("7")
        two.world.run(for: .seconds(1))
        #expect(two.world.media.digitsSent.isEmpty)
        two.b.hold(false)
        two.world.run(for: .seconds(1))
        two.press("8", for: 100, two.a)
        two.world.run(for: .seconds(1))
        #expect(two.heard(two.b).map(\.key) == ["8"])
        two.a.hangUp()
        two.world.expectClean()
    }

    @Test func aKeySentAsInfoKeepsItsDuration() throws {
        let two = try Two()
        two.a.pressByInfo("5")
        two.world.run(for: .seconds(1))
        #expect(two.heard(two.b) == [KeyPress("5", for: .milliseconds(160))])
        two.a.hangUp()
        two.world.expectClean()
    }
}
