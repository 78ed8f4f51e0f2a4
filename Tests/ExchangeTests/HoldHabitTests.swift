// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SIPMessage
import Site
import SwitchTesting
import Testing

@testable import Exchange

/// What the site gives a seat that holds: a reminder, a recall, music of its own; and call waiting.
@Suite struct HoldHabitTests {
    /// A (8001) calls B (8002), whose settings these are; C (8003) stands by.
    private struct Three {
        let world: SimulatedSwitch
        let a: SimulatedPhone
        let b: SimulatedPhone
        let c: SimulatedPhone

        init(_ settings: String, folders: Bool = false) throws {
            var files = Fixture.files
            files["seats.toml"] = """
                [[seat]]
                number = "8001"
                [[seat]]
                number = "8002"
                \(settings)
                [[seat]]
                number = "8003"
                """
            files["site.toml", default: ""] += "\n[music.jazz]\nfolder = \"/tmp\"\n"
            let clips = ["default", "jazz"].map { ($0, AudioClip(samples: [Int16](repeating: 1, count: 8000))) }
            world = try Fixture.world(
                site: Fixture.load(files),
                sounds: Dictionary(clips.map { ("music/\($0.0)", $0.1) }) { first, _ in first },
                runner: Fixture.dialsSeats)
            for (name, clip) in clips { world.media.name(clip, name) }
            a = world.addRegisteredPhone("8001")
            b = world.addRegisteredPhone("8002")
            c = world.addRegisteredPhone("8003")
            b.hasManyLines = true
            a.call("8002")
            world.run(for: .seconds(3))
        }

        func talk(_ x: SimulatedPhone, _ y: SimulatedPhone) -> Bool { world.hears(x, y) && world.hears(y, x) }
        func calls(of phone: SimulatedPhone) -> Int {
            phone.log.count { if case .called = $0 { true } else { false } }
        }

        func end() {
            for phone in [a, b, c] { phone.hangUp() }
            world.expectClean()
        }
    }

    @Test func theHoldersSeatChoosesTheMusic() throws {
        let three = try Three("hold_music = \"jazz\"")
        three.b.hold(true)
        three.world.run(for: .seconds(1))
        #expect(three.world.heard(by: three.a) == ["jazz"])
        three.b.hold(false)
        three.a.hold(true)
        three.world.run(for: .seconds(1))
        #expect(three.world.heard(by: three.b) == ["default"])
        three.end()
    }

    // MARK: Reminder

    @Test func whoHoldsForLongIsRungAndHasTheHeldPartyBackByAnswering() throws {
        let three = try Three("hold_reminder = \"20 s\"")
        three.b.hold(true)
        three.b.setAside()
        three.world.run(for: .seconds(19))
        #expect(three.calls(of: three.b) == 1)
        three.b.manner = .answers(after: .seconds(4))
        three.world.run(for: .seconds(3))
        #expect(three.calls(of: three.b) == 2)
        #expect(three.b.lastInvite?.from.uri.user == "8001")
        #expect(three.world.heard(by: three.a) == ["default"])
        three.world.run(for: .seconds(5))
        #expect(three.talk(three.a, three.b))
        #expect(three.b.aside.isEmpty)
        three.end()
    }

    @Test func aReminderNobodyAnswersComesAgainAndStopsWhenTheHolderIsBack() throws {
        let three = try Three("hold_reminder = \"20 s\"")
        three.b.manner = .ringsForEver
        three.b.hold(true)
        three.b.setAside()
        three.world.run(for: .seconds(42))
        #expect(three.calls(of: three.b) == 3)
        three.b.setAside()
        three.b.swap()
        while three.b.aside.contains(where: { $0.switchPort != nil }) { three.b.swap() }
        #expect(three.b.switchPort != nil)
        three.b.hold(false)
        three.world.run(for: .seconds(2))
        #expect(three.talk(three.a, three.b))
        three.world.run(for: .seconds(60))
        #expect(three.calls(of: three.b) == 3)
        three.end()
    }

    @Test func whoTalksToSomebodyElseHearsABeepThatNobodyElseHears() throws {
        let three = try Three("hold_reminder = \"20 s\"")
        three.b.consult("8003")
        three.world.run(for: .seconds(5))
        #expect(three.talk(three.b, three.c))
        var beeps: [Bool] = []
        func beep(_ phone: SimulatedPhone) -> Bool {
            phone.switchPort.map { three.world.media.heard(atPort: $0).instruments["beep"] != nil } ?? false
        }
        for _ in 0..<400 {
            three.world.run(for: .milliseconds(50))
            let heard = beep(three.b)
            if heard != beeps.last { beeps.append(heard) }
            #expect(!beep(three.c) && !beep(three.a))
        }
        #expect(beeps == [false, true, false])
        #expect(three.calls(of: three.b) == 1)
        #expect(three.talk(three.b, three.c))
        three.b.hangUp()
        three.b.swap()
        three.end()
    }

    @Test func aHoldByCommandIsRemindedOfInTheHoldersEar() throws {
        let three = try Three("hold_reminder = \"20 s\"")
        let leg = try #require(three.world.calls.first?.legs.last?.id)
        three.world.inject { _ = try? await $0.perform(.hold(leg, true), by: "test") }
        let heard = three.world.run(until: .seconds(22)) { three.world.heard(by: three.b) == ["beep"] }
        #expect(heard)
        #expect(three.world.heard(by: three.a) == ["default"])
        three.end()
    }

    // MARK: Recall

    @Test func whoHangsUpWhileHoldingIsRungForTheHeldParty() throws {
        let three = try Three("hold_recall = true\ncalls = 1")
        three.b.hold(true)
        three.world.run(for: .seconds(1))
        three.b.hangUp()
        three.world.run(for: .milliseconds(500))
        #expect(three.world.heard(by: three.a) == ["default"])
        #expect(three.calls(of: three.b) == 2)
        three.world.run(for: .seconds(3))
        #expect(three.talk(three.a, three.b))
        #expect(three.world.heard(by: three.a) == [])
        three.end()
    }

    @Test func aRecallNobodyAnswersEndsTheCall() throws {
        let three = try Three("hold_recall = true")
        three.b.hold(true)
        three.world.run(for: .seconds(1))
        three.b.hangUp()
        three.b.manner = .ringsForEver
        three.world.run(for: .seconds(29))
        #expect(three.world.heard(by: three.a) == ["default"])
        three.world.run(for: .seconds(3))
        #expect(three.a.log.last == .ended)
        #expect(three.b.log.last == .cancelled)
        three.end()
    }

    @Test func theHeldPartyThatHangsUpDuringARecallEndsIt() throws {
        let three = try Three("hold_recall = true")
        three.b.hold(true)
        three.world.run(for: .seconds(1))
        three.b.hangUp()
        three.b.manner = .ringsForEver
        three.world.run(for: .seconds(5))
        three.a.hangUp()
        three.world.run(for: .seconds(1))
        #expect(three.b.log.last == .cancelled)
        three.end()
    }

    @Test func withoutTheSettingHangingUpEndsTheCall() throws {
        let three = try Three("")
        three.b.hold(true)
        three.world.run(for: .seconds(1))
        three.b.hangUp()
        three.world.run(for: .seconds(1))
        #expect(three.a.log.last == .ended)
        #expect(three.calls(of: three.b) == 1)
        three.end()
    }

    // MARK: Call waiting

    @Test func aSecondCallRingsWhereTheSeatHasRoom() throws {
        let three = try Three("calls = 2")
        three.b.setAside()
        three.b.manner = .ringsForEver
        three.c.call("8002")
        three.world.run(for: .seconds(2))
        #expect(three.c.told == [180])
        three.c.hangUp()
        three.end()
    }

    @Test func withoutCallWaitingASeatInATalkIsBusy() throws {
        let three = try Three("call_waiting = false")
        three.b.setAside()
        three.c.call("8002")
        three.world.run(for: .seconds(2))
        #expect(three.c.log.last == .failed(status: 486))
        #expect(three.calls(of: three.b) == 1)
        // It may call somebody itself meanwhile.
        three.b.call("8003")
        three.world.run(for: .seconds(3))
        #expect(three.talk(three.b, three.c))
        three.b.hangUp()
        three.b.swap()
        three.end()
    }
}
