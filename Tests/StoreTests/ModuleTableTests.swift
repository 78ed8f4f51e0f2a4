// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Glibc
import Testing
import Timing

@testable import Store

@Suite("Modules' tables")
struct ModuleTableTests {
    private var prompt: Store.Options {
        var options = Store.Options()
        options.batchDelay = .zero
        return options
    }

    @Test("what is set is there at once, and after a restart; namespaces do not mix; nil removes")
    func life() throws {
        let folder = DataFolder()
        var store = try Store(dataFolder: folder.path)
        let hostile = "\"\\/\n\u{0}\u{1f} 王芳 🦆 '; DROP TABLE events; --"
        store.set("8001", "8002", in: "diversions")
        store.set(hostile, hostile, in: "diversions")
        store.set("8001", "", in: "queues")
        store.set("8003", "x", in: "queues")
        store.set("8003", nil, in: "queues")
        #expect(store.all(in: "diversions") == ["8001": "8002", hostile: hostile])
        #expect(store.all(in: "queues") == ["8001": ""])
        #expect(store.all(in: "nobody") == [:])
        store.close()
        store = try Store(dataFolder: folder.path)
        #expect(store.all(in: "diversions") == ["8001": "8002", hostile: hostile])
        #expect(store.all(in: "queues") == ["8001": ""])
        store.set("8001", nil, in: "queues")
        store.close()
        store = try Store(dataFolder: folder.path)
        #expect(store.all(in: "queues") == [:])
        store.close()
    }

    @Test(
        "after a crash no change is there without the events before it, nor an event without the changes before it",
        arguments: 1...8)
    func order(seed: UInt64) throws {
        let folder = DataFolder()
        var options = prompt
        options.batchCount = 1 + Int(seed)
        let store = try Store(dataFolder: folder.path, options: options)
        // Change n comes behind event n and ahead of event n + 1.
        for index in 1...600 {
            store.append(LedgerEvent(seconds: Int64(index), DigitPressed(key: "1")))
            store.set("last", String(index), in: "module")
            if index == 300 { store.settle(to: Int(seed) * 20) }
        }
        let crashed = folder.copy()
        store.close()
        let later = try Store(dataFolder: crashed.path)
        let events = Int(later.lastSequence)
        let last = Int(later.all(in: "module")["last"] ?? "0") ?? -1
        later.close()
        #expect(events > 0)
        #expect(last == events || last == events - 1)
    }

    @Test("what is beyond the bounds is not taken, and is told")
    func bounds() throws {
        let folder = DataFolder()
        let problems = Problems()
        let store = try Store(dataFolder: folder.path, options: prompt, report: problems.report)
        store.set(String(repeating: "k", count: 256), "x", in: "module")
        store.set("k", String(repeating: "v", count: 65_537), in: "module")
        store.set("k", String(repeating: "v", count: 65_536), in: "module")
        #expect(store.all(in: "module").keys.sorted() == ["k"])
        store.close()
        store.set("late", "x", in: "module")
        #expect(store.all(in: "module")["late"] == nil)
        #expect(store.statistics.rowsRefused == 3)
        let told = problems.all.reduce(0) { sum, problem in
            if case .rowsRefused(let count) = problem { sum + count } else { sum }
        }
        #expect(told == 2)
    }

    @Test("changes that wait are bounded; memory has what the disk will have")
    func waiting() throws {
        let folder = DataFolder()
        var options = prompt
        options.busyTimeout = .milliseconds(5)
        options.rowCapacity = 10
        let store = try Store(dataFolder: folder.path, options: options)
        let other = try LedgerDatabase.open(path: folder.path + "/martlet.sqlite", busyTimeout: .seconds(1))
        try other.withoutWriters {
            for index in 0..<100 { store.set("\(index)", "x", in: "module") }
            #expect(store.statistics.rowsRefused > 0)
        }
        let taken = store.all(in: "module")
        store.close()
        #expect(taken.count < 100)
        let later = try Store(dataFolder: folder.path)
        #expect(later.all(in: "module") == taken)
        later.close()
    }

    @Test("more changes than a transaction takes keep their place between the events")
    func many() throws {
        let folder = DataFolder()
        let store = try Store(dataFolder: folder.path)
        let count = LedgerWriter.rowBatchCount * 2 + 7
        store.append(LedgerEvent(seconds: 1, DigitPressed(key: "1")))
        for index in 0..<count { store.set("\(index)", "\(index)", in: "module") }
        store.append(LedgerEvent(seconds: 2, DigitPressed(key: "2")))
        store.close()
        #expect(try store.reader.events(after: 0).count == 2)
        let later = try Store(dataFolder: folder.path)
        #expect(later.all(in: "module").count == count)
        later.close()
    }
}
