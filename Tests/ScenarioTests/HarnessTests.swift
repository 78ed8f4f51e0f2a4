// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

/// Everything here runs one test at a time: real phones on two cores want the machine to themselves.
@Suite("Scenarios with real phones", .serialized)
enum Scenarios {}

extension Scenarios {
    /// The clients against each other, without the switch: what fails here is not the switch's fault.
    @Suite("The clients themselves")
    struct Harness {
        @Test("two phones hear each other directly", .timeLimit(.minutes(1)))
        func direct() async throws {
            let place = try Workplace()
            let first = try await Speech.speak("The quick brown fox jumps over the lazy dog.", in: place.folder)
            let second = try await Speech.speak(
                "Sphinx of black quartz, judge my vow.", voice: "en-us+m3", in: place.folder)
            let caller = try Baresip(user: "8001", says: first.file, in: place.folder)
            let callee = try Baresip(user: "8002", says: second.file, in: place.folder)
            try await caller.ready()
            try await callee.ready()
            try await caller.dial("sip:8002@127.0.0.1:\(callee.sipPort)")
            try await callee.rings()
            try await callee.answer()
            try await caller.talks()
            try await Task.sleep(for: .seconds(4))
            try await caller.press("5")
            #expect(try await callee.happens("CALL_DTMF_START").detail == "5")
            try await caller.hangUp()
            try await callee.closes()
            let toCallee = Likeness(of: first.wave, in: try callee.heard())
            let toCaller = Likeness(of: second.wave, in: try caller.heard())
            #expect(toCallee.correlation > 0.98 && toCallee.found > 0.8, "\(toCallee)")
            #expect(toCaller.correlation > 0.98 && toCaller.found > 0.8, "\(toCaller)")
            let wrong = Likeness(of: first.wave, in: try caller.heard())
            #expect(wrong.correlation < 0.6 && wrong.found < 0.2, "\(wrong)")
        }
    }
}
