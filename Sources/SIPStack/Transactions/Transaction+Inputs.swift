// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage
internal import Timing

/// What an input leaves for the layer to do.
struct TransactionOutcome: Sendable {
    var report: TransactionReport?
    /// To be forgotten.
    var isOver = false
    /// The flow it no longer depends on.
    var releases: Flow?
}

extension Transaction {
    /// Runs one input through the machine and does what it asks for. In place, because every message of every call
    /// passes here and a transaction is large to copy.
    ///
    /// - Parameter message: the response or ACK that came; the response to send for `.respond`.
    mutating func take(
        _ input: TransactionInput, as id: TransactionID, message: SIPMessage?, now: Instant,
        heap: inout TimerHeap<StackTimer>, out: inout [Action]
    ) -> TransactionOutcome {
        var outcome = TransactionOutcome()
        if case .fired(let timer) = input { running.remove(timer) }
        if case .respond = input, let message { reply = HeldMessage(message) }
        for output in run(input) {
            switch output {
            case .sendRequest:
                if let request { out.append(.send(request.message, to: flow)) }
            case .sendResponse:
                if let reply { out.append(.send(reply.message, to: flow)) }
            case .sendAck:
                if reply == nil, let request, let message {
                    reply = HeldMessage(.ack(rejecting: message, of: request.message))
                }
                if let reply { out.append(.send(reply.message, to: flow)) }
            case .deliver:
                if let message { outcome.report = report(.response(message), as: id) }
            case .start(let timer, let after):
                heap.set(.transaction(id, timer), at: now.advanced(by: after))
                running.insert(timer)
            case .stop(let timer):
                heap.cancel(.transaction(id, timer))
                running.remove(timer)
            case .timedOut:
                outcome.report = report(.timedOut, as: id)
            case .transportFailed:
                outcome.report = report(.transportFailed, as: id)
            case .terminated:
                outcome.isOver = true
                return outcome
            }
        }
        switch input {
        case .response(let status) where status >= 200, .respond(let status) where status >= 200:
            request = nil
            // The session repeats its own 2xx.
            if case .respond = input, status < 300, key.method == .invite { reply = nil }
            if dependsOnFlow { outcome.releases = flow }
        default: break
        }
        return outcome
    }

    /// Gives a request of ours without a final response until `due`.
    mutating func limit(at due: Instant, as id: TransactionID, heap: inout TimerHeap<StackTimer>) {
        guard !hasFinalResponse else { return }
        heap.set(.transaction(id, .unanswered), at: due)
        running.insert(.unanswered)
    }

    private func report(_ kind: TransactionReport.Kind, as id: TransactionID) -> TransactionReport {
        TransactionReport(id: id, owner: owner, flow: flow, request: request, kind: kind)
    }
}

/// The timers of one transaction that are set, so that its end cancels those and no others.
struct RunningTimers: Hashable, Sendable, Sequence, IteratorProtocol {
    private var bits: UInt16 = 0

    mutating func insert(_ timer: TransactionTimer) { bits |= 1 << UInt16(timer.rawValue) }
    mutating func remove(_ timer: TransactionTimer) { bits &= ~(1 << UInt16(timer.rawValue)) }

    /// Takes the first one out.
    mutating func next() -> TransactionTimer? {
        guard bits != 0, let timer = TransactionTimer(rawValue: UInt8(bits.trailingZeroBitCount)) else { return nil }
        remove(timer)
        return timer
    }
}
