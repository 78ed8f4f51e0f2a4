// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SwitchTesting
import Testing
import Timing

/// Phones of a whole switch and what can be asked of them.
struct Party {
    let world: SimulatedSwitch
    let a: SimulatedPhone
    let b: SimulatedPhone
    let c: SimulatedPhone

    /// A (8001), B (8002) and C (8003) are registered; A calls B, who answers.
    init(seed: UInt64 = 1, changing files: [String: String] = [:], calls: Bool = true) throws {
        world = try Fixture.wholeSwitch(seed: seed, changing: files)
        a = world.addRegisteredPhone("8001")
        b = world.addRegisteredPhone("8002")
        c = world.addRegisteredPhone("8003")
        guard calls else { return }
        a.call("8002")
        world.run(for: .seconds(3))
    }

    /// Presses keys at a person's pace.
    func press(_ keys: String, _ phone: SimulatedPhone) {
        for key in keys {
            guard let port = phone.switchPort else { return }
            world.media.press(key, for: .milliseconds(100), atPort: port)
            world.run(for: .milliseconds(250))
        }
    }

    func talk(_ x: SimulatedPhone, _ y: SimulatedPhone) -> Bool { world.hears(x, y) && world.hears(y, x) }
    func apart(_ x: SimulatedPhone, _ y: SimulatedPhone) -> Bool { !world.hears(x, y) && !world.hears(y, x) }

    /// Hears music and nobody.
    func waits(_ x: SimulatedPhone) -> Bool { world.heard(by: x).contains("default") }

    func run(_ seconds: Double) { world.run(for: .milliseconds(Int(seconds * 1000))) }

    /// Every talk of the ledger has two ends, and one of these pairs.
    var talks: [String] {
        var parties: [LegID: String] = [:]
        var pairs: [String] = []
        for event in world.ledger.events {
            if let leg = event.leg, let fact = event.read(LegStarted.self) { parties[leg] = fact.party.number }
            if let leg = event.leg, let fact = event.read(TalkStarted.self) {
                pairs.append([parties[leg] ?? "?", parties[fact.peer] ?? "?"].sorted().joined(separator: "-"))
            }
        }
        return pairs
    }
}
