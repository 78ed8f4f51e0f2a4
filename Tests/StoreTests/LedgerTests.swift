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
        var stories = Stories(seed: 1)
        let events = (0..<2000).map { _ in stories.next() }
        // The number is known before the disk.
        for (index, event) in events.enumerated() { #expect(store.append(event) == UInt64(index + 1)) }
        store.close()
        var read: [NumberedLedgerEvent] = []
        while case let next = try store.reader.events(after: UInt64(read.count), limit: 300), !next.isEmpty {
            read += next
        }
        #expect(read.map(\.sequence) == Array(1...2000))
        #expect(read.map(\.event) == events)
        let call = try #require(events[0].call)
        #expect(try store.reader.events(of: call).map(\.event) == events.filter { $0.call == call })
        for leg in stories.begunLegs.prefix(100) {
            #expect(try store.reader.events(of: leg).map(\.event) == events.filter { $0.leg == leg })
        }
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
        let event = LedgerEvent(seconds: 7, Note(name: "x.y", fields: fields))
        store.append(event)
        store.close()
        #expect(try store.reader.events(after: 0).map(\.event) == [event])
    }

    /// Of a module that is not installed any more, or of a newer version.
    @Test("A fact that nobody here knows comes back with its name and fields, and typed for who knows it")
    func unknown() throws {
        struct Joined: LedgerFact, Hashable {
            static let name = "queue.joined"
            var queue: String
            var caller: LegID
            init(queue: String, caller: LegID) {
                self.queue = queue
                self.caller = caller
            }
            var fields: [LedgerField] { [LedgerField("queue", queue), LedgerField("caller", caller)] }
            init?(fields: LedgerFields) {
                guard let queue = fields.text("queue"), let caller = fields.leg("caller") else { return nil }
                self.init(queue: queue, caller: caller)
            }
        }
        let folder = DataFolder()
        let store = try Store(dataFolder: folder.path)
        let fact = Joined(queue: "sales & \"service\"", caller: LegID(rawValue: 9))
        store.append(LedgerEvent(seconds: 1, fact))
        store.close()
        let event = try #require(try store.reader.events(after: 0).first?.event)
        #expect(event.name == "queue.joined")
        #expect(event.fact.fields == fact.fields)
        #expect(event.read(Joined.self) == fact)
        #expect(event.read(CallEnded.self) == nil)
    }

    @Test("Numbers go on after a restart")
    func restart() throws {
        let folder = DataFolder()
        for run in 1...3 as ClosedRange<UInt64> {
            let store = try Store(dataFolder: folder.path)
            store.append(LedgerEvent(seconds: 1, ServerStarted(version: "1", run: store.run)))
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
        var stories = Stories(seed: 2)
        let events = (0..<1500).map { _ in stories.next() }
        for event in events { store.append(event) }
        store.close()
        #expect(listener.events == events)
        #expect(listener.numbered.map(\.sequence) == Array(1...1500))
    }

    @Test("What was appended is written when the store is let go, and closing twice does no harm")
    func letGo() throws {
        let folder = DataFolder()
        do {
            let store = try Store(dataFolder: folder.path)
            store.append(LedgerEvent(seconds: 1, ServerStopped()))
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
        store.append(LedgerEvent(seconds: 1, ServerStopped()))
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
                                seconds: Int64(index), call: CallID(rawValue: UInt64(shard)), DigitPressed(key: "5")))
                    }
                }
            }
        }
        store.close()
        let events = try store.reader.events(after: 0, limit: 10_000)
        #expect(events.map(\.sequence) == Array(1...4000))
        for shard in 0..<8 {
            // Of one thread in the thread's order.
            let own = events.filter { $0.event.call?.rawValue == UInt64(shard) }.map(\.event.time.microseconds)
            #expect(own == (0..<500).map { $0 * 1_000_000 })
        }
    }

    @Test("What is on disk survives the machine's power: a copy of the files opens and has it")
    func powerCut() throws {
        let folder = DataFolder()
        var options = Store.Options()
        options.batchDelay = .zero
        let listener = Listener()
        let store = try Store(dataFolder: folder.path, options: options, readers: [listener])
        var stories = Stories(seed: 3)
        for _ in 0..<700 { store.append(stories.next()) }
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
