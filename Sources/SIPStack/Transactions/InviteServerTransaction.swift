// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Timing

/// RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §7.1: a retransmitted INVITE behind our 2xx is
/// absorbed and never makes a second call.
struct InviteServerTransaction: Hashable, Sendable {
    enum State: Hashable, Sendable {
        /// No final response yet; a repeated INVITE gets the last provisional one. Left by a final response.
        case proceeding
        /// A non-2xx final response is repeated until ACK or timer H.
        case completed
        /// The ACK came; repeats of it are absorbed until timer I.
        case confirmed
        /// A 2xx went out, its user repeats it; INVITEs are absorbed until timer L.
        case accepted
        case terminated
    }

    private(set) var state: State = .proceeding
    private var interval: Duration
    let isReliable: Bool
    let timers: StackTimers

    init(isReliable: Bool, timers: StackTimers) {
        self.isReliable = isReliable
        self.timers = timers
        interval = timers.t1
    }

    /// The INVITE came again.
    func repeated() -> [TransactionOutput] {
        state == .proceeding || state == .completed ? [.sendResponse] : []
    }

    /// The user answers.
    mutating func respond(status: Int) -> [TransactionOutput] {
        switch state {
        case .proceeding:
            if status < 200 { return [.sendResponse] }
            if status < 300 {
                state = .accepted
                return [.sendResponse, .start(.l, after: timers.transactionTimeout)]
            }
            state = .completed
            var outputs: [TransactionOutput] = [.sendResponse]
            if !isReliable { outputs.append(.start(.g, after: interval)) }
            outputs.append(.start(.h, after: timers.transactionTimeout))
            return outputs
        case .accepted:
            return (200..<300).contains(status) ? [.sendResponse] : []
        case .completed, .confirmed, .terminated:
            return []
        }
    }

    mutating func acknowledged() -> [TransactionOutput] {
        switch state {
        case .completed:
            if isReliable {
                state = .terminated
                return [.stop(.h), .terminated]
            }
            state = .confirmed
            return [.stop(.g), .stop(.h), .start(.i, after: timers.t4)]
        case .accepted:
            return [.deliver]
        case .proceeding, .confirmed, .terminated:
            return []
        }
    }

    mutating func fired(_ timer: TransactionTimer) -> [TransactionOutput] {
        switch (timer, state) {
        case (.g, .completed):
            interval = min(interval * 2, timers.t2)
            return [.sendResponse, .start(.g, after: interval)]
        case (.h, .completed):
            state = .terminated
            return isReliable ? [.timedOut, .terminated] : [.stop(.g), .timedOut, .terminated]
        case (.i, .confirmed), (.l, .accepted):
            state = .terminated
            return [.terminated]
        default:
            return []
        }
    }

    mutating func transportFailed() -> [TransactionOutput] {
        guard state == .proceeding else { return [] }
        state = .terminated
        return [.transportFailed, .terminated]
    }
}
