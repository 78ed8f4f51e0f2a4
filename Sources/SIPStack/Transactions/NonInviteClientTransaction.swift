// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Timing

/// RFC 3261 §17.1.2.
struct NonInviteClientTransaction: Hashable, Sendable {
    enum State: Hashable, Sendable {
        /// Request sent, nothing heard. Left by any response, timer F or a transport error.
        case trying
        /// A provisional response came; retransmission goes on every T2. Left as `trying`.
        case proceeding
        /// The final response came; repeats are absorbed until timer K.
        case completed
        case terminated
    }

    private(set) var state: State = .trying
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
        if !isReliable { outputs.append(.start(.e, after: interval)) }
        outputs.append(.start(.f, after: timers.transactionTimeout))
        return outputs
    }

    mutating func received(status: Int) -> [TransactionOutput] {
        guard state == .trying || state == .proceeding else { return [] }
        if status < 200 {
            state = .proceeding
            return [.deliver]
        }
        let stops: [TransactionOutput] = isReliable ? [.stop(.f)] : [.stop(.e), .stop(.f)]
        if isReliable {
            state = .terminated
            return stops + [.deliver, .terminated]
        }
        state = .completed
        return stops + [.start(.k, after: timers.t4), .deliver]
    }

    mutating func fired(_ timer: TransactionTimer) -> [TransactionOutput] {
        switch (timer, state) {
        case (.e, .trying):
            interval = min(interval * 2, timers.t2)
            return [.sendRequest, .start(.e, after: interval)]
        case (.e, .proceeding):
            return [.sendRequest, .start(.e, after: timers.t2)]
        case (.f, .trying), (.f, .proceeding):
            state = .terminated
            return isReliable ? [.timedOut, .terminated] : [.stop(.e), .timedOut, .terminated]
        case (.k, .completed):
            state = .terminated
            return [.terminated]
        default:
            return []
        }
    }

    mutating func transportFailed() -> [TransactionOutput] {
        guard state == .trying || state == .proceeding else { return [] }
        state = .terminated
        let stops: [TransactionOutput] = isReliable ? [.stop(.f)] : [.stop(.e), .stop(.f)]
        return stops + [.transportFailed, .terminated]
    }
}
