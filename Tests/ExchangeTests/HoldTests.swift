// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SDP
import SwitchTesting
import Testing

@testable import Exchange

/// Hold by the telephone: what each side hears, and what is left of it.
@Suite struct HoldTests {
    /// A calls B, who answers; classes of music are heard by their names.
    private struct Two {
        let world: SimulatedSwitch
        let a: SimulatedPhone
        let b: SimulatedPhone

        init(
            _ text: String = "", prepare: (_ called: SimulatedPhone) -> Void = { _ in }
        ) throws {
            let classes = ["default", "jazz", "waltz"]
            let clips = classes.map { ($0, AudioClip(samples: [Int16](repeating: 1, count: 8000))) }
            world = try Fixture.world(
                sounds: Dictionary(clips.map { ("music/\($0.0)", $0.1) }) { first, _ in first },
                runner: text.isEmpty ? Fixture.dialsSeats : Fixture.dialplan(text))
            for (name, clip) in clips { world.media.name(clip, name) }
            a = world.addRegisteredPhone("8001")
            b = world.addRegisteredPhone("8002")
            prepare(b)
            a.call("8002")
            world.run(for: .seconds(3))
        }

        /// Voices and music that reach a phone's ear.
        func ear(_ phone: SimulatedPhone) -> [String] {
            guard let port = phone.switchPort else { return [] }
            let heard = world.media.heard(atPort: port)
            let voices = [("a", a), ("b", b)].filter { $0.1.switchPort.map { heard.legs[$0] != nil } ?? false }.map(\.0)
            return voices + heard.instruments.keys.sorted()
        }

        var ears: [[String]] { [ear(a), ear(b)] }

        func run(_ milliseconds: Int = 500) { world.run(for: .milliseconds(milliseconds)) }

        func end() {
            a.hangUp()
            world.expectClean()
        }
    }

    @Test(arguments: [SimulatedPhone.HoldWay.sendOnly, .inactive, .unspecifiedAddress])
    func theOtherSideHearsMusicUntilItIsTakenBack(way: SimulatedPhone.HoldWay) throws {
        let two = try Two()
        #expect(two.ears == [["b"], ["a"]])
        two.b.hold(by: way)
        two.run()
        #expect(two.ears == [["default"], []])
        two.b.hold(by: way)
        two.run()
        #expect(two.ears == [["default"], []])
        two.b.hold(false)
        two.run()
        #expect(two.ears == [["b"], ["a"]])
        two.a.hold(by: way)
        two.run()
        #expect(two.ears == [[], ["default"]])
        two.a.askForOffer()
        two.run()
        #expect(two.ears == [["b"], ["a"]])
        let names = two.world.ledger.events.map(\.name)
        #expect(names.filter { $0 == "leg.held" }.count == 2 && names.filter { $0 == "leg.resumed" }.count == 2)
        #expect(names.filter { $0 == "talk.started" }.count == 1)
        two.end()
    }

    @Test func musicGoesOnWhenTheHeldPartyChangesItsCodecAndStopsAtAResumeWithoutOffer() throws {
        let two = try Two()
        two.b.hold(true)
        two.run()
        let player = two.world.media.players(atPort: try #require(two.a.switchPort))
        two.a.codecs = [.pcmu]
        two.a.reoffer(.sendReceive)
        two.run()
        #expect(two.ear(two.a) == ["default"])
        #expect(two.a.codec == .pcmu)
        #expect(two.world.media.players(atPort: try #require(two.a.switchPort)) == player)
        two.b.askForOffer()
        two.run()
        #expect(two.ears == [["b"], ["a"]])
        two.end()
    }

    @Test func whenBothHoldNobodyHearsAnything() throws {
        let two = try Two()
        two.b.hold(true)
        two.run()
        two.a.hold(true)
        two.run()
        #expect(two.ears == [[], []])
        two.b.hold(false)
        two.run()
        #expect(two.ears == [[], ["default"]])
        two.a.hold(false)
        two.run()
        #expect(two.ears == [["b"], ["a"]])
        two.end()
    }

    @Test func whoAnswersOnHoldHolds() throws {
        let two = try Two { $0.manner = .answersHolding }
        #expect(two.ears == [["default"], []])
        two.b.hold(false)
        two.run()
        #expect(two.ears == [["b"], ["a"]])
        two.end()
    }

    @Test func theDialplanOfTheCalledNumberChoosesTheMusic() throws {
        let two = try Two("exten => 8002,1,Set(CHANNEL(musicclass)=jazz)\n same => n,Dial(Seat/8002)")
        two.b.hold(true)
        two.run()
        #expect(two.ear(two.a) == ["jazz"])
        two.b.hold(false)
        two.a.hold(true)
        two.run()
        // The called hears the class of the call too.
        #expect(two.ear(two.b) == ["jazz"])
        two.end()
    }

    @Test func applicationsPlayMusic() throws {
        let two = try Two(
            """
            exten => 8002,1,Answer()
             same => n,StartMusicOnHold(waltz)
             same => n,Wait(5)
             same => n,StopMusicOnHold()
             same => n,Wait(2)
             same => n,Set(CHANNEL(musicclass)=jazz)
             same => n,MusicOnHold(,3)
             same => n,MusicOnHold(waltz)
            """)
        #expect(two.ear(two.a) == ["waltz"])
        two.run(3000)
        #expect(two.ear(two.a) == [])
        two.run(2500)
        #expect(two.ear(two.a) == ["jazz"])
        two.run(3000)
        #expect(two.ear(two.a) == ["waltz"])
        two.end()
    }

    @Test func aRecordingGoesOnUnderAHold() throws {
        let two = try Two("exten => 8002,1,MixMonitor(call.wav)\n same => n,Dial(Seat/8002)")
        let path = "/recordings/call.wav"
        func recorded() -> Set<String> {
            let heard = two.world.media.heard(byRecording: path) ?? .init()
            let voices = [("a", two.a), ("b", two.b)].filter { $0.1.switchPort.map { heard.legs[$0] != nil } ?? false }
            return Set(voices.map(\.0) + heard.instruments.keys)
        }
        #expect(recorded() == ["a", "b"])
        // The recording is the caller's: what it hears is in it.
        two.b.hold(true)
        two.run()
        #expect(recorded() == ["a", "default"])
        two.b.hold(false)
        two.run()
        #expect(recorded() == ["a", "b"])
        two.a.hold(true)
        two.run(2000)
        #expect(!recorded().contains("b") && !recorded().contains("default"))
        two.a.hold(false)
        two.run()
        #expect(recorded() == ["a", "b"])
        let begun = two.world.clock.now
        two.a.hangUp()
        two.world.expectClean()
        let stopped = two.world.ledger.facts(RecordingStopped.self)
        #expect(stopped.count == 1 && stopped[0].milliseconds > 3500 && begun < two.world.clock.now)
    }

    @Test func aHeldPartyThatIsTransferredHearsNoMusicAfterwardsAndAHolderGoesOnHolding() throws {
        let two = try Two()
        let c = two.world.addRegisteredPhone("8003")
        // The caller holds, and is then sent elsewhere by the one it holds.
        two.a.hold(true)
        two.run()
        #expect(two.ears == [[], ["default"]])
        two.b.transfer(to: "8003")
        two.run(4000)
        #expect(two.world.heard(by: c) == ["default"])
        #expect(!two.world.hears(c, two.a))
        two.a.hold(false)
        two.run()
        #expect(two.world.hears(c, two.a) && two.world.hears(two.a, c))
        #expect(two.world.heard(by: c) == [])
        two.end()
    }

    @Test func aCommandHoldsBesideTheTelephone() throws {
        let two = try Two()
        let leg = try #require(two.world.calls.first?.legs.last?.id)
        func hold(_ on: Bool) {
            two.world.inject { _ = try? await $0.perform(.hold(leg, on), by: "test") }
            two.run()
        }
        hold(true)
        #expect(two.ears == [["default"], []])
        two.b.hold(true)
        two.run()
        hold(false)
        #expect(two.ears == [["default"], []])
        two.b.hold(false)
        two.run()
        #expect(two.ears == [["b"], ["a"]])
        two.end()
    }

    // MARK: Two talks of one phone

    @Test func aPhoneSwapsBetweenTwoTalks() throws {
        let two = try Two()
        let c = two.world.addRegisteredPhone("8003")
        two.b.hasManyLines = true
        two.b.hold(true)
        two.b.setAside()
        c.call("8002")
        two.run(3000)
        // The second call rang with a 180 as the first one did.
        #expect(c.told == [180])
        #expect(two.world.hears(two.b, c) && two.world.hears(c, two.b))
        #expect(two.ear(two.a) == ["default"])
        for _ in 0..<3 {
            two.b.hold(true)
            two.b.swap()
            two.b.hold(false)
            two.run()
            #expect(two.ears == [["b"], ["a"]] && two.world.heard(by: c) == ["default"])
            two.b.hold(true)
            two.b.swap()
            two.b.hold(false)
            two.run()
            #expect(two.world.hears(two.b, c) && two.ear(two.a) == ["default"])
        }
        c.hangUp()
        two.run()
        two.b.swap()
        two.b.hold(false)
        two.run()
        #expect(two.ears == [["b"], ["a"]])
        two.end()
    }
}
