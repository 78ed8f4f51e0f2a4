// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing
import Timing

@testable import Store

@Suite("A data folder of an earlier version")
struct EarlierFolderTests {
    private let folder = DataFolder()
    private let over = CallID(rawValue: 7_730_941_132_816_777_217)
    private let open = CallID(rawValue: 7_730_941_132_816_777_218)

    init() throws {
        try folder.sql(EarlierFolder.dump)
        try folder.sql("PRAGMA journal_mode = WAL")
    }

    private func expectFirst(_ reader: StoreReader) throws {
        let record = try #require(try reader.callRecord(over))
        #expect(record.from == .trunk("gateway", number: "138"))
        #expect(record.callerName == "王 \"O'Neill\"")
        #expect(record.to == .seat("8002"))
        #expect(record.duration == .microseconds(12_000_012))
        #expect(record.answeredDuration == .microseconds(6_000_006))
        #expect(record.talk == .microseconds(1_000_001))
        #expect(record.disposition == .answered)
        #expect((record.firstSequence, record.lastSequence) == (2, 14))
        let legs = try reader.legs(of: over)
        #expect(legs.map(\.leg.rawValue) == [1, 2])
        #expect(legs.map(\.party) == [.trunk("gateway", number: "138"), .seat("8002")])
        #expect(legs.map(\.statistics.packetsReceived) == [500, 500])
        #expect(try reader.events(of: over).count == 13)
        #expect(try reader.talks(of: over) == [])
        #expect(try reader.links(of: over) == [])
    }

    @Test("is read as it is, before a switch has opened it")
    func reading() throws {
        let reader = try StoreReader(dataFolder: folder.path)
        try expectFirst(reader)
        #expect(try reader.callRecords(last: 10).map(\.call) == [over])
        #expect(try reader.callRecord(open) == nil)
        #expect(try reader.events(after: 0).count == 24)
        #expect(try reader.bindings(at: WallTime(microseconds: 0)).map(\.key.addressOfRecord) == ["8002"])
        #expect(reader.isEarlier)
    }

    @Test("opens; its records stay, the call that was open is ended, new calls come beside them")
    func opening() throws {
        let store = try Store(dataFolder: folder.path)
        #expect(store.run == 1)
        #expect(store.lastSequence == 25)
        try expectFirst(store.reader)
        let ended = try #require(try store.reader.callRecord(open))
        #expect(ended.endedBy == .restart)
        #expect(ended.ended.microseconds == 1_800_000_024_000_024)
        #expect(ended.talk == .microseconds(1_000_001))
        #expect(ended.disposition == .answered)
        #expect(ended.to == .seat("8002"))
        #expect(ended.recording == "/tmp/x.wav")
        #expect(try store.reader.legs(of: open).map(\.endedBy) == [.restart, .restart])
        #expect(try store.reader.legs(of: open).map(\.talk) == [.microseconds(1_000_001), .microseconds(1_000_001)])
        #expect(try store.reader.bindings(at: WallTime(microseconds: 0)).count == 1)
        let last = try #require(try store.reader.events(after: 24).first)
        #expect(last.event.read(CallEnded.self)?.by == .restart)

        var source = IdentifierSource(run: store.run)
        let call = PlainCall(&source)
        for event in call.events(answered: true) {
            var event = event
            event.time = WallTime(microseconds: 1_900_000_000_000_000)
            #expect(store.append(event) > 25)
        }
        store.close()
        #expect(try store.reader.callRecords(last: 10).map(\.call) == [call.call, open, over])
        #expect(try store.reader.callRecords(last: 2).map(\.call) == [call.call, open])
        try store.rebuildCallRecords()
        #expect(try store.reader.callRecords(last: 10).map(\.call) == [call.call, open, over])
        try expectFirst(try StoreReader(dataFolder: folder.path))
    }
}
