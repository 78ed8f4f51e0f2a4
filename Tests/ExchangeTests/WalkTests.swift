// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Exchange
import Foundation
import SDP
import SIPMessage
import SwitchTesting
import Testing
import Timing

/// Random walks through everything phones can do with calls: in the end no leg, room, offer, bridge, script, port, timer,
/// place or subscription is left, and every talk has two ends. The seed is printed; the same seed walks the same way.
///
/// `MARTLET_WALKS=10000` walks as often; `MARTLET_WALK=7` walks one seed.
@Suite struct WalkTests {
    private static let seeds: [UInt64] = {
        let environment = ProcessInfo.processInfo.environment
        if let one = environment["MARTLET_WALK"].flatMap({ UInt64($0) }) { return [one] }
        let count = environment["MARTLET_WALKS"].flatMap { Int($0) } ?? 60
        return (1...UInt64(max(1, count))).map { $0 }
    }()

    @Test(arguments: seeds)
    func aWalkLeavesNothingBehind(seed: UInt64) throws {
        let world = try Fixture.world(seed: seed, runner: Fixture.dialsSeats)
        world.inject { await $0.start() }
        let seats = ["8001", "8002", "8003"]
        let phones = seats.flatMap { seat in (0..<2).map { _ in world.addRegisteredPhone(seat) } }
        let gateway = world.addRegisteredPhone("gateway")
        let all = phones + [gateway]
        for phone in all {
            phone.hasManyLines = true
            phone.manner = .answers(after: .milliseconds(300))
        }
        var entropy = world.entropy
        if Bool.random(using: &entropy) { world.network.conditions = .bad }
        for _ in 0..<80 {
            guard let phone = all.randomElement(using: &entropy), let other = all.randomElement(using: &entropy) else {
                continue
            }
            let number = (seats + ["9138", "8009"]).randomElement(using: &entropy) ?? "8001"
            switch Int.random(in: 0..<24, using: &entropy) {
            case 0...5: if phone.session == nil { phone.call(number) }
            case 6, 7: phone.hangUp()
            case 8:
                phone.manner =
                    [
                        .answers(after: .seconds(1)), .answers(after: .milliseconds(5)), .refuses(status: 486),
                        .ringsForEver, .earlyMediaThenAnswers(after: .seconds(2)), .isDead,
                        .ringsThenRefuses(status: 480, after: .seconds(1)),
                    ].randomElement(using: &entropy) ?? .isDead
            case 9: phone.hold(Bool.random(using: &entropy))
            case 10, 11: phone.transfer(to: number)
            case 12, 13: if phone.session != nil, phone.aside.isEmpty { phone.consult(number) }
            case 14, 15: phone.transferAttended()
            case 16: phone.swap()
            case 17:
                if phone.session == nil, let session = other.session {
                    phone.call(number, replacing: other.replaces(session))
                }
            case 18: if let port = phone.switchPort { world.media.timeOut(atPort: port) }
            case 19: phone.register()
            case 20: phone.askForOffer()
            case 21: phone.pressByInfo("#")
            case 22: for key in "*2#" { phone.press(key) }
            default: world.media.mostLegs = Bool.random(using: &entropy) ? 100_000 : 6
            }
            world.run(for: .milliseconds(Int64.random(in: 0...1500, using: &entropy)))
        }
        for phone in all {
            phone.hangUp()
            phone.swap()
            phone.hangUp()
        }
        world.run(for: .seconds(60))
        world.inject { await $0.endAllCalls() }
        world.expectClean("walk")
    }
}
