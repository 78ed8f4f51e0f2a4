// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

extension Scenarios {
    @Suite("Ring-back")
    struct RingBack {
        /// Seconds of the wave in which the Chinese ring-back of 450 Hz (GB/T 3380) is what is heard.
        private static func seconds(ofToneIn wave: Wave) -> Double {
            let block = Wave.rate / 25
            let step = 2 * Double.pi * 450 / Double(Wave.rate)
            let blocks = stride(from: 0, through: wave.samples.count - block, by: block).count { start in
                var (real, imaginary, power) = (0.0, 0.0, 0.0)
                for index in 0..<block {
                    let sample = Double(wave.samples[start + index])
                    real += sample * cos(step * Double(index))
                    imaginary += sample * sin(step * Double(index))
                    power += sample * sample
                }
                // A pure tone has half the square of its sum in its power.
                let tone = 2 * (real * real + imaginary * imaginary) / Double(block)
                return power / Double(block) > 10_000 && tone > 0.8 * power
            }
            return Double(blocks * block) / Double(Wave.rate)
        }

        @Test(
            "after a prompt a phone in early media hears ring-back, then the called", .timeLimit(.minutes(1)),
            arguments: [true, false])
        func afterAPrompt(isAnswered: Bool) async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(
                in: place,
                changing: [
                    .init(
                        file: "extensions.conf", text: "exten => 0,1,Goto(ring-seat,${OPERATOR},1)",
                        by: "exten => 0,1,Playback(beep,noanswer)\n same => n,Dial(Seat/8002,30)")
                ])
            try await exchange.start()
            let words = try await Speech.speak("Sales department, good morning. How can I help you?", in: place.folder)
            let caller = try await exchange.phone("8001", says: words.file)
            let callee = try await exchange.phone("8002", says: words.file)
            try await caller.dial("0")
            try await callee.rings()
            try await Task.sleep(for: .seconds(3))
            if isAnswered {
                try await callee.answer()
                try await caller.talks()
                try await Task.sleep(for: .seconds(words.wave.seconds + 0.5))
            }
            try await caller.hangUp()
            try await callee.closes()
            let heard = try caller.heard()
            // One second in five.
            let tone = Self.seconds(ofToneIn: heard)
            #expect(tone > 0.8 && tone < 2.2, "\(tone) s of ring-back in \(heard.seconds) s")
            let likeness = Likeness(of: words.wave, in: heard)
            #expect(!isAnswered || likeness.correlation > 0.95 && likeness.found > 0.6, "\(likeness)")
        }
    }
}
