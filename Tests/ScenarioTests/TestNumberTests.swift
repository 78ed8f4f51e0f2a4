// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

extension Scenarios {
    @Suite("Test numbers and prompts")
    struct TestNumbers {
        @Test("*43 explains itself, then sends back the caller's own voice", .timeLimit(.minutes(1)))
        func echo() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let speech = try await Speech.speak("One two three, can I hear myself?", in: place.folder)
            let prompt = try Wave(file: SwitchUnderTest.sounds().appending(path: "en/demo-echotest.wav"))
            let phone = try await exchange.phone("8001", says: speech.loop)
            try await phone.dial("*43")
            try await phone.talks()
            // The announcement takes 22 s in English; a key ends it.
            try await Task.sleep(for: .seconds(5))
            try await phone.press("1")
            try await Task.sleep(for: .seconds(4))
            try await phone.hangUp()
            try await phone.closes()
            var heard = try phone.heard()
            let told = Likeness(of: Wave(samples: Array(prompt.samples.prefix(4 * Wave.rate))), in: heard)
            #expect(told.found > 0.8, "\(told)")
            heard.samples = Array(heard.samples.suffix(Wave.rate * 7 / 2))
            let own = Likeness(of: speech.wave, in: heard)
            #expect(own.found > 0.5, "\(own)")
        }

        @Test("*432 reads back the keys that were pressed", .timeLimit(.minutes(1)))
        func keys() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let speech = try await Speech.speak("Hm.", in: place.folder)
            let phone = try await exchange.phone("8001", says: speech.file)
            try await phone.dial("*432")
            try await phone.talks()
            try await Task.sleep(for: .seconds(1))
            try await phone.press("57#")
            try await Task.sleep(for: .seconds(4))
            try await phone.hangUp()
            try await phone.closes()
            let heard = try phone.heard()
            for digit in ["5", "7"] {
                let prompt = try Wave(file: SwitchUnderTest.sounds().appending(path: "en/digits/\(digit).wav"))
                let told = Likeness(of: prompt, in: heard)
                #expect(told.found > 0.5, "\(digit): \(told)")
            }
        }

        @Test("an unknown number is explained, and shown as such", .timeLimit(.minutes(1)))
        func unknownNumber() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let speech = try await Speech.speak("Hm.", in: place.folder)
            let prompt = try Wave(file: SwitchUnderTest.sounds().appending(path: "en/martlet/seat-unknown.wav"))
            let phone = try await exchange.phone("8001", says: speech.file)
            try await phone.dial("8017")
            let reason = try await phone.closes(within: .seconds(15))
            #expect(reason.contains("404"), "\(reason)")
            let told = Likeness(of: prompt, in: try phone.heard())
            #expect(told.found > 0.7, "\(told)")
        }
    }
}
