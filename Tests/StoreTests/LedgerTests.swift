// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Glibc
import Testing
import Timing

@testable import Store

@Suite("The ledger")
struct LedgerTests {
    @Test("Events come back in order, numbered from 1 without gaps, as they were")
    func order() throws {
        let folder = DataFolder()
        let store = try Store(dataFolder: folder.path)
        var traffic = Traffic(seed: 1)
        let events = (0..<2000).map { _ in traffic.next() }
        for event in events { store.append(event) }
        store.close()
        var read: [NumberedLedgerEvent] = []
        while case let next = try store.reader.events(after: UInt64(read.count), limit: 300), !next.isEmpty {
            read += next
        }
        #expect(read.map(\.sequence) == Array(1...2000))
        #expect(read.map(\.event) == events)
        let call = try #require(events[0].call)
        #expect(try store.reader.events(of: call).map(\.event) == events.filter { $0.call == call })
    }

    @Test("Texts with quotes, line ends, NUL, other scripts and repeated names come back as they were")
    func texts() throws {
        let fields = [
            LedgerField("a", "\"\\/\n\r\t\u{0}\u{1f}"), LedgerField("a", "王芳 🦆"), LedgerField("", ""),
            LedgerField("a\"b", "{\"x\":1}"),
        ]
        #expect(FieldText.decode(FieldText.encode(fields)) == fields)
        #expect(FieldText.decode(FieldText.encode([])) == [])
        for text in ["", "{", "{}x", "{\"a\"}", "{\"a\":\"b\",}", "{\"a\":\"b", "{\"a\":\"\\u00\"}", "[]"] {
            #expect(FieldText.decode(text) == nil)
        }
        let folder = DataFolder()
        let store = try Store(dataFolder: folder.path)
        let event = LedgerEvent(time: WallTime(microseconds: 7), kind: .note(name: "x.y", fields: fields))
        store.append(event)
        store.close()
        #expect(try store.reader.events(after: 0).map(\.event) == [event])
    }

    @Test("Numbers go on after a restart")
    func restart() throws {
        let folder = DataFolder()
        for run in 1...3 as ClosedRange<UInt64> {
            let store = try Store(dataFolder: folder.path)
            store.append(LedgerEvent(time: .now(), kind: .serverStarted(version: "\(run)")))
            #expect(store.lastSequence == run)
            store.close()
        }
        #expect(try StoreReader(dataFolder: folder.path).events(after: 0).map(\.sequence) == [1, 2, 3])
    }

    @Test("Readers get every event once, in order, when it is durable")
    func readers() throws {
        let folder = DataFolder()
        let listener = Listener()
        let store = try Store(dataFolder: folder.path, readers: [listener])
        var traffic = Traffic(seed: 2)
        let events = (0..<1500).map { _ in traffic.next() }
        for event in events { store.append(event) }
        store.close()
        #expect(listener.events == events)
    }

    @Test("What was appended is written when the store is let go, and closing twice does no harm")
    func letGo() throws {
        let folder = DataFolder()
        do {
            let store = try Store(dataFolder: folder.path)
            store.append(LedgerEvent(time: .now(), kind: .serverStopped))
        }
        let store = try Store(dataFolder: folder.path)
        #expect(store.lastSequence == 1)
        store.close()
        store.close()
    }

    @Test("Two processes cannot have the same data folder")
    func inUse() throws {
        let folder = DataFolder()
        let store = try Store(dataFolder: folder.path)
        #expect(throws: StoreError.inUse(folder: folder.path)) { try Store(dataFolder: folder.path) }
        store.close()
    }

    @Test("The files are for their owner alone")
    func permissions() throws {
        let folder = DataFolder()
        let store = try Store(dataFolder: folder.path)
        store.append(LedgerEvent(time: .now(), kind: .serverStopped))
        for name in ["martlet.sqlite", "martlet.sqlite-wal", "martlet.sqlite-shm"] {
            var status = stat()
            #expect(stat(folder.path + "/" + name, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600, "\(name)")
        }
        store.close()
    }

    @Test("Appending from many threads loses nothing and gives each event one number")
    func threads() async throws {
        let folder = DataFolder()
        let store = try Store(dataFolder: folder.path)
        await withTaskGroup(of: Void.self) { group in
            for shard in 0..<8 {
                group.addTask {
                    for index in 0..<500 {
                        store.append(
                            LedgerEvent(
                                time: WallTime(microseconds: Int64(index)),
                                call: CallID(startSecond: 1, shard: shard, counter: 1), kind: .digit("5")))
                    }
                }
            }
        }
        store.close()
        let events = try store.reader.events(after: 0, limit: 10_000)
        #expect(events.map(\.sequence) == Array(1...4000))
        for shard in 0..<8 {
            // Of one shard in the shard's order.
            let own = events.filter { $0.event.call?.shard == shard }.map(\.event.time.microseconds)
            #expect(own == Array(0..<500))
        }
    }

    @Test("What is on disk survives the machine's power: a copy of the files opens and has it")
    func powerCut() throws {
        let folder = DataFolder()
        var options = Store.Options()
        options.batchDelay = .zero
        let listener = Listener()
        let store = try Store(dataFolder: folder.path, options: options, readers: [listener])
        var traffic = Traffic(seed: 3)
        for _ in 0..<700 { store.append(traffic.next()) }
        // A reader is told of durable events only: what it has must be in any later copy.
        while listener.events.count < 100 { usleep(1000) }
        let told = listener.events
        let copy = folder.copy()
        store.close()
        let kept = try StoreReader(dataFolder: copy.path).events(after: 0).map(\.event)
        #expect(Array(kept.prefix(told.count)) == told)
    }

    @Test("synchronous is FULL and the journal is a WAL, whatever the library's defaults")
    func pragmas() throws {
        let folder = DataFolder()
        let database = try LedgerDatabase.open(path: folder.path + "/martlet.sqlite", busyTimeout: .seconds(1))
        let durability = try database.durability()
        #expect(durability.synchronous == 2)
        #expect(durability.journal == "wal")
    }
}
