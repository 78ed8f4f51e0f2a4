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

    /// The first column of what the last statement of `sql` gives.
    @discardableResult
    func sql(_ sql: String) throws -> [String] { try LedgerDatabase.execute(sql, at: path + "/" + Store.fileName) }
}

extension Store {
    /// Waits until so many events at most are not durable.
    func settle(to waiting: Int = 0) {
        while statistics.waiting > waiting { usleep(100) }
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
    private let seen = Mutex<[NumberedLedgerEvent]>([])
    var numbered: [NumberedLedgerEvent] { seen.withLock { $0 } }
    var events: [LedgerEvent] { numbered.map(\.event) }
    func read(_ events: [NumberedLedgerEvent]) { seen.withLock { $0 += events } }
}

/// A clock that stands until it is set.
final class StandingClock: Sendable {
    private let now: Mutex<Moment>
    init(seconds: Int64) { now = Mutex(Moment(seconds: seconds)) }
    func set(seconds: Int64) { now.withLock { $0 = Moment(seconds: seconds) } }
    var read: @Sendable () -> Moment { { self.now.withLock { $0 } } }
}

extension Moment {
    /// Both clocks at so many seconds.
    init(seconds: Int64) { self.init(time: WallTime(microseconds: seconds * 1_000_000), elapsed: seconds * 1_000_000) }
}

extension LedgerEvent {
    /// At so many seconds of both clocks.
    init(seconds: Int64, call: CallID? = nil, leg: LegID? = nil, _ fact: any LedgerFact) {
        let moment = Moment(seconds: seconds)
        self.init(time: moment.time, at: moment.at, call: call, leg: leg, fact)
    }
}

/// What the fold makes of events, one a second from second 100 on unless they bring their times.
struct Folded {
    var fold = RecordFold()
    var rows = RecordRows()

    init(_ events: [LedgerEvent], keepingTimes: Bool = false) {
        for (index, event) in events.enumerated() {
            var event = event
            if !keepingTimes {
                let moment = Moment(seconds: Int64(100 + index))
                event.time = moment.time
                event.at = moment.at
            }
            fold.apply(NumberedLedgerEvent(sequence: UInt64(index + 1), event: event))
        }
        rows = fold.takeRows()
    }
}
