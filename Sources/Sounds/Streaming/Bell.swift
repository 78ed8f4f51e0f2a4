// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// Wakes a thread that sleeps for a while. A ring that comes before the sleep ends it at once.
///
/// Safe to share: what is in it is only touched under its mutex.
final class Bell: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var isRung = false

    init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // A clock that is set must not make a sleep longer.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func ring() {
        pthread_mutex_lock(mutex)
        isRung = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Sleeps until the next ring, at most `milliseconds` below 1000.
    func wait(milliseconds: Int) {
        var until = timespec()
        clock_gettime(CLOCK_MONOTONIC, &until)
        until.tv_nsec += milliseconds * 1_000_000
        if until.tv_nsec >= 1_000_000_000 {
            until.tv_nsec -= 1_000_000_000
            until.tv_sec += 1
        }
        pthread_mutex_lock(mutex)
        while !isRung, pthread_cond_timedwait(condition, mutex, &until) == 0 {}
        isRung = false
        pthread_mutex_unlock(mutex)
    }
}
