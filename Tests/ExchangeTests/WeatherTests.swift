// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Exchange
import SwitchTesting
import Testing
import Timing

/// A whole switch in bad weather: phones do what people do, packets are lost, doubled and late. In the
/// end nothing may be left over. A failing seed is printed; the same seed does the same again.
@Suite struct WeatherTests {
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func aBusyHourInBadWeatherLeavesNothingBehind(seed: UInt64) throws {
        let world = try Fixture.world(seed: seed, runner: Fixture.dialsSeats)
        world.inject { await $0.start() }
        let seats = ["8001", "8002", "8003"]
        let phones = seats.flatMap { seat in (0..<2).map { _ in world.addRegisteredPhone(seat) } }
        let gateway = world.addRegisteredPhone("gateway")
        gateway.hasManyLines = true
        world.network.conditions = .bad
        var entropy = world.entropy
        for _ in 0..<60 {
            guard let phone = (phones + [gateway]).randomElement(using: &entropy) else { continue }
            switch Int.random(in: 0..<10, using: &entropy) {
            case 0...3:
                let number = (seats + ["9138", "8009"]).randomElement(using: &entropy) ?? "8001"
                if phone.session == nil { phone.call(number) }
            case 4...6: phone.hangUp()
            case 7:
                let manners: [SimulatedPhone.Manner] = [
                    .answers(after: .seconds(1)), .refuses(status: 486), .ringsForEver,
                    .earlyMediaThenAnswers(after: .seconds(2)), .isDead,
                ]
                phone.manner = manners.randomElement(using: &entropy) ?? .isDead
            case 8: if let port = phone.switchPort { world.media.timeOut(atPort: port) }
            default: phone.hold(Bool.random(using: &entropy))
            }
            world.run(for: .milliseconds(Int64.random(in: 10...4000, using: &entropy)))
        }
        for phone in phones + [gateway] { phone.hangUp() }
        // What nobody hangs up is ended by the switch.
        world.run(for: .seconds(60))
        world.inject { await $0.endAllCalls() }
        #expect(world.ledger.calls.count > 5, "seed \(seed)")
        world.expectClean("busy hour")
    }

    @Test func theSameSeedTellsTheSameStory() throws {
        func story(_ seed: UInt64) throws -> [String] {
            let world = try Fixture.world(seed: seed, conditions: .bad, runner: Fixture.dialsSeats)
            let a = world.addRegisteredPhone("8001")
            _ = world.addRegisteredPhone("8002")
            a.call("8002")
            world.run(for: .seconds(30))
            a.hangUp()
            world.run(for: .seconds(60))
            return world.ledger.events.map { "\($0.time.microseconds) \($0.kind.name) \($0.kind.fields)" }
        }
        #expect(try story(7) == story(7))
        #expect(try story(7) != story(8))
    }
}
