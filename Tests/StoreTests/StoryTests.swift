// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Glibc
import Testing
import Timing

@testable import Store

@Suite("Random calls")
struct StoryTests {
    private func microseconds(_ duration: Duration) -> Int64 { duration.nanoseconds / 1000 }

    @Test("every talk has two ends, and the sums agree with the records to the microsecond", arguments: 1...20)
    func sums(seed: UInt64) throws {
        let folder = DataFolder()
        var options = Store.Options()
        options.batchDelay = .zero
        options.batchCount = 1 + Int(seed % 9)
        let store = try Store(dataFolder: folder.path, options: options)
        var stories = Stories(seed: seed, run: store.run)
        for _ in 0..<1500 { store.append(stories.next()) }
        for event in stories.finish() { store.append(event) }
        store.close()

        let records = try store.reader.callRecords(last: 10_000)
        #expect(Set(records.map(\.call)) == Set(stories.begunCalls), "seed \(seed)")
        #expect(records.count == stories.begunCalls.count, "seed \(seed)")
        let legs = try stories.begunCalls.flatMap { try store.reader.legs(of: $0) }
        #expect(Set(legs.map(\.leg)) == Set(stories.begunLegs), "seed \(seed)")
        #expect(legs.count == stories.begunLegs.count, "seed \(seed)")

        var said: [LegID: Int64] = [:]
        for record in records {
            let talks = try store.reader.talks(of: record.call)
            for talk in talks {
                #expect(talk.duration >= .zero)
                said[talk.leg, default: 0] += microseconds(talk.duration)
                said[talk.peer, default: 0] += microseconds(talk.duration)
            }
            #expect(record.talk == talks.reduce(.zero) { $0 + $1.duration }, "seed \(seed)")
            #expect(microseconds(record.talk) == stories.saidInCall[record.call, default: 0], "seed \(seed)")
        }
        #expect(said.filter { $0.value > 0 } == stories.saidByLeg.filter { $0.value > 0 }, "seed \(seed)")
        let known = Set(legs.map(\.leg))
        #expect(said.keys.allSatisfy(known.contains), "seed \(seed)")
        let links = try stories.begunCalls.flatMap { try store.reader.links(of: $0) }
        // Each is found from both its ends.
        #expect(links.count == 2 * stories.links, "seed \(seed)")
        #expect(try folder.sql("SELECT call FROM open_calls") == [], "seed \(seed)")
    }

    /// Cuts the stories of one seed anywhere, several times, and compares at every cut.
    @Test("however the process ends, records written as it ran equal those made from the ledger", arguments: 1...12)
    func crash(seed: UInt64) throws {
        var entropy = Entropy.seeded(seed &* 0x9E37)
        var folder = DataFolder()
        var options = Store.Options()
        options.batchDelay = .zero
        options.batchCount = 1 + Int(seed % 7)
        // The heartbeat is not what is tried here.
        options.clock = { Moment(seconds: 0) }
        for run in 1...4 as ClosedRange<UInt32> {
            let store = try Store(dataFolder: folder.path, options: options)
            #expect(store.run == run)
            var stories = Stories(seed: seed &+ UInt64(run) << 32, run: store.run)
            let count = Int(entropy.next() % 300)
            for _ in 0..<count { store.append(stories.next()) }
            store.settle(to: Int(entropy.next() % UInt64(count + 1)))
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
        func rows() throws -> [[String]] {
            try ["calls", "legs", "talks", "links"].map { table in
                let columns = try folder.sql("SELECT name FROM pragma_table_info('\(table)')")
                return try folder.sql("SELECT json_array(\(columns.joined(separator: ","))) FROM \(table) ORDER BY 1")
            }
        }
        let incremental = try rows()
        #expect(incremental[0].count == events.count { $0.event.name == CallStarted.name }, "seed \(seed)")
        #expect(incremental[1].count == events.count { $0.event.name == LegStarted.name }, "seed \(seed)")
        try store.rebuildCallRecords()
        #expect(try rows() == incremental, "seed \(seed)")
        #expect(try folder.sql("SELECT call FROM open_calls") == [], "seed \(seed)")

        // Those that the restart closed bear the time when the switch was last known alive.
        let closed = listener.numbered.filter { $0.event.name == CallEnded.name }
        #expect(store.statistics.closedByRestart == closed.count)
        for event in closed {
            let call = try #require(event.event.call)
            let record = try #require(try store.reader.callRecord(call))
            #expect(record.endedBy == .restart)
            // With its last leg, if that had ended by itself, else when the switch was last known alive.
            let ends = events.filter { $0.event.name == LegEnded.name }.map(\.event.time)
            #expect(record.ended == event.event.time || ends.contains(record.ended))
            #expect(record.lastSequence == event.sequence)
        }
    }
}
