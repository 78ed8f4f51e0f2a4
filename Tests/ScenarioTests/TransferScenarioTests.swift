// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

extension Scenarios {
    /// Transfer by the phones people have: who hears whom is told by voices.
    @Suite("Transfer")
    struct Transfers {
        @Test("baresip transfers blindly: the caller and the third talk", .timeLimit(.minutes(1)))
        func blind() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let first = try await Speech.speak("The quick brown fox.", in: place.folder)
            let second = try await Speech.speak("Sphinx of black quartz.", voice: "en-us+m3", in: place.folder)
            let third = try await Speech.speak("Pack my box with jugs.", voice: "en-us+f5", in: place.folder)
            let caller = try await exchange.phone("8001", says: first.loop)
            let transferor = try await exchange.phone("8002", says: second.loop)
            let target = try await exchange.phone("8003", says: third.loop)
            try await caller.dial("8002")
            _ = try await transferor.rings()
            try await transferor.answer()
            try await caller.talks()
            try await Task.sleep(for: .seconds(first.wave.seconds + 0.5))
            try await transferor.transfer(to: "8003")
            _ = try await target.rings()
            try await target.answer()
            _ = try await transferor.closes(within: .seconds(8))
            try await Task.sleep(for: .seconds(2 * max(first.wave.seconds, third.wave.seconds) + 1))
            #expect(try await exchange.rows("calls").count == 1)
            try await caller.hangUp()
            _ = try await target.closes()
            var heard = try caller.heard()
            heard.samples = Array(heard.samples.suffix(Int((2 * third.wave.seconds + 1) * Double(Wave.rate))))
            expectSpeech(third, in: heard, "by the caller, of the third")
            expectSpeech(first, in: try target.heard(), "by the third, of the caller")
            let record = try await exchange.record(from: "8001", to: "8002")
            #expect(record.disposition == "ANSWERED")
        }

        @Test(
            "linphone consults and completes: the two others talk", .enabled(if: Linphone.isInstalled),
            .timeLimit(.minutes(1)))
        func attended() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let first = try await Speech.speak("The quick brown fox.", in: place.folder)
            let second = try await Speech.speak("Sphinx of black quartz.", voice: "en-us+m3", in: place.folder)
            let third = try await Speech.speak("Pack my box with jugs.", voice: "en-us+f5", in: place.folder)
            let caller = try await exchange.phone("8001", says: first.loop)
            let transferor = try await exchange.linphone("8002", says: second.loop)
            let target = try await exchange.phone("8003", says: third.loop)
            try await caller.dial("8002")
            try await transferor.says("8001")
            try transferor.answer()
            try await transferor.talks()
            try await Task.sleep(for: .seconds(1))
            // linphonec wants the first call held before it makes a second one.
            try transferor.pause()
            try await transferor.says("now paused")
            try transferor.dial("8003")
            _ = try await target.rings()
            try await target.answer()
            try await transferor.talks()
            try await Task.sleep(for: .seconds(1))
            try transferor.transferAttended()
            try await Task.sleep(for: .seconds(2 * max(first.wave.seconds, third.wave.seconds) + 2))
            #expect(try await exchange.rows("calls").count == 1)
            try await caller.hangUp()
            _ = try await target.closes()
            var heard = try caller.heard()
            heard.samples = Array(heard.samples.suffix(Int((2 * third.wave.seconds + 1) * Double(Wave.rate))))
            expectSpeech(third, in: heard, "by the caller, of the third")
            expectSpeech(first, in: try target.heard(), "by the third, of the caller")
            try await transferor.quit()
        }
    }
}
