// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Exchange
import SwitchTesting
import Testing
import Timing

/// A recording may fail; the call does not. And no recording is lost to another of its name.
@Suite struct RecordingTests {
    @Test func withoutARecorderTheCallGoesOnUnrecordedAndItIsNoted() throws {
        let world = try Fixture.world(
            steps: ["MixMonitor(a)", "Verbose(${MIXMONITOR_FILENAME})", "Dial(Seat/8002,20)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        world.media.mostInstruments = 0
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(a.log.last == .connected)
        #expect(world.hears(a, b) && world.hears(b, a))
        let refused = world.notes("recording.refused")
        #expect(refused.map { $0["path"] } == ["a"])
        #expect(refused.first?["reason"]?.isEmpty == false)
        #expect(world.recordingsStarted == [])
        #expect(world.said == [""])
        a.hangUp()
        world.run(for: .seconds(1))
        #expect(world.ledger.calls.first.flatMap(world.end)?.disposition == .answered)
        world.expectClean()
    }

    @Test func withoutAPortForTheRecordedItIsTheDialplanThatDecidesTheCall() throws {
        let world = try Fixture.world(steps: ["MixMonitor(a)", "Hangup(17)"])
        let a = world.addRegisteredPhone("8001")
        world.media.mostLegs = 0
        a.call("8002")
        world.run(for: .seconds(2))
        #expect(a.log == [.failed(status: 486)])
        #expect(world.notes("recording.refused").count == 1)
        world.expectClean()
    }

    @Test func aRecordingThatCannotBeReplacedGoesOn() throws {
        let world = try Fixture.world(
            steps: ["Answer()", "MixMonitor(a)", "Wait(2)", "MixMonitor(b)", "Wait(3)", "Hangup()"])
        let a = world.addRegisteredPhone("8001")
        world.media.mostInstruments = 1
        a.call("8002")
        world.run(for: .seconds(20))
        #expect(world.recordingsStarted == ["/recordings/a.wav"])
        #expect(world.recordingsStopped.map(\.milliseconds) == [5000])
        #expect(world.notes("recording.refused").map { $0["path"] } == ["b"])
        world.expectClean()
    }

    @Test func theNextRecordingTakesTheFirstOnesPlace() throws {
        let world = try Fixture.world(
            steps: ["Answer()", "MixMonitor(a)", "Wait(2)", "MixMonitor(b)", "Wait(3)", "Hangup()"])
        let a = world.addRegisteredPhone("8001")
        a.call("8002")
        world.run(for: .seconds(20))
        #expect(world.recordingsStarted == ["/recordings/a.wav", "/recordings/b.wav"])
        #expect(world.recordingsStopped.map(\.milliseconds) == [2000, 3000])
        world.expectClean()
    }

    /// The disk stands still for 40 seconds; the recorder's buffers hold what was said.
    @Test func aStalledDiskKeepsNoCallAndMakesNoGoodRecordingAFailedOne() throws {
        let world = try Fixture.world(steps: ["MixMonitor(a)", "Dial(Seat/8002,20)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        world.media.recordingDelay = .seconds(40)
        a.call("8002")
        world.run(for: .seconds(11))
        a.hangUp()
        world.run(for: .seconds(10))
        #expect(b.log.last == .ended)
        #expect(world.calls.isEmpty)
        #expect(world.services.occupancy.taken(.calls) == 0)
        #expect(world.ledger.calls.first.flatMap(world.end)?.disposition == .answered)
        #expect(world.recordingsStopped.isEmpty)
        world.run(for: .seconds(60))
        let stopped = try #require(world.recordingsStopped.first)
        #expect(stopped.path == "/recordings/a.wav")
        #expect(stopped.error == nil)
        #expect((9_500...11_000).contains(stopped.milliseconds))
        #expect(world.recordingsStopped.count == 1)
    }

    @Test func aRecordingThatIsEndedInMidCallMayTakeLongToCloseToo() throws {
        let world = try Fixture.world(steps: ["Answer()", "MixMonitor(a)", "Wait(2)", "StopMixMonitor()", "Wait(60)"])
        let a = world.addRegisteredPhone("8001")
        world.media.recordingDelay = .seconds(20)
        a.call("8002")
        world.run(for: .seconds(30))
        #expect(a.log.last == .connected)
        #expect(world.recordingsStopped.map(\.milliseconds) == [2000])
        #expect(world.recordingsStopped.map(\.error) == [nil])
        a.hangUp()
        world.expectClean()
    }

    @Test func aRecorderThatNeverAnswersIsGivenUpAndToldAsFailed() throws {
        let world = try Fixture.world(steps: ["Answer()", "MixMonitor(a)", "Wait(2)"])
        let a = world.addRegisteredPhone("8001")
        world.media.recordingDelay = .seconds(24 * 3600)
        a.call("8002")
        world.run(for: .seconds(3600))
        #expect(world.calls.isEmpty)
        #expect(world.recordingsStopped.map(\.path) == ["/recordings/a.wav"])
        #expect(world.recordingsStopped.first?.error != nil)
    }

    // MARK: Names

    @Test func twoCallsThatRecordUnderOneNameKeepBoth() throws {
        let world = try Fixture.world(
            steps: ["Answer()", "MixMonitor(meeting/all)", "Verbose(${MIXMONITOR_FILENAME})", "Wait(5)"])
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        a.call("7000")
        b.call("7000")
        world.run(for: .seconds(20))
        #expect(world.recordingsStarted.count == 2)
        #expect(Set(world.recordingsStarted).count == 2)
        #expect(world.recordingsStarted.first == "/recordings/meeting/all.wav")
        // What the dialplan is told is what the ledger keeps.
        #expect(world.said == world.recordingsStarted)
        #expect(world.recordingsStopped.map(\.path).sorted() == world.recordingsStarted.sorted())
        world.expectClean()
    }

    @Test func aLaterCallDoesNotTakeAnEarliersName() throws {
        let world = try Fixture.world(steps: ["Answer()", "MixMonitor(all)", "Wait(2)"])
        let a = world.addRegisteredPhone("8001")
        for _ in 0..<3 {
            a.call("7000")
            world.run(for: .seconds(10))
        }
        #expect(world.recordingsStarted.count == 3)
        #expect(Set(world.recordingsStarted).count == 3)
        world.expectClean()
    }

    @Test(arguments: ["x//all", "x/./all.wav", "/recordings/x/all", "x/all.WAV"])
    func aNameSpelledInAnotherWayIsTheSameName(spelling: String) throws {
        let world = try Fixture.world(
            steps: ["Answer()", "MixMonitor(x/all)", "Wait(1)", "MixMonitor(\(spelling))", "Wait(1)"])
        let a = world.addRegisteredPhone("8001")
        a.call("7000")
        world.run(for: .seconds(10))
        #expect(world.recordingsStarted == ["/recordings/x/all.wav", "/recordings/x/all-2.wav"])
        world.expectClean()
    }

    @Test func aNameMadeUnlikeAnotherIsNotTakenFromAThird() throws {
        let world = try Fixture.world(
            steps: [
                "Answer()", "MixMonitor(all-2)", "Wait(1)", "MixMonitor(all)", "Wait(1)", "MixMonitor(all)", "Wait(1)",
            ])
        let a = world.addRegisteredPhone("8001")
        a.call("7000")
        world.run(for: .seconds(10))
        #expect(
            world.recordingsStarted == ["/recordings/all-2.wav", "/recordings/all.wav", "/recordings/all-3.wav"])
        world.expectClean()
    }
}
