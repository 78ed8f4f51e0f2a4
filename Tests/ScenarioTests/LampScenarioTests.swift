// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

extension Scenarios {
    @Suite("Lamps")
    struct Lamps {
        @Test("SIPp watches a seat that is called, talks and hangs up", .timeLimit(.minutes(1)))
        func watches() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let speech = try await Speech.speak("Hello.", in: place.folder)
            let caller = try await exchange.phone("8001", says: speech.loop)
            let called = try await exchange.phone("8002", says: speech.loop)
            var role = SIPp.Role(seat: "8003")
            role.callee = "8002"
            let watcher = try exchange.sipp("watches-a-lamp", role, limit: .seconds(40))
            try await Task.sleep(for: .seconds(1))
            let rows = try await exchange.rows("lamps")
            #expect(rows.count == 1)
            #expect(rows.first?["watcher"] as? String == "8003")
            #expect(rows.first?["state"] as? String == "idle")
            try await caller.dial("8002")
            _ = try await called.rings()
            try await Task.sleep(for: .seconds(1))
            try await called.answer()
            try await caller.talks()
            try await Task.sleep(for: .seconds(1))
            #expect(try await exchange.rows("lamps").first?["state"] as? String == "in use")
            try await caller.hangUp()
            try await watcher.succeeds(within: .seconds(40))
            #expect(try await exchange.rows("lamps").isEmpty)
        }
    }
}
