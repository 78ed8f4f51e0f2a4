// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Foundation
import SwitchTesting
import Testing
import Timing

@testable import Exchange

/// Random walks through everything phones, commands and mishaps can do with calls: in the end no leg, room, offer, bridge,
/// script, port, timer, place or subscription is left, every talk has two ends, and the sums of the talks are those of the
/// calls. The seed is printed; the same seed walks the same way.
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
        let world = try Fixture.featureWorld(seed: seed)
        world.inject { await $0.start() }
        var walk = Walk(world)
        for _ in 0..<80 { walk.step() }
        walk.goHome()
        world.expectClean("walk: \(walk.trace.joined(separator: "; ")),")
    }
}
