// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Timing

/// The lettered timers of RFC 3261 §17 and RFC 6026.
enum TransactionTimer: UInt8, Hashable, Sendable, CaseIterable {
    case a, b, d, e, f, g, h, i, j, k, l, m
    /// Ours: ends a non-INVITE server transaction nobody answers (RFC 4320 forbids a late answer), and an INVITE of
    /// ours that nobody waits for any more.
    case unanswered
}

/// What a transaction machine asks of its layer. The messages themselves are the layer's.
enum TransactionOutput: Hashable, Sendable {
    /// Send the request, for the first time or again.
    case sendRequest
    /// Send the ACK of a non-2xx final response, built once (§17.1.1.3).
    case sendAck
    /// Send the last response, for the first time or again.
    case sendResponse
    /// Hand the message that came in to the user of the transaction.
    case deliver
    case start(TransactionTimer, after: Duration)
    case stop(TransactionTimer)
    /// No final response, or no ACK of ours, in time.
    case timedOut
    case transportFailed
    /// Forget the transaction. Always the last output.
    case terminated
}
