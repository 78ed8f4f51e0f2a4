// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Timing

/// RFC 3261 §17.1.1 with the Accepted state of RFC 6026 §7.2.
struct InviteClientTransaction: Hashable, Sendable {
    enum State: Hashable, Sendable {
        /// INVITE sent, nothing heard. Left by any response, timer B or a transport error.
        case calling
        /// A provisional response came; no more retransmission. Left by a final response.
        case proceeding
        /// A non-2xx final response came and was acknowledged; repeats are acknowledged until timer D.
        case completed
        /// A 2xx came; every further 2xx (repeats, forks) goes to the user until timer M.
        case accepted
        case terminated
    }

    private(set) var state: State = .calling
    private var interval: Duration
    let isReliable: Bool
    let timers: StackTimers

    init(isReliable: Bool, timers: StackTimers) {
        self.isReliable = isReliable
        self.timers = timers
        interval = timers.t1
    }

    func start() -> [TransactionOutput] {
        var outputs: [TransactionOutput] = [.sendRequest]
        if !isReliable { outputs.append(.start(.a, after: interval)) }
        outputs.append(.start(.b, after: timers.transactionTimeout))
        return outputs
    }

    mutating func received(status: Int) -> [TransactionOutput] {
        switch state {
        case .calling:
            return stopped() + answered(status)
        case .proceeding:
            return answered(status)
        case .completed:
            return status >= 300 ? [.sendAck] : []
        case .accepted:
            return (200..<300).contains(status) ? [.deliver] : []
        case .terminated:
            return []
        }
    }

    private func stopped() -> [TransactionOutput] {
        isReliable ? [.stop(.b)] : [.stop(.a), .stop(.b)]
    }

    private mutating func answered(_ status: Int) -> [TransactionOutput] {
        if status < 200 {
            state = .proceeding
            return [.deliver]
        }
        if status < 300 {
            state = .accepted
            return [.start(.m, after: timers.transactionTimeout), .deliver]
        }
        if isReliable {
            state = .terminated
            return [.sendAck, .deliver, .terminated]
        }
        state = .completed
        return [.sendAck, .start(.d, after: timers.transactionTimeout), .deliver]
    }

    mutating func fired(_ timer: TransactionTimer) -> [TransactionOutput] {
        switch (timer, state) {
        case (.a, .calling):
            interval *= 2
            return [.sendRequest, .start(.a, after: interval)]
        case (.b, .calling):
            state = .terminated
            return isReliable ? [.timedOut, .terminated] : [.stop(.a), .timedOut, .terminated]
        case (.unanswered, .calling):
            state = .terminated
            return stopped() + [.timedOut, .terminated]
        case (.unanswered, .proceeding):
            state = .terminated
            return [.timedOut, .terminated]
        case (.d, .completed), (.m, .accepted):
            state = .terminated
            return [.terminated]
        default:
            return []
        }
    }

    /// After a final response there is nobody left to tell; retransmissions may still come by another way.
    mutating func transportFailed() -> [TransactionOutput] {
        switch state {
        case .calling:
            state = .terminated
            return stopped() + [.transportFailed, .terminated]
        case .proceeding:
            state = .terminated
            return [.transportFailed, .terminated]
        case .completed, .accepted, .terminated:
            return []
        }
    }
}
