// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SwitchTesting
import Testing

@testable import MediaEngine

/// What every media door does: one table, for the simulated one and the engine on one thread and on three.
@Suite struct DoorContractTests {
    private func count(_ world: any DoorWorld, _ matches: (MediaEvent) -> Bool) -> Int {
        world.events.count(where: matches)
    }

    private func timeOuts(_ world: any DoorWorld, _ leg: MediaLeg) -> Int {
        count(world) { if case .timedOut(leg) = $0 { true } else { false } }
    }

    private func ends(_ world: any DoorWorld, _ leg: MediaLeg) -> Int {
        count(world) { if case .legClosed(leg, _) = $0 { true } else { false } }
    }

    private func played(_ world: any DoorWorld, _ player: MediaInstrument) -> [Duration] {
        world.events.compactMap { if case .finished(player, let played) = $0 { played } else { nil } }
    }

    private func digits(_ world: any DoorWorld, _ leg: MediaLeg) -> String {
        String(world.events.compactMap { if case .digit(leg, let press, _) = $0 { press.key } else { nil } })
    }

    private func sent(_ world: any DoorWorld, _ leg: MediaLeg) -> Int {
        count(world) { if case .digitsSent(leg) = $0 { true } else { false } }
    }

    // MARK: Hearing

    @Test(arguments: Door.allCases) func allHearAllAndNobodyHimself(_ door: Door) throws {
        let world = try door.world()
        let (room, other) = (try world.room(), try world.room())
        for name in ["a", "b", "c"] { _ = try world.party(name, in: room) }
        _ = try world.party("d", in: other)
        world.run(milliseconds: 300)
        #expect(world.heard("a") == ["b": 1, "c": 1])
        #expect(world.heard("c") == ["a": 1, "b": 1])
        #expect(world.heard("d") == [:])
    }

    @Test(arguments: Door.allCases) func cellsWinOverDefaultsAndAreTakenBack(_ door: Door) throws {
        let world = try door.world()
        let room = try world.room()
        let legs = try ["a", "b", "c"].map { try world.party($0, in: room) }
        // A supervisor whom nobody hears, then who whispers to the first, at half the level.
        world.door.setGain(room, speaker: .leg(legs[2]), gain: 0)
        world.run(milliseconds: 300)
        #expect([world.heard("a"), world.heard("b"), world.heard("c")] == [["b": 1], ["a": 1], ["a": 1, "b": 1]])
        world.door.setGain(room, listener: .leg(legs[0]), speaker: .leg(legs[2]), gain: 0.5)
        world.run(milliseconds: 300)
        #expect([world.heard("a"), world.heard("b")] == [["b": 1, "c": 0.5], ["a": 1]])
        world.door.setGain(room, speaker: .leg(legs[2]), gain: 1)
        world.run(milliseconds: 300)
        #expect([world.heard("a"), world.heard("b")] == [["b": 1, "c": 0.5], ["a": 1, "c": 1]])
        world.door.setGain(room, listener: .leg(legs[0]), speaker: .leg(legs[2]), gain: nil)
        world.run(milliseconds: 300)
        #expect(world.heard("a") == ["b": 1, "c": 1])
        world.door.setGain(room, listener: .leg(legs[0]), speaker: .leg(legs[0]), gain: 1)
        world.door.setGain(room, speaker: .leg(legs[0]), gain: 0)
        world.run(milliseconds: 300)
        #expect([world.heard("a"), world.heard("b")] == [["a": 1, "b": 1, "c": 1], ["c": 1]])
    }

    @Test(arguments: Door.allCases) func gainsOfThoseWhoAreNotInTheRoomDoNothing(_ door: Door) throws {
        let world = try door.world()
        let rooms = [try world.room(), try world.room()]
        let legs = [try world.party("a", in: rooms[0]), try world.party("b", in: rooms[1])]
        world.door.setGain(rooms[0], listener: .leg(legs[0]), speaker: .leg(legs[1]), gain: 0)
        world.door.setGain(rooms[0], speaker: .leg(legs[1]), gain: 0)
        world.door.move(legs[1], to: rooms[0])
        world.run(milliseconds: 300)
        #expect(world.heard("a") == ["b": 1])
    }

    @Test(arguments: Door.allCases) func theDirectionDecidesWhoIsSentAndHeard(_ door: Door) throws {
        let world = try door.world()
        let room = try world.room()
        for name in ["a", "b", "c"] { _ = try world.party(name, in: room) }
        world.configure("a", sends: true, receives: false, timeout: nil)
        world.configure("b", sends: false, receives: true, timeout: nil)
        world.run(milliseconds: 300)
        #expect([world.heard("a"), world.heard("b"), world.heard("c")] == [["b": 1, "c": 1], [:], ["b": 1]])
        world.configure("a", sends: true, receives: true, timeout: nil)
        world.run(milliseconds: 300)
        #expect(world.heard("c") == ["a": 1, "b": 1])
    }

    // MARK: Moving

    @Test(arguments: Door.allCases) func whoMovesHearsTheOtherRoomAndHisGainsStayBehind(_ door: Door) throws {
        let world = try door.world()
        let rooms = [try world.room(), try world.room()]
        let a = try world.party("a", in: rooms[0])
        let b = try world.party("b", in: rooms[0])
        _ = try world.party("c", in: rooms[1])
        world.door.setGain(rooms[0], listener: .leg(b), speaker: .leg(a), gain: 0)
        world.door.setGain(rooms[0], speaker: .leg(a), gain: 0.5)
        world.door.move(a, to: rooms[1])
        world.run(milliseconds: 300)
        #expect([world.heard("a"), world.heard("b"), world.heard("c")] == [["c": 1], [:], ["a": 1]])
        // Twice where he is, and back.
        world.door.setGain(rooms[1], speaker: .leg(a), gain: 0.5)
        world.door.move(a, to: rooms[1])
        world.run(milliseconds: 300)
        #expect(world.heard("c") == ["a": 0.5])
        world.door.move(a, to: rooms[0])
        world.run(milliseconds: 300)
        #expect([world.heard("a"), world.heard("b"), world.heard("c")] == [["b": 1], ["a": 1], [:]])
    }

    @Test(arguments: Door.allCases) func aClosedRoomLeavesItsLegsSilentUntilTheyAreMoved(_ door: Door) throws {
        let world = try door.world()
        let rooms = [try world.room(), try world.room()]
        let legs = try ["a", "b"].map { try world.party($0, in: rooms[0]) }
        _ = try world.party("c", in: rooms[1])
        let tone = try world.door.play(.ringback, in: rooms[0])
        world.run(milliseconds: 200)
        world.door.close(rooms[0])
        world.door.close(rooms[0])
        world.run(milliseconds: 200)
        #expect([world.heard("a"), world.heard("b")] == [[:], [:]])
        #expect(played(world, tone).count == 1)
        #expect(throws: MediaError.noSuchRoom) { try world.door.openLeg(in: rooms[0]) }
        #expect(throws: MediaError.noSuchRoom) { try world.door.play(.busy, in: rooms[0]) }
        #expect(throws: MediaError.noSuchRoom) {
            try world.door.record(RecorderSettings(path: world.path("call.wav")), in: rooms[0])
        }
        world.door.move(legs[0], to: rooms[1])
        // Nobody comes into a closed room, and who would stays where he is.
        world.door.move(legs[0], to: rooms[0])
        world.run(milliseconds: 300)
        #expect([world.heard("a"), world.heard("c")] == [["c": 1], ["a": 1]])
    }

    @Test(arguments: Door.allCases) func aLegEndsOnceAndDeadHandlesDoNothing(_ door: Door) throws {
        let world = try door.world()
        let rooms = [try world.room(), try world.room()]
        let (a, b) = (try world.party("a", in: rooms[0]), try world.party("b", in: rooms[0]))
        world.run(milliseconds: 200)
        world.door.move(a, to: rooms[1])
        world.door.close(a)
        world.door.close(a)
        world.door.move(a, to: rooms[0])
        world.door.sendDigits("1", to: a)
        world.configure("a", timeout: .milliseconds(100))
        world.door.setGain(rooms[0], listener: .leg(b), speaker: .leg(a), gain: 1)
        world.run(milliseconds: 400)
        world.door.close(a)
        world.run(milliseconds: 200)
        #expect(ends(world, a) == 1 && ends(world, b) == 0)
        #expect(timeOuts(world, a) == 0 && sent(world, a) == 0)
        #expect(world.heard("b") == [:])
    }

    // MARK: Players and recorders

    @Test(arguments: Door.allCases) func playersEndOnceWithWhatTheyPlayed(_ door: Door) throws {
        let world = try door.world()
        let rooms = [try world.room(), try world.room()]
        let a = try world.party("a", in: rooms[0])
        let once = try world.door.play(world.clip("A"), in: rooms[0], loop: false)
        let beep = try world.door.play(.beep, in: rooms[0])
        let music = try world.door.play(world.clip("B"), in: rooms[0], loop: true)
        world.run(milliseconds: 500)
        #expect(played(world, once) == [.milliseconds(100)])
        #expect(played(world, beep) == [.milliseconds(200)])
        #expect(world.heard("a") == ["B": 1])
        world.door.move(music, to: rooms[1])
        world.run(milliseconds: 200)
        #expect(world.heard("a") == [:])
        world.door.move(a, to: rooms[1])
        world.door.setGain(rooms[1], speaker: .instrument(music), gain: 0.5)
        world.run(milliseconds: 200)
        #expect(world.heard("a") == ["B": 0.5])
        #expect(played(world, music).isEmpty)
        world.door.stop(music)
        world.door.stop(music)
        world.door.move(music, to: rooms[0])
        world.run(milliseconds: 200)
        #expect(played(world, music).count == 1)
        #expect(world.heard("a") == [:])
    }

    @Test(arguments: Door.allCases) func aStreamPlaysUntilItIsFinishedOrStopped(_ door: Door) throws {
        let world = try door.world()
        let room = try world.room()
        _ = try world.party("a", in: room)
        let streams = [AudioStream(capacitySamples: 2000), AudioStream(capacitySamples: 2000)]
        let players = try streams.map { try world.door.play($0, in: room) }
        for stream in streams { #expect(stream.write([Int16](repeating: 1000, count: 1600)) == 1600) }
        #expect(throws: MediaError.streamTaken) { try world.door.play(streams[0], in: room) }
        streams[0].finish()
        world.run(milliseconds: 600)
        #expect(played(world, players[0]) == [.milliseconds(200)])
        #expect(played(world, players[1]) == [])
        #expect(!streams[0].isWanted && streams[1].isWanted)
        world.door.stop(players[1])
        world.run(milliseconds: 100)
        #expect(played(world, players[1]) == [.milliseconds(200)])
        #expect(!streams[1].isWanted)
    }

    @Test(arguments: Door.allCases) func aRecorderHearsWhatItsRoomHearsAndFollows(_ door: Door) throws {
        let world = try door.world()
        let rooms = [try world.room(), try world.room()]
        let a = try world.party("a", in: rooms[0])
        let b = try world.party("b", in: rooms[0])
        _ = try world.party("c", in: rooms[1])
        let path = world.path("call.wav")
        let recorder = try world.door.record(RecorderSettings(path: path), in: rooms[0])
        world.door.setGain(rooms[0], speaker: .leg(b), gain: 0.5)
        world.run(milliseconds: 300)
        #expect(world.recorded(path) == ["a": 1, "b": 0.5])
        world.door.setGain(rooms[0], listener: .instrument(recorder), speaker: .leg(b), gain: 0)
        world.run(milliseconds: 300)
        #expect(world.recorded(path) == ["a": 1])
        world.door.inOneTurn {
            world.door.move(a, to: rooms[1])
            world.door.move(recorder, to: rooms[1])
        }
        world.run(milliseconds: 300)
        #expect(world.recorded(path) == ["a": 1, "c": 1])
        world.door.pause(recorder, true)
        world.run(milliseconds: 300)
        #expect(world.recorded(path) == [:])
        world.door.pause(recorder, false)
        world.run(milliseconds: 300)
        #expect(world.recorded(path) == ["a": 1, "c": 1])
        // It is nobody's voice.
        #expect(world.heard("a") == ["c": 1])
    }

    @Test(arguments: Door.allCases) func twoRecordingsOfOneNameAreTwoFilesAsLongAsTheyRan(_ door: Door) throws {
        let world = try door.world()
        let rooms = [try world.room(), try world.room()]
        _ = try world.party("a", in: rooms[0])
        let path = world.path("call.wav")
        let recorders = [
            try world.door.record(RecorderSettings(path: path), in: rooms[0]),
            try world.door.record(RecorderSettings(path: path), in: rooms[1]),
        ]
        world.run(milliseconds: 400)
        world.door.move(recorders[1], to: rooms[0])
        world.run(milliseconds: 400)
        world.door.stop(recorders[0])
        world.door.close(rooms[0])
        world.run(milliseconds: 400)
        let names = [path, world.path("call-2.wav")]
        for (recorder, name) in zip(recorders, names) {
            let told = world.events.compactMap { event -> String? in
                switch event {
                case .recording(recorder, let path): "made \(path)"
                case .recorded(recorder, let outcome):
                    "\(outcome.path ?? "") \(outcome.length) \(outcome.lost) \(outcome.error ?? "")"
                default: nil
                }
            }
            #expect(told == ["made \(name)", "\(name) \(Duration.milliseconds(800)) \(Duration.zero) "])
        }
    }

    // MARK: Keys

    @Test(arguments: Door.allCases) func keysReachTheFarSideAndAreToldAsSent(_ door: Door) throws {
        let world = try door.world()
        let rooms = [try world.room(), try world.room()]
        let a = try world.party("a", in: rooms[0])
        _ = try world.party("b", in: rooms[0])
        world.run(milliseconds: 100)
        world.door.sendDigits("1x9#", to: a)
        world.run(milliseconds: 300)
        #expect(sent(world, a) == 0)
        world.door.move(a, to: rooms[1])
        world.run(milliseconds: 500)
        #expect(world.keys("a") == "19#")
        #expect(sent(world, a) == 1)
        // Those that can go out no more count as sent.
        world.door.sendDigits("123456", to: a)
        world.door.close(rooms[1])
        world.run(milliseconds: 100)
        #expect(sent(world, a) == 2)
        world.door.sendDigits("", to: a)
        world.door.close(a)
        world.run(milliseconds: 100)
        #expect(sent(world, a) == 3 && ends(world, a) == 1)
    }

    @Test(arguments: Door.allCases) func aKeyTakesAsLongAsItIsPressed(_ door: Door) throws {
        let world = try door.world()
        let room = try world.room()
        let a = try world.party("a", in: room)
        _ = try world.party("b", in: room)
        world.run(milliseconds: 100)
        let keys = [KeyPress("1", for: .milliseconds(60)), KeyPress("2", for: .milliseconds(400)), KeyPress("3")]
        world.door.sendKeys(keys, to: a)
        world.run(milliseconds: 1000)
        #expect(world.presses("a") == keys)
        world.press("5", for: 300, "b") {}
        #expect(world.presses("a").last == KeyPress("5", for: .milliseconds(300)))
        // In a mix too, where the key is pressed anew.
        _ = try world.door.play(world.clip("A"), in: room, loop: true)
        world.press("6", for: 300, "b") {}
        world.run(milliseconds: 400)
        #expect(world.presses("a").last == KeyPress("6", for: .milliseconds(300)))
    }

    @Test(arguments: Door.allCases) func aKeyThatIsHeldIsToldAndGoesNoFurther(_ door: Door) throws {
        let world = try door.world()
        let room = try world.room()
        let a = try world.party("a", in: room)
        let b = try world.party("b", in: room)
        world.run(milliseconds: 200)
        func told(_ leg: MediaLeg) -> [String] {
            world.events.compactMap { event in
                if case .digit(leg, let press, let isHeld) = event {
                    "\(press.key)\(isHeld ? " held" : "")"
                } else {
                    nil
                }
            }
        }
        world.holdKeys("a", true)
        world.press("1", "a")
        world.press("2", "b")
        #expect([world.keys("a"), world.keys("b")] == ["2", ""])
        #expect([told(a), told(b)] == [["1 held"], ["2"]])
        #expect(world.heard("b") == ["a": 1])
        // Those that are no code after all.
        let passed = [KeyPress("1", for: .milliseconds(240)), KeyPress("9")]
        world.door.sendKeys(passed, to: b)
        world.run(milliseconds: 800)
        #expect(world.presses("b") == passed)
        #expect(world.heard("b") == ["a": 1])
        // In a mix as well.
        let music = try world.door.play(world.clip("A"), in: room, loop: true)
        world.run(milliseconds: 200)
        world.press("3", "a")
        world.run(milliseconds: 400)
        #expect(world.keys("b") == "19")
        world.door.stop(music)
        world.holdKeys("a", false)
        world.run(milliseconds: 200)
        world.press("4", "a")
        #expect(world.keys("b") == "194")
        #expect(told(a) == ["1 held", "3 held", "4"])
        if let engine = world as? EngineWorld { #expect(engine.gaps("b") == 0) }
    }

    @Test(arguments: Door.allCases) func aKeyIsHeldOrNotAsAWhole(_ door: Door) throws {
        let world = try door.world()
        let room = try world.room()
        let a = try world.party("a", in: room)
        _ = try world.party("b", in: room)
        world.run(milliseconds: 200)
        // While it is down nothing changes for it any more.
        world.press("1", for: 200, "a") { world.holdKeys("a", true) }
        #expect(world.presses("b") == [KeyPress("1", for: .milliseconds(200))])
        world.press("2", for: 200, "a") { world.holdKeys("a", false) }
        world.run(milliseconds: 300)
        #expect(world.keys("b") == "1")
        let held = world.events.compactMap { if case .digit(a, _, let isHeld) = $0 { isHeld } else { nil } }
        #expect(held == [false, true])
        #expect(world.heard("b") == ["a": 1])
    }

    @Test(arguments: Door.allCases) func aPressedKeyIsToldOnceAndReachesTheOtherOfTwo(_ door: Door) throws {
        let world = try door.world()
        let rooms = [try world.room(), try world.room()]
        let a = try world.party("a", in: rooms[0])
        _ = try world.party("b", in: rooms[0])
        let c = try world.party("c", in: rooms[1])
        world.run(milliseconds: 200)
        world.press("5", "a")
        #expect([world.keys("a"), world.keys("b"), world.keys("c")] == ["", "5", ""])
        // Beside a supervisor whom nobody hears it is still a talk of two.
        world.door.inOneTurn {
            world.door.move(c, to: rooms[0])
            world.door.setGain(rooms[0], speaker: .leg(c), gain: 0)
        }
        world.run(milliseconds: 200)
        world.press("6", "a")
        #expect([world.keys("b"), world.keys("c")] == ["56", ""])
        // In a conference it is nobody's.
        world.door.setGain(rooms[0], speaker: .leg(c), gain: 1)
        world.run(milliseconds: 200)
        world.press("7", "a")
        #expect([world.keys("b"), world.keys("c")] == ["56", ""])
        #expect(digits(world, a) == "567")
        // Who holds us is not listened to.
        world.configure("a", sends: false, receives: false, timeout: nil)
        world.press("8", "a")
        #expect(digits(world, a) == "567")
    }

    // MARK: Signs of life

    @Test(arguments: Door.allCases) func speechIsToldOnceWhenItBegins(_ door: Door) throws {
        let world = try door.world()
        let rooms = [try world.room(), try world.room()]
        let a = try world.party("a", in: rooms[0])
        world.run(milliseconds: 200)
        world.farSide(of: "a", .silent)
        world.run(milliseconds: 200)
        world.farSide(of: "a", .speaks)
        world.door.move(a, to: rooms[1])
        world.run(milliseconds: 200)
        #expect(count(world) { if case .started(a) = $0 { true } else { false } } == 1)
    }

    /// Every direction: a hold with `inactive` is missed as one with `sendonly` is.
    @Test(arguments: Door.allCases, [(true, true), (true, false), (false, true), (false, false)])
    func silenceIsToldOnceWhateverTheDirection(_ door: Door, _ direction: (sends: Bool, receives: Bool)) throws {
        let world = try door.world()
        let rooms = [try world.room(), try world.room()]
        let a = try world.party("a", in: rooms[0])
        _ = try world.party("b", in: rooms[0])
        world.configure("a", sends: direction.sends, receives: direction.receives, timeout: .seconds(2))
        world.run(milliseconds: 3000)
        #expect(timeOuts(world, a) == 0)
        // On hold it reports, and speaks to nobody.
        world.farSide(of: "a", .reports)
        world.run(milliseconds: 4000)
        #expect(timeOuts(world, a) == 0)
        world.farSide(of: "a", .silent)
        world.run(milliseconds: 1400)
        world.door.move(a, to: rooms[1])
        #expect(timeOuts(world, a) == 0)
        world.run(milliseconds: 4000)
        #expect(timeOuts(world, a) == 1)
        // A new silence is a new event; the same settings again are not a sign of life.
        world.farSide(of: "a", .speaks)
        world.run(milliseconds: 200)
        world.farSide(of: "a", .silent)
        world.run(milliseconds: 1400)
        world.configure("a", sends: direction.sends, receives: direction.receives, timeout: .seconds(2))
        world.run(milliseconds: 800)
        #expect(timeOuts(world, a) == 2)
    }

    @Test(arguments: Door.allCases) func aChangeOfDirectionOrTimeOutBeginsANewSilence(_ door: Door) throws {
        let world = try door.world()
        let a = try world.party("a", in: try world.room())
        world.run(milliseconds: 100)
        world.farSide(of: "a", .silent)
        world.run(milliseconds: 5000)
        #expect(timeOuts(world, a) == 0)
        world.configure("a", timeout: .seconds(2))
        world.run(milliseconds: 1500)
        world.configure("a", sends: false, receives: false, timeout: .seconds(2))
        world.run(milliseconds: 1500)
        #expect(timeOuts(world, a) == 0)
        world.run(milliseconds: 800)
        #expect(timeOuts(world, a) == 1)
        world.configure("a", timeout: .seconds(2))
        world.run(milliseconds: 1500)
        #expect(timeOuts(world, a) == 1)
        world.run(milliseconds: 800)
        #expect(timeOuts(world, a) == 2)
        world.configure("a", timeout: nil)
        world.run(milliseconds: 4000)
        #expect(timeOuts(world, a) == 2)
    }
}
