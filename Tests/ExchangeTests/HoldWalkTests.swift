// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Foundation
import SDP
import SwitchTesting
import Testing
import Timing

@testable import Exchange

/// Random walks through hold, swap, three-party calls, codec changes and codes, by telephones and by commands at once, on
/// seats that are reminded and called back: in the end nothing is left. The seed is printed; `MARTLET_WALKS` and
/// `MARTLET_WALK` as for the other walks.
@Suite struct HoldWalkTests {
    private static let seeds: [UInt64] = {
        let environment = ProcessInfo.processInfo.environment
        if let one = environment["MARTLET_WALK"].flatMap({ UInt64($0) }) { return [one] }
        let count = environment["MARTLET_WALKS"].flatMap { Int($0) } ?? 60
        return (1...UInt64(max(1, count))).map { $0 }
    }()

    private static let runner: ScriptRunner = { call, entry in
        if entry.feature != nil { return }
        var request = DialRequest(targets: [.seat(entry.exten)], timeout: .seconds(20))
        request.callerFeatures = ["disconnect", "blind_transfer"]
        request.answeredLimit = entry.exten == "8003" ? .seconds(40) : nil
        if let result = try? await call.dial(request) { call.hangUp(result.cause) }
    }

    private static func world(_ seed: UInt64) throws -> SimulatedSwitch {
        var files = Fixture.files
        files["seats.toml"] = """
            [[seat]]
            number = "8001"
            hold_reminder = "5 s"
            [[seat]]
            number = "8002"
            hold_recall = true
            hold_reminder = "7 s"
            [[seat]]
            number = "8003"
            hold_recall = true
            calls = 2
            """
        return try Fixture.world(seed: seed, site: Fixture.load(files), runner: runner)
    }

    private static func command(_ legs: [LegID], _ entropy: inout Entropy) -> Command? {
        guard let one = legs.randomElement(using: &entropy), let two = legs.randomElement(using: &entropy) else {
            return nil
        }
        return switch Int.random(in: 0..<8, using: &entropy) {
        case 0, 1: .hold(one, Bool.random(using: &entropy))
        case 2, 3: .conference(one, two)
        case 4: .bridge(one, two)
        case 5: .complete(one, two)
        case 6: .take(one, to: .seat("8003"))
        default: .mute(one, Bool.random(using: &entropy))
        }
    }

    @Test(arguments: seeds)
    func aWalkLeavesNothingBehind(seed: UInt64) throws {
        let world = try Self.world(seed)
        let seats = ["8001", "8002", "8003"]
        let codecs: [[AudioCodec]] = [[.pcma, .pcmu], [.pcmu, .pcma], [.pcmu], [.pcma]]
        var entropy = world.entropy
        let phones = seats.map { world.addRegisteredPhone($0, codecs: codecs.randomElement(using: &entropy) ?? []) }
        for phone in phones {
            phone.hasManyLines = true
            phone.manner = .answers(after: .milliseconds(300))
            phone.takesReoffers = Bool.random(using: &entropy)
        }
        if Bool.random(using: &entropy) { world.network.conditions = .bad }
        for _ in 0..<90 {
            guard let phone = phones.randomElement(using: &entropy) else { continue }
            let number = seats.randomElement(using: &entropy) ?? "8001"
            switch Int.random(in: 0..<20, using: &entropy) {
            case 0...3: if phone.session == nil { phone.call(number) }
            case 4: phone.hangUp()
            case 5:
                phone.manner =
                    [
                        .answers(after: .milliseconds(5)), .answers(after: .seconds(1)), .answersHolding,
                        .answersIn([.pcmu], after: .milliseconds(100)), .ringsForEver, .refuses(status: 486),
                    ].randomElement(using: &entropy) ?? .isDead
            case 6...8:
                phone.hold(by: [.sendOnly, .inactive, .unspecifiedAddress].randomElement(using: &entropy) ?? .inactive)
            case 9, 10: phone.hold(false)
            case 11: phone.askForOffer()
            case 12: if phone.session != nil, phone.aside.count < 2 { phone.consult(number) }
            case 13: phone.swap()
            case 14: phone.transferAttended()
            case 15:
                phone.codecs = codecs.randomElement(using: &entropy) ?? []
                phone.reoffer(.sendReceive)
            case 16: for key in ["*0", "##", "5*", "#"].randomElement(using: &entropy) ?? "" { phone.press(key) }
            default:
                let legs = world.calls.flatMap(\.legs).map(\.id)
                guard let command = Self.command(legs, &entropy) else { continue }
                world.inject { _ = try? await $0.perform(command, by: "test") }
            }
            world.run(for: .milliseconds(Int64.random(in: 0...2500, using: &entropy)))
        }
        for phone in phones {
            for _ in 0..<4 {
                phone.hangUp()
                phone.swap()
            }
        }
        world.run(for: .seconds(60))
        world.inject { await $0.endAllCalls() }
        world.expectClean("walk")
    }
}
