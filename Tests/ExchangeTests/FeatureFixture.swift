// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Exchange
import Site
import SwitchTesting
import Synchronization
import Testing
import Timing

extension Fixture {
    static func featureWorld(
        seed: UInt64 = 1, conditions: SimulatedNetwork.Conditions = SimulatedNetwork.Conditions()
    ) throws -> SimulatedSwitch { try wholeSwitch(seed: seed, conditions: conditions) }
}

extension SimulatedSwitch {
    /// Asks the exchange for something; what came of it.
    @discardableResult
    func perform(_ command: Command) -> Result<CommandResult, CommandRefusal> {
        let box = Mutex<Result<CommandResult, CommandRefusal>?>(nil)
        inject { exchange in
            do throws(CommandRefusal) {
                let result = try await exchange.perform(command, by: "test")
                box.withLock { $0 = .success(result) }
            } catch { box.withLock { $0 = .failure(error) } }
        }
        run(for: .zero)
        return box.withLock { $0 } ?? .failure(.exhausted("turns"))
    }

    /// The legs there are now, the oldest first.
    var legs: [LegSnapshot] { calls.flatMap(\.legs).sorted { $0.id < $1.id } }

    /// The newest leg of a seat that is not over.
    func leg(of seat: String) throws -> LegID {
        try #require(legs.last { $0.party == .seat(seat) && $0.state != "ended" }?.id, "seat \(seat) has no leg")
    }

    /// Whether the two hear each other.
    func talk(_ one: SimulatedPhone, _ other: SimulatedPhone) -> Bool { hears(one, other) && hears(other, one) }
}
