// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Synchronization
public import Timing

/// Datagrams between numbered places, with delay, loss, duplication and reordering drawn from a seed.
public final class SimulatedNetwork: Sendable {
    public struct Conditions: Sendable {
        public var delay: ClosedRange<Duration> = .milliseconds(1)...(.milliseconds(5))
        /// In thousandths.
        public var lossPermille = 0
        public var duplicatePermille = 0

        public init() {}

        /// A bad day on a mobile network: loss of 5 %, duplicates, delays up to 200 ms out of order.
        public static var bad: Conditions {
            var conditions = Conditions()
            conditions.delay = .milliseconds(1)...(.milliseconds(200))
            conditions.lossPermille = 50
            conditions.duplicatePermille = 20
            return conditions
        }
    }

    public typealias Receiver = @Sendable (_ bytes: [UInt8], _ fromPort: UInt16) -> Void

    private struct State {
        var receivers: [UInt16: Receiver] = [:]
        var conditions: Conditions
        var entropy: Entropy
        var sent = 0
        var lost = 0
    }

    private let clock: SimulatedClock
    private let state: Mutex<State>

    public init(clock: SimulatedClock, entropy: Entropy, conditions: Conditions = Conditions()) {
        self.clock = clock
        state = Mutex(State(conditions: conditions, entropy: entropy))
    }

    public var conditions: Conditions {
        get { state.withLock { $0.conditions } }
        set { state.withLock { $0.conditions = newValue } }
    }

    public func attach(port: UInt16, _ receiver: @escaping Receiver) {
        state.withLock { $0.receivers[port] = receiver }
    }

    /// The host behind the port is gone: what is sent there disappears.
    public func detach(port: UInt16) { state.withLock { $0.receivers[port] = nil } }

    public func send(_ bytes: [UInt8], from: UInt16, to: UInt16) {
        let delays: [Duration] = state.withLock { state in
            state.sent += 1
            let c = state.conditions
            if Int.random(in: 0..<1000, using: &state.entropy) < c.lossPermille {
                state.lost += 1
                return []
            }
            let copies = Int.random(in: 0..<1000, using: &state.entropy) < c.duplicatePermille ? 2 : 1
            return (0..<copies).map { _ in
                let range = c.delay.lowerBound.nanoseconds...c.delay.upperBound.nanoseconds
                return .nanoseconds(Int64.random(in: range, using: &state.entropy))
            }
        }
        for delay in delays {
            clock.after(delay) { [self] in
                let receiver = state.withLock { $0.receivers[to] }
                receiver?(bytes, from)
            }
        }
    }
}
