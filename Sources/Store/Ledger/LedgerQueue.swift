// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Glibc
internal import Timing

/// What waits to be written: events in the order of their numbers, changes of modules' tables between them, and changes
/// to registrar bindings.
///
/// Anybody may put in; one thread, the writer, takes out. What has been taken but not yet written still counts
/// against the bound, so a database that cannot be written to never makes the process grow.
///
/// `@unchecked Sendable`: everything mutable is touched under `mutex` only.
final class LedgerQueue: @unchecked Sendable {
    struct Work {
        var events: [NumberedLedgerEvent] = []
        var rows: [WaitingRow] = []
        var bindings: [StoredBinding.Key: StoredBinding?] = [:]
        var isClosing = false

        var isEmpty: Bool { events.isEmpty && rows.isEmpty && bindings.isEmpty }
    }

    struct WaitingRow: Hashable, Sendable {
        /// The number of the last event put in before it.
        var after: UInt64
        var row: ModuleRow
    }

    struct Counters: Hashable, Sendable {
        var appended: UInt64 = 0
        var lost: UInt64 = 0
        var bindingsLost: UInt64 = 0
        var rowsRefused: UInt64 = 0
        var waiting = 0
    }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private let capacity: Int
    private let bindingCapacity: Int
    private let rowCapacity: Int
    private let batchCount: Int

    private var work = Work()
    private var nextSequence: UInt64
    /// Taken by the writer and not yet written.
    private var inFlight = 0
    /// Lost since the last marker.
    private var unmarkedLost = 0
    /// Refused since the last report.
    private var unreportedRows = 0
    private var counters = Counters()

    /// - Parameters:
    ///   - nextSequence: of the next event.
    ///   - capacity: events that may wait; what comes beyond is counted and told in the ledger.
    ///   - rowCapacity: changes of modules' tables that may wait; what comes beyond is refused, counted and reported.
    ///   - batchCount: so many waiting events wake the writer before its time.
    init(nextSequence: UInt64, capacity: Int, bindingCapacity: Int, rowCapacity: Int, batchCount: Int) {
        self.nextSequence = nextSequence
        self.capacity = max(1, capacity)
        self.bindingCapacity = max(1, bindingCapacity)
        self.rowCapacity = max(1, rowCapacity)
        self.batchCount = max(1, batchCount)
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // A step of the wall clock must not delay a batch.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    private func locked<R>(_ body: () -> R) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    // MARK: Putting in

    /// Puts the event in and gives its number; 0 when the queue is full or closing.
    @discardableResult
    func append(_ event: LedgerEvent) -> UInt64 {
        locked {
            guard !work.isClosing, inFlight + work.events.count < capacity else {
                counters.lost += 1
                unmarkedLost += 1
                return 0
            }
            put(event)
            // The first event starts the writer's time, a full batch ends it.
            if work.events.count == 1 || work.events.count == batchCount { pthread_cond_signal(condition) }
            return nextSequence - 1
        }
    }

    private func put(_ event: LedgerEvent) {
        work.events.append(NumberedLedgerEvent(sequence: nextSequence, event: event))
        nextSequence += 1
        counters.appended += 1
    }

    /// Puts in a change of a module's table, behind the events there are; false when the queue is full or closing.
    func append(_ row: ModuleRow) -> Bool {
        locked {
            guard !work.isClosing, work.rows.count < rowCapacity else {
                countRefusal()
                return false
            }
            work.rows.append(WaitingRow(after: nextSequence - 1, row: row))
            if work.rows.count == 1 { pthread_cond_signal(condition) }
            return true
        }
    }

    /// Counts a change that was refused before it came here.
    func refuseRow() { locked { countRefusal() } }

    private func countRefusal() {
        counters.rowsRefused += 1
        unreportedRows += 1
    }

    /// How many changes of modules' tables were refused since the last time this was asked.
    func takeRefusedRows() -> Int {
        locked {
            defer { unreportedRows = 0 }
            return unreportedRows
        }
    }

    /// The latest state of a binding takes the place of one that still waits; nil removes it.
    func set(_ key: StoredBinding.Key, _ binding: StoredBinding?) {
        locked {
            guard !work.isClosing, work.bindings.count < bindingCapacity || work.bindings[key] != nil else {
                counters.bindingsLost += 1
                return
            }
            let wasEmpty = work.bindings.isEmpty
            work.bindings[key] = .some(binding)
            if wasEmpty { pthread_cond_signal(condition) }
        }
    }

    /// Nothing is taken in any more; the writer writes what waits and ends.
    func close() {
        locked {
            work.isClosing = true
            pthread_cond_broadcast(condition)
        }
    }

    // MARK: Taking out

    /// Waits for work until `deadline`, then up to `delay` for more of it, and takes it all. Only the writer calls this.
    func take(delay: Duration, until deadline: Instant) -> Work {
        locked {
            while work.isEmpty, !work.isClosing {
                guard wait(until: deadline) else { break }
            }
            if work.isEmpty, !work.isClosing { return Work() }
            let end = Instant.now().advanced(by: delay)
            while work.events.count < batchCount, !work.isClosing, wait(until: end) {}
            let taken = work
            inFlight = taken.events.count
            work = Work(isClosing: taken.isClosing)
            return taken
        }
    }

    /// Waits for the end of `delay` or for `close`, whichever comes first. Between attempts to write.
    func pause(_ delay: Duration) {
        locked {
            let deadline = Instant.now().advanced(by: delay)
            while !work.isClosing, wait(until: deadline) {}
        }
    }

    var isClosing: Bool { locked { work.isClosing } }

    /// So many of the events taken are durable. Room has come, so the loss of earlier ones can be told.
    func wrote(_ count: Int, at moment: Moment) -> (lost: Int?, waiting: Int) {
        locked {
            inFlight -= count
            guard unmarkedLost > 0, inFlight + work.events.count < capacity else {
                return (nil, inFlight + work.events.count)
            }
            let lost = unmarkedLost
            unmarkedLost = 0
            // Numbered behind what was accepted before the loss, ahead of what is accepted after.
            put(LedgerEvent(time: moment.time, at: moment.at, EventsLost(count: lost)))
            return (lost, inFlight + work.events.count)
        }
    }

    var snapshot: Counters {
        locked {
            var now = counters
            now.waiting = inFlight + work.events.count
            return now
        }
    }

    /// The number of the last event put in.
    var lastSequence: UInt64 { locked { nextSequence - 1 } }

    /// False when the deadline has passed.
    private func wait(until deadline: Instant) -> Bool {
        var time = timespec(
            tv_sec: Int(deadline.nanoseconds / 1_000_000_000), tv_nsec: Int(deadline.nanoseconds % 1_000_000_000))
        return pthread_cond_timedwait(condition, mutex, &time) != ETIMEDOUT
    }
}
