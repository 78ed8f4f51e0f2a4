// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

extension Scenarios {
    @Suite("Calls between seats")
    struct Calls {
        @Test(
            "8001 calls 8002 and each hears what the other says", .timeLimit(.minutes(1)), arguments: ["PCMA", "PCMU"])
        func talk(codec: String) async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let first = try await Speech.speak("The quick brown fox jumps over the lazy dog.", in: place.folder)
            let second = try await Speech.speak(
                "Sphinx of black quartz, judge my vow.", voice: "en-us+m3", in: place.folder)
            let caller = try await exchange.phone("8001", says: first.file, codecs: codec)
            let callee = try await exchange.phone("8002", says: second.file)
            try await caller.dial("8002")
            let shown = try await callee.rings().peer
            #expect(shown.contains("8001"), "\(shown)")
            try await callee.answer()
            try await caller.talks()
            #expect(try await exchange.rows("calls").count == 1)
            try await Task.sleep(for: .seconds(4))
            try await caller.hangUp()
            try await callee.closes()
            let toCallee = Likeness(of: first.wave, in: try callee.heard())
            let toCaller = Likeness(of: second.wave, in: try caller.heard())
            #expect(toCallee.correlation > 0.98 && toCallee.found > 0.8, "\(toCallee)")
            #expect(toCaller.correlation > 0.98 && toCaller.found > 0.8, "\(toCaller)")
            #expect((0.9...1.1).contains(toCallee.gain) && (0.9...1.1).contains(toCaller.gain))
            #expect(try await exchange.rows("calls").isEmpty)
            let record = try await exchange.record(from: "8001", to: "8002")
            #expect(record.disposition == "ANSWERED")
            #expect((3...7).contains(record.talkSeconds))
        }

        @Test("a phone on TCP calls a phone on UDP, and a key pressed is read at the far end", .timeLimit(.minutes(1)))
        func transportsAndKeys() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let speech = try await Speech.speak("The quick brown fox.", in: place.folder)
            let caller = try await exchange.phone("8001", says: speech.file, transport: "tcp")
            let callee = try await exchange.phone("8002", says: speech.file)
            try await caller.dial("8002")
            try await callee.rings()
            try await callee.answer()
            try await caller.talks()
            try await Task.sleep(for: .seconds(1))
            try await caller.press("7")
            #expect(try await callee.happens("CALL_DTMF_START").detail == "7")
            try await callee.press("#")
            #expect(try await caller.happens("CALL_DTMF_START").detail == "#")
            try await callee.hangUp()
            try await caller.closes()
        }

        @Test("a seat without a phone is told as unreachable", .timeLimit(.minutes(1)))
        func unregistered() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let speech = try await Speech.speak("Hm.", in: place.folder)
            let prompt = try Wave(file: SwitchUnderTest.sounds().appending(path: "en/martlet/seat-unreachable.wav"))
            let caller = try await exchange.phone("8001", says: speech.file)
            try await caller.dial("8003")
            let reason = try await caller.closes(within: .seconds(10))
            #expect(reason.contains("480"), "\(reason)")
            let told = Likeness(of: prompt, in: try caller.heard())
            #expect(told.found > 0.7, "\(told)")
        }

        @Test("phones without a codec in common still hear each other", .timeLimit(.minutes(1)))
        func transcoding() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let first = try await Speech.speak("The quick brown fox jumps over the lazy dog.", in: place.folder)
            let second = try await Speech.speak(
                "Sphinx of black quartz, judge my vow.", voice: "en-us+m3", in: place.folder)
            let caller = try await exchange.phone("8001", says: first.file, codecs: "PCMA")
            let callee = try await exchange.phone("8002", says: second.file, codecs: "PCMU")
            try await caller.dial("8002")
            try await callee.rings()
            try await callee.answer()
            try await caller.talks()
            try await Task.sleep(for: .seconds(4))
            try await callee.hangUp()
            try await caller.closes()
            let toCallee = Likeness(of: first.wave, in: try callee.heard())
            let toCaller = Likeness(of: second.wave, in: try caller.heard())
            #expect(toCallee.correlation > 0.98 && toCallee.found > 0.8, "\(toCallee)")
            #expect(toCaller.correlation > 0.98 && toCaller.found > 0.8, "\(toCaller)")
        }

        @Test(
            "SIPp calls SIPp with a captured voice, the caller hangs up",
            .enabled(if: geteuid() == 0, "SIPp's packet replay needs root"), .timeLimit(.minutes(1)))
        func callerHangsUp() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let callee = try await exchange.sippPhone("callee-answers", seat: "8002")
            try await exchange.sipp("caller-hangs-up", .init(seat: "8001", callee: "8002")).succeeds()
            try await callee.succeeds()
            #expect(try await exchange.record(from: "8001", to: "8002").disposition == "ANSWERED")
        }

        @Test("the callee hangs up and the caller is told", .timeLimit(.minutes(1)))
        func calleeHangsUp() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let callee = try await exchange.sippPhone("callee-hangs-up", seat: "8002")
            try await exchange.sipp("caller-waits", .init(seat: "8001", callee: "8002")).succeeds()
            try await callee.succeeds()
            #expect(try await exchange.record(from: "8001", to: "8002").disposition == "ANSWERED")
        }

        @Test("a caller who gives up ends the ringing", .timeLimit(.minutes(1)))
        func cancel() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let callee = try await exchange.sippPhone("callee-only-rings", seat: "8002")
            try await exchange.sipp("caller-cancels", .init(seat: "8001", callee: "8002")).succeeds()
            try await callee.succeeds()
            #expect(try await exchange.record(from: "8001", to: "8002").disposition == "CANCELLED")
        }

        @Test("a busy phone is told as busy", .timeLimit(.minutes(1)))
        func busy() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let callee = try await exchange.sippPhone("callee-is-busy", seat: "8002")
            try await exchange.sipp("caller-is-refused", .init(seat: "8001", callee: "8002")).succeeds()
            try await callee.succeeds()
            #expect(try await exchange.record(from: "8001", to: "8002").disposition == "BUSY")
        }

        @Test("nobody answers: the ringing ends by itself and the caller hears so", .timeLimit(.minutes(1)))
        func noAnswer() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(
                in: place, changing: [.init(file: "extensions.conf", text: "RINGTIME = 30", by: "RINGTIME = 2")])
            try await exchange.start()
            let speech = try await Speech.speak("Hello.", in: place.folder)
            let prompt = try Wave(file: SwitchUnderTest.sounds().appending(path: "en/martlet/seat-no-answer.wav"))
            let callee = try await exchange.sippPhone("callee-only-rings", seat: "8002")
            let caller = try await exchange.phone("8001", says: speech.file)
            try await caller.dial("8002")
            try await callee.succeeds()
            try await caller.closes(within: .seconds(15))
            let told = Likeness(of: prompt, in: try caller.heard())
            #expect(told.found > 0.7, "\(told)")
            #expect(try await exchange.record(from: "8001", to: "8002").disposition == "NO ANSWER")
        }

        @Test("a seat's two phones both ring and the first answer wins", .timeLimit(.minutes(1)))
        func forking() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let first = try await Speech.speak("The quick brown fox.", in: place.folder)
            let second = try await Speech.speak("Sphinx of black quartz.", voice: "en-us+m3", in: place.folder)
            let caller = try await exchange.phone("8001", says: first.file)
            let desk = try await exchange.phone("8002", says: second.file)
            let softphone = try await exchange.phone("8002", says: second.file)
            try await caller.dial("8002")
            try await desk.rings()
            try await softphone.rings()
            try await softphone.answer()
            try await caller.talks()
            try await desk.closes()
            try await Task.sleep(for: .seconds(2.5))
            try await caller.hangUp()
            try await softphone.closes()
            #expect(Likeness(of: first.wave, in: try softphone.heard()).found > 0.7)
            #expect(Likeness(of: second.wave, in: try caller.heard()).found > 0.7)
        }

        @Test("a call can be ended from the command line", .timeLimit(.minutes(1)))
        func command() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let speech = try await Speech.speak("Hello.", in: place.folder)
            let caller = try await exchange.phone("8001", says: speech.file)
            let callee = try await exchange.phone("8002", says: speech.file)
            try await caller.dial("8002")
            try await callee.rings()
            try await callee.answer()
            try await caller.talks()
            let call = try #require(try await exchange.rows("calls").first?["id"] as? String)
            try await exchange.hangUp(call: call)
            try await caller.closes()
            try await callee.closes()
        }
    }
}
