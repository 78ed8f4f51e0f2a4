// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SDP
import Site
import SwitchTesting
import Testing
import Timing

@testable import Exchange

/// Hold, keys, prompts and recordings while a call is up.
@Suite struct InCallTests {
    private static let second = AudioClip(samples: [Int16](repeating: 1, count: 8000))

    @Test(arguments: [MediaDirection.sendOnly, .inactive])
    func aHeldCallMayBeSilentForLonger(direction: MediaDirection) throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        a.call("8002")
        world.run(for: .seconds(3))
        let media = try #require(Fixture.site).media
        let atA = try #require(a.switchPort)
        #expect(world.media.timeout(atPort: atA) == media.rtpTimeout)
        a.reoffer(direction)
        world.run(for: .seconds(1))
        #expect(world.media.timeout(atPort: atA) == media.holdTimeout)
        #expect(world.calls.first?.legs.first?.state == "held")
        a.hold(false)
        world.run(for: .seconds(1))
        #expect(world.media.timeout(atPort: atA) == media.rtpTimeout)
        let names = try #require(world.ledger.calls.first.map(world.ledger.names))
        #expect(names.filter { $0 == "leg.held" || $0 == "leg.resumed" } == ["leg.held", "leg.resumed"])
        #expect(b.log.last == .connected)
        a.hangUp()
        world.expectClean()
    }

    @Test func aHoldIsTakenBackByAReInviteWithoutOffer() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let a = world.addRegisteredPhone("8001")
        _ = world.addRegisteredPhone("8002")
        a.call("8002")
        world.run(for: .seconds(3))
        a.hold(true)
        world.run(for: .seconds(1))
        a.askForOffer()
        world.run(for: .seconds(1))
        #expect(world.calls.first?.legs.first?.state == "answered")
        a.hangUp()
        world.expectClean()
    }

    @Test func whoOnlyListensBeforeTheAnswerIsNotTakenForGone() throws {
        let world = try Fixture.world(sounds: ["en/welcome": Self.second]) { call, _ in
            try? call.progress()
            _ = try? await call.sleep(.seconds(5))
            try? await call.answer()
            _ = try? await call.sleep(.seconds(5))
        }
        let a = world.addRegisteredPhone("8001")
        a.call("8002")
        world.run(for: .seconds(2))
        #expect(world.media.timeout(atPort: try #require(a.switchPort)) == nil)
        world.run(for: .seconds(5))
        #expect(world.media.timeout(atPort: try #require(a.switchPort)) != nil)
        world.expectClean()
    }

    @Test func aKeySentAsInfoReachesTheOtherSideOfTheTalk() throws {
        let world = try Fixture.world(runner: Fixture.dialsSeats)
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        a.call("8002")
        world.run(for: .seconds(3))
        a.pressByInfo("5")
        b.pressByInfo("#")
        // `#` could begin a code of the seat's.
        world.run(for: .seconds(3))
        let sent = world.media.digitsSent.map { digit in "\(world.media.legs[digit.0]?.port ?? 0) \(digit.1)" }
        #expect(Set(sent) == ["\(try #require(b.switchPort)) 5", "\(try #require(a.switchPort)) #"])
        a.hangUp()
        world.expectClean()
    }

    @Test func keysPressedBeforeAPromptEndItAndThoseAfterAreKept() throws {
        let heard = Heard()
        let world = try Fixture.world(sounds: ["en/menu": Self.second]) { call, _ in
            try? await call.answer()
            _ = try? await call.sleep(.seconds(2))
            if case .interrupted(let key)? = try? await call.play("menu", interruptedBy: ["1", "2"]) {
                heard.add("play \(key)")
            }
            while let key = try? await call.nextDigit(within: .seconds(2)) { heard.add("digit \(key)") }
            heard.add("\((try? await call.play("none", interruptedBy: [])).map { "\($0)" } ?? "gone")")
        }
        let a = world.addRegisteredPhone("8001")
        a.call("8002")
        world.run(for: .seconds(1))
        for key in "912" { a.press(key) }
        world.run(for: .seconds(2))
        a.press("3")
        world.run(for: .seconds(5))
        #expect(heard.lines == ["play 1", "digit 2", "digit 3", "missing"])
        world.expectClean()
    }

    @Test func keysPressedDuringATalkAreNotTakenForAnswersToTheMenuAfterIt() throws {
        let heard = Heard()
        let world = try Fixture.world(sounds: ["en/menu": Self.second]) { call, _ in
            _ = try? await call.dial(
                DialRequest(targets: [.seat("8002")], timeout: .seconds(20), continuesAfterHangup: true))
            let result = try? await call.play("menu", interruptedBy: Set("0123456789*#"))
            heard.add("\(result == .finished)")
        }
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        a.call("8002")
        world.run(for: .seconds(3))
        a.press("5")
        world.run(for: .seconds(1))
        b.hangUp()
        world.run(for: .seconds(3))
        #expect(heard.lines == ["true"])
        world.expectClean()
    }

    @Test func theCallerWhoHangsUpDuringAPromptLeavesNoPlayer() throws {
        let heard = Heard()
        let world = try Fixture.world(sounds: ["en/menu": Self.second]) { call, _ in
            do {
                try await call.answer()
                while true { _ = try await call.play("menu", interruptedBy: []) }
            } catch { heard.add("\(error is LegGone)") }
        }
        let a = world.addRegisteredPhone("8001")
        a.call("8002")
        world.run(for: .milliseconds(3500))
        a.hangUp()
        world.expectClean()
        #expect(heard.lines == ["true"])
    }

    @Test func recordingsOfOneCallDoNotReplaceEachOtherAndCloseBeforeItsEnd() throws {
        let world = try Fixture.world { call, entry in
            _ = try? call.startRecording(path: "a/b", layout: .mono)
            _ = try? await call.dial(
                DialRequest(targets: [.seat("8002")], timeout: .seconds(20), continuesAfterHangup: true))
            call.stopRecording()
            _ = try? call.startRecording(path: "a/b", layout: .stereo)
            _ = try? await call.sleep(.seconds(30))
        }
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        a.call("8002")
        world.run(for: .seconds(5))
        b.hangUp()
        world.run(for: .seconds(3))
        a.hangUp()
        world.expectClean()
        let started = world.ledger.events.compactMap { event -> String? in
            event.read(RecordingStarted.self)?.path
        }
        #expect(started == ["/recordings/a/b.wav", "/recordings/a/b-2.wav"])
    }

    @Test(arguments: ["../x", "a/../../x", "/etc/x", "a\nb", "/recordingsx/y", String(repeating: "a", count: 2000)])
    func aRecordingStaysInItsFolderAndABadNameDoesNotEndTheCall(name: String) throws {
        let world = try Fixture.world { call, entry in
            _ = try? call.startRecording(path: name, layout: .mono)
            _ = try? await call.dial(DialRequest(targets: [.seat("8002")], timeout: .seconds(20)))
        }
        let a = world.addRegisteredPhone("8001")
        _ = world.addRegisteredPhone("8002")
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(a.log.last == .connected)
        #expect(!world.ledger.events.contains { $0.name == "recording.started" })
        a.hangUp()
        world.expectClean()
    }

    private final class Heard: @unchecked Sendable {
        private(set) var lines: [String] = []
        func add(_ line: String) { lines.append(line) }
    }
}
