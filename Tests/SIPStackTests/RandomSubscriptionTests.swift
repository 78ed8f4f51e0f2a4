// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import SIPStack
import Testing
import Timing

/// Subscriptions over a bad network: states change, the phone renews, gives up or goes silent, by seed.
@Suite struct RandomSubscriptionTests {
    static func subscription(seed: UInt64) -> (SimulatedWire, Subscriber, newest: Int) {
        var dice = Entropy.seeded(seed ^ 0x5AB5)
        var conditions = SimulatedWire.Conditions()
        conditions.lostPerMille = [0, 50, 200].randomElement(using: &dice) ?? 0
        conditions.doubledPerMille = [0, 100].randomElement(using: &dice) ?? 0
        conditions.maxDelay = .milliseconds([1, 50, 400].randomElement(using: &dice) ?? 1)
        let (made, phone) = SubscriptionTests.wire(seed: seed, conditions: conditions)
        var wire = made
        /// What the lamp shows; kept outside of the wire, as the user of the stack does.
        final class Lamp { var state = 0 }
        let lamp = Lamp()
        wire.onEvent = { wire, agent, event in
            switch event {
            case .subscribed(let id, _, _):
                wire.perform(agent, wire.agents[agent].acceptSubscription(id, now: wire.now))
                wire.tell(id, String(lamp.state))
            case .subscriptionRefreshed(let id): wire.tell(id, String(lamp.state))
            default: break
            }
        }
        phone.subscribe(&wire, expires: Int.random(in: 60...300, using: &dice))
        for _ in 0..<Int.random(in: 0...20, using: &dice) {
            wire.after(.milliseconds(Int.random(in: 0...200_000, using: &dice))) { wire in
                guard let id = wire.subscription, !wire.isSubscriptionOver else { return }
                lamp.state += 1
                wire.tell(id, String(lamp.state))
            }
        }
        for _ in 0..<Int.random(in: 0...3, using: &dice) {
            wire.after(.milliseconds(Int.random(in: 40_000...200_000, using: &dice))) {
                if phone.isSubscribed { phone.subscribe(&$0, expires: 120) }
            }
        }
        let end = Duration.milliseconds(Int.random(in: 100...250_000, using: &dice))
        switch Int.random(in: 0..<4, using: &dice) {
        case 0: wire.after(end) { if phone.isSubscribed { phone.subscribe(&$0, expires: 0) } }
        case 1:
            wire.after(end) { wire in
                guard let id = wire.subscription else { return }
                wire.perform(0, wire.agents[0].endSubscription(id, reason: .noResource, now: wire.now))
            }
        case 2: wire.after(end) { _ in phone.notifyStatus = nil }
        default: break
        }
        wire.run()
        return (wire, phone, lamp.state)
    }

    @Test func everySubscriptionEndsOnceAndTheLampShowsTheLastState() {
        var wrong: [String] = []
        var lost = 0
        for seed in UInt64(1)...2000 {
            let (wire, phone, newest) = Self.subscription(seed: seed)
            let begun = wire.names(0).filter { $0 == "subscribed" }.count
            let ends = wire.names(0).filter { $0.hasPrefix("subscriptionEnded") }
            if ends.count != begun { wrong.append("seed \(seed): begun \(begun), ended \(ends)") }
            if !wire.isEmpty { wrong.append("seed \(seed): something is left") }
            if phone.refusedOutOfOrder != 0 { wrong.append("seed \(seed): NOTIFYs overtook each other") }
            let shown = phone.notices.compactMap { Int($0.body) }
            if shown != shown.sorted() { wrong.append("seed \(seed): shown \(shown)") }
            if phone.notifyStatus == nil || ends.first?.contains("refused") == true {
                lost += 1
            } else if shown.last != newest || phone.notices.last?.state != .terminated {
                wrong.append("seed \(seed): shows \(shown.last ?? -1) of \(newest), \(phone.notices.suffix(2))")
            }
        }
        #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(5))")
        #expect((50..<750).contains(lost), "the courses are varied enough")
    }
}

extension SimulatedWire {
    var isSubscriptionOver: Bool { names(0).contains { $0.hasPrefix("subscriptionEnded") } }
}
