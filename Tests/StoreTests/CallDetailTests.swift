// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Glibc
import Testing
import Timing

@testable import Store

@Suite("Call detail records")
struct CallDetailTests {
    private let id = CallID(startSecond: 1_800_000_000, shard: 2, counter: 7)

    /// One event a second from second 100 on.
    private func numbered(_ events: [LedgerEvent]) -> [NumberedLedgerEvent] {
        events.enumerated().map { index, event in
            var event = event
            event.time = WallTime(microseconds: Int64(100 + index) * 1_000_000)
            return NumberedLedgerEvent(sequence: UInt64(index + 1), event: event)
        }
    }

    private func record(_ events: [LedgerEvent]) throws -> CallRecord {
        var fold = CallDetailFold()
        let records = numbered(events).compactMap { fold.apply($0) }
        #expect(fold.open.isEmpty)
        return try #require(records.first)
    }

    @Test("An answered call: who with whom, when, how long, how it ended")
    func answered() throws {
        // 0 start, 1 leg 1, 2 dial, 3 leg 2, 4 ringing, 5 leg 2 answered, 6 leg 1 answered, 7 recording, 8 bridged,
        // 9 unbridged, 10 leg 2 ended, 11 leg 1 ended, 12 call ended
        let record = try record(Traffic.call(id, answered: true, recorded: true))
        #expect(record.call == id)
        #expect(record.from == .seat("8001"))
        #expect(record.to == .seat("8002"))
        #expect(record.started.microseconds == 100_000_000)
        #expect(record.answered?.microseconds == 106_000_000)
        #expect(record.connected?.microseconds == 108_000_000)
        #expect(record.ended.microseconds == 112_000_000)
        #expect(record.duration == .seconds(12))
        #expect(record.talk == .seconds(1))
        #expect(record.disposition == .answered)
        #expect(record.endedBy == .callee)
        #expect(record.recording == "/tmp/x.wav")
        #expect((record.firstSequence, record.lastSequence) == (1, 13))
        #expect(record.legs.map(\.leg.index) == [1, 2])
        #expect(record.legs[1].ringing?.microseconds == 104_000_000)
        #expect(record.legs[1].codec == "PCMA")
        #expect(record.legs[1].sipStatus == 200)
        #expect(record.legs[1].statistics.packetsReceived == 500)
        #expect(record.legs.map(\.isIncoming) == [true, false])
    }

    @Test("A call nobody answered names whom it was for")
    func unanswered() throws {
        let record = try record(Traffic.call(id, answered: false))
        #expect(record.answered == nil)
        #expect(record.connected == nil)
        #expect(record.to == .seat("8002"))
        #expect(record.talk == .zero)
        #expect(record.disposition == .noAnswer)
        #expect(record.cause == .noAnswer)
    }

    @Test("Of several phones rung, the one that talked counts")
    func forked() throws {
        var events = Traffic.call(id, answered: true)
        let other = LedgerEvent(
            time: WallTime(microseconds: 0), call: id, leg: 3,
            kind: .legStarted(party: .seat("8003"), incoming: false, sipCallID: "e", address: ""))
        events.insert(other, at: 4)
        let record = try record(events)
        #expect(record.to == .seat("8002"))
        #expect(record.legs.count == 3)
        // It never was told to end: it ended with the call.
        #expect(record.legs[2].ended == record.ended)
    }

    @Test("Talk stops with a leg that ends without being unbridged, for the other as well")
    func talkEndsWithLeg() throws {
        let events = Traffic.call(id, answered: true).filter { if case .unbridged = $0.kind { false } else { true } }
        // 7 bridged, 8 leg 2 ended
        let record = try record(events)
        #expect(record.legs.map(\.talk) == [.seconds(1), .seconds(1)])
    }

    @Test("Events of calls that are not open change nothing, in any order and number")
    func strays() {
        var fold = CallDetailFold()
        let events = numbered(Traffic.call(id, answered: true))
        for event in events.dropFirst() { #expect(fold.apply(event) == nil) }
        #expect(fold.strays == events.count - 1)
        #expect(fold.open.isEmpty)
    }

    @Test("Calls whose end was lost do not pile up: beyond the bound the oldest is closed")
    func bound() {
        var fold = CallDetailFold()
        var closed: [CallRecord] = []
        for counter in 0..<UInt32(CallDetailFold.maximumOpenCalls + 2) {
            var event = Traffic.call(CallID(startSecond: 1, shard: 0, counter: counter), answered: false)[0]
            event.time = WallTime(microseconds: Int64(counter))
            if let record = fold.apply(NumberedLedgerEvent(sequence: UInt64(counter) + 1, event: event)) {
                closed.append(record)
            }
        }
        #expect(fold.open.count == CallDetailFold.maximumOpenCalls)
        #expect(closed.map(\.firstSequence) == [1, 2])
    }

    @Test("Records are stored with their events and come back as they were, the latest first")
    func stored() throws {
        let folder = DataFolder()
        let store = try Store(dataFolder: folder.path)
        var fold = CallDetailFold()
        var expected: [CallRecord] = []
        for counter in 1...5 as ClosedRange<UInt32> {
            let call = CallID(startSecond: 0xF000_0000, shard: 255, counter: counter)
            for (index, event) in Traffic.call(call, answered: counter % 2 == 0, recorded: true).enumerated() {
                var event = event
                event.time = WallTime(microseconds: Int64(counter) * 1000 + Int64(index))
                store.append(event)
                let record = fold.apply(NumberedLedgerEvent(sequence: store.lastSequence, event: event))
                expected += record.map { [$0] } ?? []
            }
        }
        store.close()
        #expect(try store.reader.callRecords(last: 3) == expected.reversed().prefix(3).map { $0 })
        #expect(try store.reader.callRecord(expected[1].call) == expected[1])
        #expect(try store.reader.callRecord(CallID(rawValue: 5)) == nil)
    }

    @Test("A call that a crash left open is ended by the restart, at the time the switch was last known alive")
    func endedByRestart() throws {
        let folder = DataFolder()
        let store = try Store(dataFolder: folder.path)
        // Started, a leg, dialling, a second leg, ringing, answered, answered, bridged: two are talking.
        for (index, event) in Traffic.call(id, answered: true).prefix(8).enumerated() {
            var event = event
            event.time = WallTime(microseconds: Int64(index) * 1_000_000)
            store.append(event)
        }
        // A quarter of an hour later something else happens, and then the power fails.
        store.append(
            LedgerEvent(
                time: WallTime(microseconds: 900_000_000),
                kind: .unregistered(address: "8003", contact: "sip:x", reason: "expired")))
        while store.statistics.waiting > 0 { usleep(100) }
        let crashed = folder.copy()
        store.close()

        do {
            let listener = Listener()
            let later = try Store(dataFolder: crashed.path, readers: [listener])
            later.close()
            #expect(later.statistics.closedByRestart == 1)
            let record = try #require(try later.reader.callRecord(id))
            #expect(record.endedBy == .restart)
            #expect(record.ended.microseconds == 900_000_000)
            #expect(record.talk == .seconds(893))
            #expect(record.disposition == .answered)
            #expect(record.legs.map(\.endedBy) == [.restart, .restart])
            #expect(listener.events.map(\.kind.name) == ["leg.ended", "leg.ended", "call.ended"])
        }
        // Once is enough.
        let again = try Store(dataFolder: crashed.path)
        #expect(again.statistics.closedByRestart == 0)
        again.close()
    }

    /// Cuts the traffic of one seed anywhere, several times, and compares at every cut.
    @Test("However the process ends, records written as it ran equal those made from the ledger", arguments: 1...12)
    func crash(_ seed: UInt64) throws {
        var entropy = Entropy.seeded(seed &* 0x9E37)
        var traffic = Traffic(seed: seed)
        var folder = DataFolder()
        var options = Store.Options()
        options.batchDelay = .zero
        options.batchCount = 1 + Int(seed % 7)
        for _ in 0..<4 {
            let store = try Store(dataFolder: folder.path, options: options)
            let count = Int(entropy.next() % 120)
            for _ in 0..<count { store.append(traffic.next()) }
            let unwritten = Int(entropy.next() % UInt64(count + 1))
            while store.statistics.waiting > unwritten { usleep(100) }
            // The files as they are at some moment while the writer is at work: whole batches, some calls open.
            let crashed = folder.copy()
            store.close()
            folder = crashed
        }

        let listener = Listener()
        let store = try Store(dataFolder: folder.path, options: options, readers: [listener])
        store.close()
        let events = try store.reader.events(after: 0, limit: 10_000)
        #expect(events.map(\.sequence) == events.indices.map { UInt64($0 + 1) })
        let incremental = try store.reader.callRecords(last: 10_000)
        let started = events.count { if case .callStarted = $0.event.kind { true } else { false } }
        #expect(incremental.count == started)
        try store.rebuildCallRecords()
        #expect(try store.reader.callRecords(last: 10_000) == incremental)
        // Those that the restart closed bear the time when the switch was last known alive.
        let closed = listener.events.filter { if case .callEnded = $0.kind { true } else { false } }
        #expect(store.statistics.closedByRestart == closed.count)
        let lastAlive = events.dropLast(listener.events.count).map(\.event.time).last
        for event in closed {
            #expect(event.time == lastAlive)
            let call = try #require(event.call)
            let record = try #require(try store.reader.callRecord(call))
            #expect(record.endedBy == .restart)
            #expect(record.ended == event.time)
        }
    }
}
