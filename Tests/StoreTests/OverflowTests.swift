// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Glibc
import Testing
import Timing

@testable import Store

@Suite("When the disk does not keep up")
struct OverflowTests {
    private func note(_ index: Int) -> LedgerEvent {
        LedgerEvent(time: WallTime(microseconds: Int64(index)), at: Instant(nanoseconds: 0), DigitPressed(key: "1"))
    }

    @Test("What a full queue loses is counted and told where it is missing, and numbers have no gap")
    func marker() {
        let queue = LedgerQueue(nextSequence: 11, capacity: 4, bindingCapacity: 1, rowCapacity: 1, batchCount: 2)
        let numbers = (0..<7).map { queue.append(note($0)) }
        // What is lost has no number.
        #expect(numbers == [11, 12, 13, 14, 0, 0, 0])
        let first = queue.take(delay: .zero, until: .now())
        #expect(first.events.map(\.sequence) == [11, 12, 13, 14])
        // Taken but not written still counts.
        #expect(queue.append(note(7)) == 0)
        let told = queue.wrote(4, at: Moment(seconds: 99))
        #expect(told.lost == 4)
        queue.append(note(8))
        let second = queue.take(delay: .zero, until: .now())
        #expect(second.events.map(\.sequence) == [15, 16])
        #expect(second.events.map(\.event.name) == [EventsLost.name, DigitPressed.name])
        #expect(second.events[0].event.read(EventsLost.self) == EventsLost(count: 4))
        #expect(queue.snapshot.lost == 4)
    }

    @Test("The latest state of a binding counts, and the bound holds")
    func bindings() {
        let queue = LedgerQueue(nextSequence: 1, capacity: 1, bindingCapacity: 1, rowCapacity: 1, batchCount: 1)
        let key = StoredBinding.Key(addressOfRecord: "8001", contact: "sip:a@b")
        let binding = StoredBinding(
            key: key, transport: "UDP", address: "127.0.0.1", port: 5070, listener: 0, callID: "x", cseq: 1,
            expires: .now())
        queue.set(key, binding)
        queue.set(StoredBinding.Key(addressOfRecord: "8002", contact: "sip:a@b"), binding)
        queue.set(key, nil)
        let work = queue.take(delay: .zero, until: .now())
        #expect(work.bindings == [key: nil])
        #expect(queue.snapshot.bindingsLost == 1)
    }

    @Test("A locked database is reported, nothing is lost, and writing goes on when it is free")
    func locked() throws {
        let folder = DataFolder()
        let problems = Problems()
        var options = Store.Options()
        options.busyTimeout = .milliseconds(5)
        options.batchDelay = .zero
        let store = try Store(dataFolder: folder.path, options: options, report: problems.report)
        let other = try LedgerDatabase.open(path: folder.path + "/martlet.sqlite", busyTimeout: .seconds(1))
        try other.withoutWriters {
            for index in 0..<3000 { store.append(note(index)) }
            while problems.all.isEmpty { usleep(1000) }
            #expect(store.statistics.waiting == 3000)
            #expect(store.statistics.lost == 0)
        }
        store.close()
        guard case .failing = problems.all.first else {
            Issue.record("\(problems.all)")
            return
        }
        #expect(problems.all.dropFirst() == [.recovered])
        #expect(try store.reader.events(after: 0, limit: 10_000).map(\.event.time.microseconds) == Array(0..<3000))
    }

    @Test("While it is locked the queue's bound holds; the ledger then says how many are missing")
    func lockedAndFull() throws {
        let folder = DataFolder()
        let problems = Problems()
        var options = Store.Options()
        options.busyTimeout = .milliseconds(5)
        options.queueCapacity = 1000
        let store = try Store(dataFolder: folder.path, options: options, report: problems.report)
        let other = try LedgerDatabase.open(path: folder.path + "/martlet.sqlite", busyTimeout: .seconds(1))
        try other.withoutWriters {
            for index in 0..<1500 { store.append(note(index)) }
            #expect(store.statistics.waiting == 1000)
        }
        store.close()
        let events = try store.reader.events(after: 0, limit: 10_000)
        #expect(events.map(\.sequence) == Array(1...1001))
        #expect(events.last?.event.read(EventsLost.self) == EventsLost(count: 500))
        #expect(problems.all.contains(.overflow(lost: 500)))
    }

    @Test("Closing while the database stays locked gives up in time and says what was not written")
    func abandoned() throws {
        let folder = DataFolder()
        let problems = Problems()
        var options = Store.Options()
        options.busyTimeout = .milliseconds(5)
        options.closePatience = .milliseconds(20)
        let store = try Store(dataFolder: folder.path, options: options, report: problems.report)
        let other = try LedgerDatabase.open(path: folder.path + "/martlet.sqlite", busyTimeout: .seconds(1))
        try other.withoutWriters {
            for index in 0..<10 { store.append(note(index)) }
            store.close()
        }
        #expect(problems.all.last == .abandoned(events: 10, bindings: 0))
        #expect(try store.reader.events(after: 0).isEmpty)
    }
}
