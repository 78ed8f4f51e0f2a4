// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing
import Timing

@testable import Names

/// RFC 2782: priority first, then by weight.
@Suite struct ServerListTests {
    private func server(_ address: String, _ priority: UInt16, _ weight: UInt16) -> ServerList.Server {
        ServerList.Server(
            priority: priority, weight: weight, targets: [ServerTarget(address: address, port: 5060)])
    }

    @Test func aLowerPriorityIsTriedFirstWhateverItsWeight() {
        let list = ServerList(
            servers: [server("c", 30, 9), server("a", 10, 0), server("b", 20, 100)], lifetime: .seconds(60))
        var entropy = Entropy.seeded(1)
        for _ in 0..<50 { #expect(list.order(using: &entropy).map(\.address) == ["a", "b", "c"]) }
    }

    @Test func amongEqualsWeightIsTheShareOfCalls() {
        let list = ServerList(
            servers: [server("a", 1, 75), server("b", 1, 25), server("zero", 1, 0)], lifetime: .seconds(60))
        var entropy = Entropy.seeded(7)
        var first: [String: Int] = [:]
        for _ in 0..<4_000 {
            let order = list.order(using: &entropy).map(\.address)
            #expect(Set(order) == ["a", "b", "zero"])
            first[order[0], default: 0] += 1
        }
        #expect((2_700...3_150).contains(first["a", default: 0]), "\(first)")
        #expect((850...1_150).contains(first["b", default: 0]), "\(first)")
        #expect((1...150).contains(first["zero", default: 0]), "a small chance: \(first)")
    }

    @Test func aTargetThatIsNamedTwiceIsTriedOnce() {
        let list = ServerList(servers: [server("a", 1, 0), server("a", 2, 0)], lifetime: .seconds(60))
        var entropy = Entropy.seeded(1)
        #expect(list.order(using: &entropy).count == 1)
    }
}
