// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

extension Scenarios {
    @Suite("When something breaks")
    struct Failures {
        @Test("a phone that vanishes in mid-call ends the call, and the record says why", .timeLimit(.minutes(1)))
        func vanishingPhone() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(
                in: place,
                changing: [.init(file: "site.toml", text: "rtp_timeout = \"30 s\"", by: "rtp_timeout = \"3 s\"")])
            try await exchange.start()
            let speech = try await Speech.speak("Hello.", in: place.folder)
            let caller = try await exchange.phone("8001", says: speech.file)
            let callee = try await exchange.phone("8002", says: speech.file)
            try await caller.dial("8002")
            try await callee.rings()
            try await callee.answer()
            try await caller.talks()
            try await Task.sleep(for: .seconds(1))
            try await callee.vanish()
            try await caller.closes(within: .seconds(10))
            #expect(try await exchange.rows("calls").isEmpty)
            let record = try await exchange.record(from: "8001", to: "8002")
            #expect(record.disposition == "ANSWERED")
            // Q.850 102, recovery on timer expiry: neither side hung up.
            #expect((record.fields["cause"] as? NSNumber)?.intValue == 102, "\(record.fields)")
        }

        @Test(
            "after a restart the registered phones can be called at once", .timeLimit(.minutes(1)),
            arguments: [true, false])
        func restart(clean: Bool) async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let speech = try await Speech.speak("Hello.", in: place.folder)
            let caller = try await exchange.phone("8001", says: speech.file)
            let callee = try await exchange.phone("8002", says: speech.file)
            if clean {
                #expect(try await exchange.stop() == .code(0))
            } else {
                // Bindings reach the disk behind the REGISTER; a crash may cost those of the last moment.
                try await Task.sleep(for: .seconds(1.2))
                try await exchange.crash()
            }
            try await exchange.start()
            #expect(try await exchange.rows("registrations").count == 2)
            try await caller.dial("8002")
            try await callee.rings()
            try await callee.answer()
            try await caller.talks()
            try await caller.hangUp()
            try await callee.closes()
        }

        @Test(
            "asked to end in mid-call, the switch says goodbye to the phones and ends with 0", .timeLimit(.minutes(1)))
        func endsInMidCall() async throws {
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
            #expect(try await exchange.stop() == .code(0))
            try await caller.closes()
            try await callee.closes()
        }

        @Test("a port that is taken is said in one line, and nothing starts", .timeLimit(.minutes(1)))
        func takenPort() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let other = try place.subfolder("other")
            chmod(other.path(percentEncoded: false), 0o700)
            let second = try Child(
                SwitchUnderTest.program("martlet"),
                [
                    "serve", "--site", exchange.site.path(percentEncoded: false), "--data",
                    other.path(percentEncoded: false),
                    "--sounds", SwitchUnderTest.sounds().path(percentEncoded: false),
                    "--listen", "udp:127.0.0.1:\(exchange.port)",
                ], in: place.folder, name: "second")
            let exit = try await second.ends(within: .seconds(10))
            #expect(exit != .code(0))
            if case .signal(let number) = exit { Issue.record("ended by signal \(number)") }
            #expect(second.output.contains("\(exchange.port)"), "\(second.output)")
            #expect(exchange.isRunning)
        }

        @Test("a recording cut off by a power cut opens and lacks at most a second", .timeLimit(.minutes(1)))
        func recordingSurvives() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place, changing: [.recordSeatCalls])
            try await exchange.start()
            let first = try await Speech.speak("The quick brown fox jumps over the lazy dog.", in: place.folder)
            let second = try await Speech.speak("Hm.", in: place.folder)
            let caller = try await exchange.phone("8001", says: first.file)
            let callee = try await exchange.phone("8002", says: second.file)
            try await caller.dial("8002")
            try await callee.rings()
            try await callee.answer()
            try await caller.talks()
            let began = ContinuousClock.now
            try await Task.sleep(for: .seconds(6))
            try await exchange.crash()
            let talked = Double((ContinuousClock.now - began).components.seconds)
            let file = try #require(try exchange.recordings().first)
            let length = try await Child.run("soxi", ["-D", file.path(percentEncoded: false)], in: place.folder)
            let seconds = try #require(Double(length.trimmingCharacters(in: .whitespacesAndNewlines)))
            #expect(seconds > talked - 1)
            let kept = Likeness(of: first.wave, in: try Wave(file: file))
            #expect(kept.found > 0.7, "\(kept)")
        }

        @Test("a finished recording holds both voices and is as long as the talk", .timeLimit(.minutes(1)))
        func recording() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place, changing: [.recordSeatCalls])
            try await exchange.start()
            let first = try await Speech.speak("The quick brown fox jumps over the lazy dog.", in: place.folder)
            // The second voice begins when the first has ended, so that each can be found by itself.
            let answer = try await Speech.speak(
                "Sphinx of black quartz, judge my vow.", voice: "en-us+m3", in: place.folder)
            let later = place.path("later.wav")
            _ = try await Child.run(
                "sox", ["-D", answer.file.path(percentEncoded: false), later, "pad", "\(first.wave.seconds)"],
                in: place.folder)
            let caller = try await exchange.phone("8001", says: first.file)
            let callee = try await exchange.phone("8002", says: URL(filePath: later))
            try await caller.dial("8002")
            try await callee.rings()
            try await callee.answer()
            try await caller.talks()
            try await Task.sleep(for: .seconds(first.wave.seconds + answer.wave.seconds + 1.5))
            try await caller.hangUp()
            try await callee.closes()
            let record = try await exchange.record(from: "8001", to: "8002")
            let file = try #require(try exchange.recordings().first)
            let wave = try Wave(file: file)
            #expect(abs(wave.seconds - record.talkSeconds) <= 1.1)
            let one = Likeness(of: first.wave, in: wave)
            let other = Likeness(of: answer.wave, in: wave)
            #expect(one.correlation > 0.95 && one.found > 0.8, "\(one)")
            #expect(other.correlation > 0.95 && other.found > 0.8, "\(other)")
        }
    }
}

extension SwitchUnderTest.Change {
    /// Calls between seats are recorded from the answer on.
    static let recordSeatCalls = Self(
        file: "extensions.conf", text: "same => n,Dial(Seat/${EXTEN},${RINGTIME})",
        by: "same => n,MixMonitor(test-${EXTEN}.wav,b)\n same => n,Dial(Seat/${EXTEN},${RINGTIME})")
}
