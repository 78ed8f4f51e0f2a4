// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

extension Scenarios {
    /// The softphone that people have. Where it is not installed these are skipped.
    @Suite("Linphone", .enabled(if: Linphone.isInstalled, "linphone-cli is not installed"))
    struct LinphoneCalls {
        @Test(
            "linphone talks to another make of phone, also after hold, and its keys are read", .timeLimit(.minutes(1)))
        func talk() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let first = try await Speech.speak("The quick brown fox.", in: place.folder)
            let second = try await Speech.speak("Sphinx of black quartz.", voice: "en-us+m3", in: place.folder)
            let caller = try await exchange.linphone("8001", says: first.loop)
            let callee = try await exchange.phone("8002", says: second.loop)
            try caller.dial("8002")
            let shown = try await callee.rings().peer
            #expect(shown.contains("8001"), "\(shown)")
            try await callee.answer()
            try await caller.talks()
            try await Task.sleep(for: .seconds(2 * first.wave.seconds + 0.7))
            try caller.pause()
            try await caller.says("paused")
            try await Task.sleep(for: .seconds(1))
            #expect(try await exchange.rows("calls").count == 1)
            try caller.resume()
            try await caller.talks()
            try await Task.sleep(for: .seconds(2 * first.wave.seconds + 0.7))
            try await caller.press("7")
            #expect(try await callee.happens("CALL_DTMF_START").detail == "7")
            #expect(try await exchange.rows("calls").count == 1)
            try caller.hangUp()
            try await callee.closes()
            expectSpeech(second, in: try caller.heardBeforeHold(), "before hold")
            expectSpeech(second, in: try caller.heard(), "after hold")
            var heard = try callee.heard()
            heard.samples = Array(heard.samples.suffix(Int((2 * first.wave.seconds + 1) * Double(Wave.rate))))
            expectSpeech(first, in: heard, "by the other phone")
            let record = try await exchange.record(from: "8001", to: "8002")
            #expect(record.disposition == "ANSWERED")
            #expect((record.fields["endedBy"] as? String) == "caller")
            try await caller.quit()
            #expect(try await exchange.rows("registrations").count == 1)
        }

        @Test("linphone over TCP is answered, hears itself on *43 and its keys on *432", .timeLimit(.minutes(1)))
        func testNumbers() async throws {
            let place = try Workplace()
            let exchange = try SwitchUnderTest(in: place)
            try await exchange.start()
            let speech = try await Speech.speak("Can I hear myself?", in: place.folder)
            let phone = try await exchange.linphone("8001", says: speech.loop, transport: "tcp")
            let transports = try await exchange.rows("registrations").map { "\($0)".lowercased() }
            #expect(transports.count == 1 && transports.allSatisfy { $0.contains("tcp") }, "\(transports)")
            try phone.dial("*43")
            try await phone.talks()
            try await Task.sleep(for: .seconds(2))
            // The announcement takes 22 s in English; a key ends it.
            try await phone.press("1")
            try await Task.sleep(for: .seconds(3.5))
            try phone.hangUp()
            try await phone.says("ended")
            var heard = try phone.heard()
            heard.samples = Array(heard.samples.suffix(3 * Wave.rate))
            expectSpeech(speech, in: heard, "by itself")

            try phone.dial("*432")
            try await phone.talks()
            try await Task.sleep(for: .seconds(1))
            try await phone.press("57#")
            try await Task.sleep(for: .seconds(3))
            try phone.hangUp()
            try await phone.says("ended")
            let told = try phone.heard()
            for digit in ["5", "7"] {
                let prompt = try Wave(file: SwitchUnderTest.sounds().appending(path: "en/digits/\(digit).wav"))
                let likeness = Likeness(of: prompt, in: told)
                #expect(likeness.found > 0.5, "\(digit): \(likeness)")
            }
            try await phone.quit()
        }
    }
}

extension SwitchUnderTest {
    /// A Linphone of a seat, switched on and registered.
    func linphone(_ seat: String, says speech: URL, transport: String = "udp") async throws -> Linphone {
        let phone = try Linphone(
            user: seat, secret: secret(of: seat), registrar: port, says: speech, in: place.folder,
            transport: transport)
        try await phone.register()
        return phone
    }
}
