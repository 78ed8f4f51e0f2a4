// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Glibc
import Synchronization
import Timing

@testable import Store

/// A data folder that is removed at the end.
final class DataFolder: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/martlet-store-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? ""
    }

    deinit {
        for name in ["martlet.sqlite", "martlet.sqlite-wal", "martlet.sqlite-shm", "martlet.lock"] {
            unlink(path + "/" + name)
        }
        rmdir(path)
    }

    /// What a power cut would leave: the files as they are now, the lock aside.
    func copy() -> DataFolder {
        let copy = DataFolder()
        for name in ["martlet.sqlite", "martlet.sqlite-wal"] {
            let source = open(path + "/" + name, O_RDONLY)
            let target = open(copy.path + "/" + name, O_WRONLY | O_CREAT, 0o600)
            var buffer = [UInt8](repeating: 0, count: 65536)
            while case let count = read(source, &buffer, buffer.count), count > 0 { write(target, buffer, count) }
            close(source)
            close(target)
        }
        return copy
    }
}

/// Remembers what the store reports.
final class Problems: Sendable {
    private let seen = Mutex<[StoreProblem]>([])
    var all: [StoreProblem] { seen.withLock { $0 } }
    var report: @Sendable (StoreProblem) -> Void { { problem in self.seen.withLock { $0.append(problem) } } }
}

/// Remembers what it is given to read.
final class Listener: LedgerReader {
    private let seen = Mutex<[LedgerEvent]>([])
    var events: [LedgerEvent] { seen.withLock { $0 } }
    func read(_ events: [LedgerEvent]) { seen.withLock { $0 += events } }
}

/// Makes events of calls that go as calls go, from a seed.
struct Traffic {
    private var entropy: Entropy
    private var counter: UInt32 = 0
    /// Microseconds.
    private(set) var now: Int64 = 1_800_000_000_000_000
    /// Steps still to come of calls under way.
    private var scripts: [[LedgerEvent]] = []

    init(seed: UInt64) { entropy = .seeded(seed) }

    /// The next event, with calls interleaved at random.
    mutating func next() -> LedgerEvent {
        if scripts.count < 8, scripts.isEmpty || entropy.next() % 3 == 0 { scripts.append(script()) }
        let index = Int(entropy.next() % UInt64(scripts.count))
        var event = scripts[index].removeFirst()
        if scripts[index].isEmpty { scripts.remove(at: index) }
        now += Int64(entropy.next() % 2_000_000)
        event.time = WallTime(microseconds: now)
        return event
    }

    private mutating func script() -> [LedgerEvent] {
        counter += 1
        let id = CallID(startSecond: 1_800_000_000, shard: Int(counter % 4), counter: counter)
        let isAnswered = entropy.next() % 3 > 0
        return Traffic.call(id, answered: isAnswered, recorded: entropy.next() % 2 == 0)
    }

    /// A call from seat 8001 to seat 8002; times are set later.
    static func call(_ id: CallID, answered: Bool, recorded: Bool = false) -> [LedgerEvent] {
        var events: [LedgerEvent] = []
        func add(_ leg: UInt16?, _ kind: LedgerEventKind) {
            events.append(LedgerEvent(time: WallTime(microseconds: 0), call: id, leg: leg, kind: kind))
        }
        var statistics = LegStatistics()
        statistics.packetsReceived = 500
        add(
            nil,
            .callStarted(
                from: .seat("8001"), caller: CallerIdentity(number: "8001", name: "王 \"O'Neill\""), dialled: "8002",
                context: "seats"))
        add(1, .legStarted(party: .seat("8001"), incoming: true, sipCallID: "a@b", address: "127.0.0.1:5070"))
        add(nil, .dialStarted(targets: "Seat/8002"))
        add(2, .legStarted(party: .seat("8002"), incoming: false, sipCallID: "c@d", address: "127.0.0.1:5080"))
        add(2, .legRinging)
        if answered {
            add(2, .legAnswered(codec: "PCMA"))
            add(1, .legAnswered(codec: "PCMU"))
            if recorded { add(1, .recordingStarted(path: "/tmp/x.wav")) }
            add(1, .bridged(peer: 2))
            add(1, .unbridged(peer: 2))
        }
        let cause: HangupCause = answered ? .normalClearing : .noAnswer
        add(2, .legEnded(cause: cause, by: .callee, sipStatus: answered ? 200 : 480, statistics: statistics))
        add(1, .legEnded(cause: cause, by: .callee, sipStatus: nil, statistics: statistics))
        add(nil, .callEnded(cause: cause, disposition: answered ? .answered : .noAnswer, by: .callee))
        return events
    }
}
