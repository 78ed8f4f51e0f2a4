// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Glibc
import Synchronization
import Testing
import Timing

@testable import Store

@Suite("After the process has ended")
struct RestartTests {
    private let ids: PlainCall
    private let other: PlainCall

    init() {
        var source = IdentifierSource(run: 1)
        ids = PlainCall(&source)
        other = PlainCall(&source)
    }

    private func options(_ clock: StandingClock, heartbeat: Duration = .seconds(3600)) -> Store.Options {
        var options = Store.Options()
        options.batchDelay = .zero
        options.heartbeat = heartbeat
        options.clock = clock.read
        return options
    }

    @Test("a call that a crash left open is ended by the restart, at the time of the last event")
    func lastEvent() throws {
        let folder = DataFolder()
        let clock = StandingClock(seconds: 0)
        let store = try Store(dataFolder: folder.path, options: options(clock))
        // Started, a leg, dialling, a second leg, ringing, answered, answered, talking.
        for (index, event) in ids.events(answered: true).prefix(8).enumerated() {
            var event = event
            event.time = Moment(seconds: Int64(index)).time
            event.at = Moment(seconds: Int64(index)).at
            store.append(event)
        }
        // A quarter of an hour later something else happens, and then the power fails.
        store.append(LedgerEvent(seconds: 900, Unregistered(address: "8003", contact: "sip:x", reason: "expired")))
        store.settle()
        let crashed = folder.copy()
        store.close()

        let listener = Listener()
        let later = try Store(dataFolder: crashed.path, options: options(clock), readers: [listener])
        later.close()
        #expect(later.statistics.closedByRestart == 1)
        let record = try #require(try later.reader.callRecord(ids.call))
        #expect(record.endedBy == .restart)
        #expect(record.ended.microseconds == 900_000_000)
        #expect(record.duration == .seconds(900))
        #expect(record.talk == .seconds(893))
        #expect(record.disposition == .answered)
        #expect(try later.reader.legs(of: ids.call).map(\.endedBy) == [.restart, .restart])
        #expect(try later.reader.talks(of: ids.call).map(\.duration) == [.seconds(893)])
        #expect(listener.events.map(\.name) == ["leg.ended", "leg.ended", "call.ended"])
        #expect(listener.numbered.map(\.sequence) == [10, 11, 12])

        // Once is enough.
        let again = try Store(dataFolder: crashed.path, options: options(clock))
        #expect(again.statistics.closedByRestart == 0)
        again.close()
    }

    @Test("a heartbeat tells that the switch lived on: what was open is as long as until then")
    func heartbeat() throws {
        let folder = DataFolder()
        let clock = StandingClock(seconds: 0)
        let store = try Store(dataFolder: folder.path, options: options(clock, heartbeat: .milliseconds(1)))
        for event in ids.events(answered: true).prefix(8) { store.append(event) }
        store.settle()
        // An hour of talk in which nothing happens.
        clock.set(seconds: 3600)
        while try folder.sql("SELECT elapsed FROM heartbeat") != ["3600000000"] { usleep(1000) }
        let crashed = folder.copy()
        store.close()

        clock.set(seconds: 9000)
        let later = try Store(dataFolder: crashed.path, options: options(clock))
        later.close()
        let record = try #require(try later.reader.callRecord(ids.call))
        #expect(record.talk == .seconds(3600))
        #expect(record.duration == .seconds(3600))
        #expect(record.ended.microseconds == 3_600_000_000)
    }

    @Test("after the machine was started anew, the monotonic clock from nothing, durations are those of the last run")
    func reboot() throws {
        var folder = DataFolder()
        let clock = StandingClock(seconds: 1_000_000)
        var store = try Store(dataFolder: folder.path, options: options(clock))
        store.append(LedgerEvent(seconds: 1_000_001, ServerStarted(version: "1", run: store.run)))
        store.settle()
        var crashed = folder.copy()
        store.close()
        folder = crashed

        clock.set(seconds: 3)
        store = try Store(dataFolder: folder.path, options: options(clock))
        for event in ids.events(answered: true).prefix(8) {
            var event = event
            event.at = Moment(seconds: 10).at
            store.append(event)
        }
        store.append(LedgerEvent(seconds: 30, ServerStopped()))
        store.settle()
        crashed = folder.copy()
        store.close()

        clock.set(seconds: 5)
        store = try Store(dataFolder: crashed.path, options: options(clock))
        store.close()
        #expect(try store.reader.callRecord(ids.call)?.talk == .seconds(20))
    }

    @Test("legs of a call that was absorbed are found by the restart and ended with the one that absorbed it")
    func absorbed() throws {
        let folder = DataFolder()
        let clock = StandingClock(seconds: 0)
        let store = try Store(dataFolder: folder.path, options: options(clock))
        for event in ids.events(answered: true).prefix(8) + other.events(answered: true).prefix(8) {
            store.append(event)
        }
        store.append(LedgerEvent(seconds: 10, call: other.call, CallLinked(into: ids.call, reason: .transfer)))
        store.append(LedgerEvent(seconds: 20, call: ids.call, leg: ids.caller, DigitPressed(key: "1")))
        store.settle()
        let crashed = folder.copy()
        store.close()

        let later = try Store(dataFolder: crashed.path, options: options(clock))
        later.close()
        #expect(later.statistics.closedByRestart == 1)
        #expect(try later.reader.callRecord(other.call)?.talk == .seconds(10))
        #expect(try later.reader.callRecord(ids.call)?.talk == .seconds(30))
        let legs = try later.reader.legs(of: other.call)
        #expect(legs.map(\.endedBy) == [.restart, .restart])
        #expect(legs.map(\.duration) == [.seconds(20), .seconds(20)])
        let ends = try later.reader.events(of: other.caller).filter { $0.event.name == LegEnded.name }
        #expect(ends.map(\.event.call) == [ids.call])
    }

    @Test("numbers of calls and legs never come again, however runs end and wherever the clock is set")
    func identifiers() throws {
        var folder = DataFolder()
        var seen: Set<UInt64> = []
        var drawn = 0
        for round in 0..<6 {
            // The clock goes backwards from run to run.
            let clock = StandingClock(seconds: Int64(1_000_000 - round * 100_000))
            let store = try Store(dataFolder: folder.path, options: options(clock))
            var source = IdentifierSource(run: store.run)
            for _ in 0..<100 {
                seen.insert(source.nextCall().rawValue)
                seen.insert(source.nextLeg().rawValue)
                drawn += 2
            }
            let crashed = folder.copy()
            store.close()
            // Every other run ends as a power cut ends it, before anything was written but its number.
            if round % 2 == 0 { folder = crashed }
        }
        #expect(seen.count == drawn)
    }

    @Test("a data folder that was opened too often is refused rather than numbered again")
    func outOfRuns() throws {
        let folder = DataFolder()
        try Store(dataFolder: folder.path).close()
        try folder.sql("UPDATE run SET run = \(IdentifierSource.lastRun - 1)")
        let last = try Store(dataFolder: folder.path)
        #expect(last.run == IdentifierSource.lastRun)
        last.close()
        #expect(throws: StoreError.outOfRuns(path: folder.path + "/martlet.sqlite")) {
            try Store(dataFolder: folder.path)
        }
    }

    @Test("a number that comes a second time is reported; the first call's record, legs and sums stand")
    func repeated() throws {
        let folder = DataFolder()
        let problems = Problems()
        let store = try Store(dataFolder: folder.path, report: problems.report)
        let events = ids.events(answered: true)
        for (index, event) in events.enumerated() {
            var event = event
            event.at = Moment(seconds: Int64(index)).at
            store.append(event)
        }
        store.settle()
        let first = try #require(try store.reader.callRecord(ids.call))
        let legs = try store.reader.legs(of: ids.call)
        for (index, event) in events.enumerated() {
            var event = event
            event.time = Moment(seconds: 5000).time
            event.at = Moment(seconds: Int64(index) * 100).at
            store.append(event)
        }
        store.close()
        #expect(try store.reader.callRecord(ids.call) == first)
        #expect(first.talk == .seconds(1))
        #expect(try store.reader.legs(of: ids.call) == legs)
        #expect(try store.reader.events(of: ids.call).count == 2 * events.count)
        #expect(problems.all == [.repeatedNumbers(calls: [ids.call], legs: [ids.called, ids.caller])])
    }

    @Test("records are stored with their events and come back as they were, the latest first")
    func stored() throws {
        let folder = DataFolder()
        let store = try Store(dataFolder: folder.path)
        var source = IdentifierSource(run: IdentifierSource.lastRun)
        var fold = RecordFold()
        var calls: [PlainCall] = []
        for index in 1...5 as ClosedRange<Int64> {
            calls.append(PlainCall(&source))
            for (step, event) in calls[Int(index) - 1].events(answered: index % 2 == 0, recorded: true).enumerated() {
                var event = event
                event.time = WallTime(microseconds: index * 1000 + Int64(step))
                event.at = Instant(nanoseconds: (index * 1000 + Int64(step) * Int64(step)) * 1000)
                fold.apply(NumberedLedgerEvent(sequence: store.append(event), event: event))
            }
        }
        store.close()
        let rows = fold.takeRows()
        let expected = rows.calls.map { record in
            var record = record
            record.talk = rows.talks.filter { $0.call == record.call }.reduce(.zero) { $0 + $1.duration }
            return record
        }
        #expect(try store.reader.callRecords(last: 3) == expected.reversed().prefix(3).map { $0 })
        #expect(try store.reader.callRecord(expected[1].call) == expected[1])
        #expect(expected[1].talk == .microseconds(9 * 9 - 8 * 8))
        #expect(try store.reader.callRecord(CallID(rawValue: 5)) == nil)
        for call in calls {
            let legs = try store.reader.legs(of: call.call)
            #expect(legs == rows.legs.filter { $0.call == call.call }.sorted { $0.leg < $1.leg })
        }
    }
}
