// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Glibc
import Synchronization
import Testing
import Timing

@testable import Store

/// Counts keys pressed, by key. Fails at a key it is told to fail at.
private struct KeyCount: LedgerFold {
    struct Poison: Error, CustomStringConvertible {
        let description = "cannot stand this key"
    }

    var name = "key-count"
    let factNames: Set<String> = [DigitPressed.name]
    var version = 1
    var poison: Character?

    init(poison: Character? = nil, version: Int = 1, name: String = "key-count") {
        self.poison = poison
        self.version = version
        self.name = name
    }

    func apply(_ event: NumberedLedgerEvent, to rows: inout LedgerFoldRows) throws {
        guard let fact = event.event.read(DigitPressed.self) else { return }
        rows[number: String(fact.key)] += 1
        rows[number: "all"] += 1
        if fact.key == poison { throw Poison() }
    }
}

@Suite("Folds of modules")
struct ModuleFoldTests {
    private func key(_ key: Character) -> LedgerEvent { LedgerEvent(seconds: 1, DigitPressed(key: key)) }

    private func run(
        _ folder: DataFolder, _ folds: [any LedgerFold], keys: String, problems: Problems = Problems()
    ) throws -> Store {
        var options = Store.Options()
        options.batchCount = 3
        let store = try Store(dataFolder: folder.path, options: options, folds: folds, report: problems.report)
        for character in keys { store.append(key(character)) }
        store.append(LedgerEvent(seconds: 2, ServerStopped()))
        store.close()
        return store
    }

    @Test("rows are made of the facts it wants, read by all, and go on after a restart")
    func counting() throws {
        let folder = DataFolder()
        var store = try run(folder, [KeyCount()], keys: "1221")
        #expect(store.all(in: "key-count") == ["1": "2", "2": "2", "all": "4"])
        store = try run(folder, [KeyCount()], keys: "1")
        #expect(store.all(in: "key-count") == ["1": "3", "2": "2", "all": "5"])
        // Nobody else writes them.
        let again = try Store(dataFolder: folder.path, folds: [KeyCount()])
        again.set("1", "99", in: "key-count")
        #expect(again.all(in: "key-count")["1"] == "3")
        #expect(again.statistics.rowsRefused == 1)
        again.close()
    }

    @Test("a fold that is new is given the whole ledger, one that was away what it has missed")
    func late() throws {
        let folder = DataFolder()
        _ = try run(folder, [], keys: String(repeating: "7", count: 2500))
        var store = try run(folder, [KeyCount()], keys: "")
        #expect(store.all(in: "key-count") == ["7": "2500", "all": "2500"])
        _ = try run(folder, [], keys: "88")
        store = try run(folder, [KeyCount()], keys: "9")
        #expect(store.all(in: "key-count") == ["7": "2500", "8": "2", "9": "1", "all": "2503"])
    }

    @Test("one that throws is named and disabled, its last event undone; ledger, records and other folds go on")
    func throwing() throws {
        let folder = DataFolder()
        let problems = Problems()
        var store = try run(
            folder, [KeyCount(poison: "3"), KeyCount(name: "other")], keys: "12345", problems: problems)
        #expect(
            problems.all == [.foldFailed(name: "key-count", sequence: 3, reason: "cannot stand this key")])
        #expect(store.all(in: "key-count") == ["1": "1", "2": "1", "all": "2"])
        #expect(store.all(in: "other")["all"] == "5")
        #expect(try store.reader.events(after: 0).count == 6)

        // The next start tries again from there, as often as it takes.
        let still = Problems()
        store = try run(folder, [KeyCount(poison: "3"), KeyCount(name: "other")], keys: "6", problems: still)
        #expect(still.all == problems.all)
        #expect(store.all(in: "key-count")["all"] == "2")
        // Mended, it has missed nothing.
        store = try run(folder, [KeyCount(), KeyCount(name: "other")], keys: "")
        #expect(store.all(in: "key-count") == store.all(in: "other"))
        #expect(store.all(in: "key-count")["all"] == "6")
    }

    @Test("a row beyond the bounds disables the fold as an error does")
    func bounds() throws {
        struct Greedy: LedgerFold {
            let name = "greedy"
            let factNames: Set<String> = [DigitPressed.name]
            func apply(_ event: NumberedLedgerEvent, to rows: inout LedgerFoldRows) {
                rows["x"] = String(repeating: "x", count: 70_000)
            }
        }
        let folder = DataFolder()
        let problems = Problems()
        let store = try run(folder, [Greedy()], keys: "1", problems: problems)
        #expect(store.all(in: "greedy") == [:])
        guard case .foldFailed("greedy", 1, _) = problems.all.first else {
            Issue.record("\(problems.all)")
            return
        }
    }

    @Test("a transaction that fails and is tried again counts nothing twice")
    func retried() throws {
        let folder = DataFolder()
        let problems = Problems()
        var options = Store.Options()
        options.busyTimeout = .milliseconds(5)
        options.batchDelay = .zero
        let store = try Store(dataFolder: folder.path, options: options, folds: [KeyCount()], report: problems.report)
        let other = try LedgerDatabase.open(path: folder.path + "/martlet.sqlite", busyTimeout: .seconds(1))
        try other.withoutWriters {
            for _ in 0..<700 { store.append(key("1")) }
            while problems.all.isEmpty { usleep(1000) }
            // What is not durable is not told.
            #expect(store.all(in: "key-count") == [:])
        }
        store.close()
        #expect(store.all(in: "key-count") == ["1": "700", "all": "700"])
    }

    @Test("rows and events are there together or not at all, wherever the power fails", arguments: 1...6)
    func atomic(seed: Int) throws {
        let folder = DataFolder()
        var options = Store.Options()
        options.batchDelay = .zero
        options.batchCount = seed
        let store = try Store(dataFolder: folder.path, options: options, folds: [KeyCount()])
        for _ in 0..<500 { store.append(key("1")) }
        store.settle(to: seed * 70)
        let crashed = folder.copy()
        store.close()
        let events = try StoreReader(dataFolder: crashed.path).events(after: 0).count
        let counted = try crashed.sql("SELECT value FROM module_rows WHERE key = 'all'")
        #expect(counted == [String(events)])
    }

    @Test("rows of an earlier form are migrated once; those of a newer one are left alone, and it is told")
    func migration() throws {
        struct Renamed: LedgerFold {
            let name = "key-count"
            let factNames: Set<String> = [DigitPressed.name]
            let version = 2
            func migrate(_ rows: inout LedgerFoldRows, from version: Int) {
                rows["total"] = rows["all"]
                rows["all"] = nil
            }
            func apply(_ event: NumberedLedgerEvent, to rows: inout LedgerFoldRows) { rows[number: "total"] += 1 }
        }
        let folder = DataFolder()
        _ = try run(folder, [KeyCount()], keys: "11")
        var store = try run(folder, [Renamed()], keys: "1")
        #expect(store.all(in: "key-count") == ["1": "2", "total": "3"])
        store = try run(folder, [Renamed()], keys: "1")
        #expect(store.all(in: "key-count") == ["1": "2", "total": "4"])
        let problems = Problems()
        store = try run(folder, [KeyCount()], keys: "1", problems: problems)
        #expect(store.all(in: "key-count") == ["1": "2", "total": "4"])
        guard case .foldFailed("key-count", 0, _) = problems.all.first else {
            Issue.record("\(problems.all)")
            return
        }
    }
}
