// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

extension Scenarios {
    @Suite("Outside lines")
    struct OutsideLines {
        @Test(
            "9 and a number calls out over a line, both sides speak, and the call is recorded", .timeLimit(.minutes(1)))
        func callOut() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let gateway = try await Gateway(at: exchange)
            let inside = try await Speech.speak("The quick brown fox jumps over the lazy dog.", in: place.folder)
            let outside = try await Speech.speak(
                "Sphinx of black quartz, judge my vow.", voice: "en-us+m3", in: place.folder)
            let seat = try await exchange.phone("8002", says: inside.file)
            try gateway.type("lines answer after 1")
            try await seat.dial("913800138000")
            try await gateway.tells("line 1 dialled 13800138000")
            try await seat.talks()
            let line = place.path("line1.wav")
            try gateway.type("line 1 record \(line)")
            // One after the other, so that each voice is found by itself in the recording.
            try await Task.sleep(for: .seconds(inside.wave.seconds + 0.5))
            try gateway.type("line 1 speak \(outside.file.path(percentEncoded: false))")
            try await Task.sleep(for: .seconds(outside.wave.seconds + 1))
            try gateway.type("line 1 hang up")
            try await seat.closes()
            try await gateway.tells("line 1 recorded")
            let heard = Likeness(of: outside.wave, in: try seat.heard())
            #expect(heard.correlation > 0.98 && heard.found > 0.8, "\(heard)")
            let told = Likeness(of: inside.wave, in: try Wave(file: URL(filePath: line)))
            #expect(told.correlation > 0.98 && told.found > 0.7, "\(told)")
            let record = try await exchange.record(from: "8002", to: "913800138000")
            #expect(record.disposition == "ANSWERED")
            let file = try #require(try exchange.recordings().first)
            let recording = try Wave(file: file)
            for voice in [inside, outside] {
                let kept = Likeness(of: voice.wave, in: recording)
                #expect(kept.found > 0.8, "\(kept)")
            }
            try await gateway.quit()
        }

        @Test("a caller from outside hears the greeting and reaches a seat by a key", .timeLimit(.minutes(1)))
        func callIn() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let gateway = try await Gateway(at: exchange)
            let inside = try await Speech.speak("The quick brown fox jumps over the lazy dog.", in: place.folder)
            let outside = try await Speech.speak(
                "Sphinx of black quartz, judge my vow.", voice: "en-us+m3", in: place.folder)
            let greeting = try Wave(file: SwitchUnderTest.sounds().appending(path: "en/martlet/welcome.wav"))
            let seat = try await exchange.phone("8002", says: inside.file)
            try gateway.type("line 2 ring from 13800138000")
            try await gateway.tells("line 2 connected")
            let file = place.path("line2.wav")
            try gateway.type("line 2 record \(file)")
            try await Task.sleep(for: .seconds(3))
            try gateway.type("line 2 press 2")
            let call = try await seat.rings()
            #expect(call.peer.contains("913800138000"))
            try await seat.answer()
            try await seat.talks()
            try gateway.type("line 2 speak \(outside.file.path(percentEncoded: false))")
            try await Task.sleep(for: .seconds(5))
            try gateway.type("line 2 hang up")
            try await seat.closes()
            try await gateway.tells("line 2 recorded")
            let toSeat = Likeness(of: outside.wave, in: try seat.heard())
            #expect(toSeat.correlation > 0.98 && toSeat.found > 0.8, "\(toSeat)")
            let line = try Wave(file: URL(filePath: file))
            let toLine = Likeness(of: inside.wave, in: line)
            #expect(toLine.correlation > 0.98 && toLine.found > 0.8, "\(toLine)")
            let greeted = Likeness(of: Wave(samples: Array(greeting.samples.prefix(2 * Wave.rate))), in: line)
            #expect(greeted.found > 0.6, "\(greeted)")
            try await gateway.quit()
        }

        @Test("a fifth call out is told that all four lines are busy", .timeLimit(.minutes(1)))
        func fourLines() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let gateway = try await Gateway(at: exchange)
            let speech = try await Speech.speak("Hm.", in: place.folder)
            for line in 1...4 {
                try gateway.type("line \(line) ring from 1380013800\(line)")
                try await gateway.tells("line \(line) connected")
            }
            let seat = try await exchange.phone("8002", says: speech.file)
            let prompt = try Wave(file: SwitchUnderTest.sounds().appending(path: "en/martlet/lines-busy.wav"))
            try await seat.dial("913800138000")
            try await seat.closes(within: .seconds(20))
            let told = Likeness(of: prompt, in: try seat.heard())
            #expect(told.found > 0.7, "\(told)")
            try await gateway.quit()
        }

        @Test("an analogue telephone calls a seat through the gateway", .timeLimit(.minutes(1)))
        func analogueTelephone() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let gateway = try await Gateway(at: exchange)
            let speech = try await Speech.speak("The quick brown fox jumps over the lazy dog.", in: place.folder)
            let seat = try await exchange.phone("8002", says: speech.file)
            try gateway.type("phone 3 dial 8002")
            let shown = try await seat.rings().peer
            #expect(shown.contains("8011"), "\(shown)")
            try await seat.answer()
            try await gateway.tells("phone 3 connected")
            try await gateway.tells("phone 3 hears speech")
            try await seat.hangUp()
            try await gateway.tells("phone 3 hung up by far end")
            try await gateway.quit()
        }
    }
}
