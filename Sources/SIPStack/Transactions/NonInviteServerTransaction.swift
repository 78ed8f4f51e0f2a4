// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Timing

/// RFC 3261 §17.2.2.
struct NonInviteServerTransaction: Hashable, Sendable {
    enum State: Hashable, Sendable {
        /// Nothing answered; repeats are discarded. Left by a response, or 64 × T1 without one.
        case trying
        /// A provisional response went out and is repeated on a repeated request.
        case proceeding
        /// The final response is repeated on a repeated request until timer J.
        case completed
        case terminated
    }

    private(set) var state: State = .trying
    let isReliable: Bool
    let timers: StackTimers

    init(isReliable: Bool, timers: StackTimers) {
        self.isReliable = isReliable
        self.timers = timers
    }

    func start() -> [TransactionOutput] {
        [.start(.unanswered, after: timers.transactionTimeout)]
    }

    func repeated() -> [TransactionOutput] {
        state == .proceeding || state == .completed ? [.sendResponse] : []
    }

    mutating func respond(status: Int) -> [TransactionOutput] {
        guard state == .trying || state == .proceeding else { return [] }
        if status < 200 {
            state = .proceeding
            return [.sendResponse]
        }
        if isReliable {
            state = .terminated
            return [.stop(.unanswered), .sendResponse, .terminated]
        }
        state = .completed
        return [.stop(.unanswered), .sendResponse, .start(.j, after: timers.transactionTimeout)]
    }

    mutating func fired(_ timer: TransactionTimer) -> [TransactionOutput] {
        switch (timer, state) {
        case (.unanswered, .trying), (.unanswered, .proceeding):
            state = .terminated
            return [.timedOut, .terminated]
        case (.j, .completed):
            state = .terminated
            return [.terminated]
        default:
            return []
        }
    }

    mutating func transportFailed() -> [TransactionOutput] {
        guard state == .trying || state == .proceeding else { return [] }
        state = .terminated
        return [.stop(.unanswered), .transportFailed, .terminated]
    }
}
