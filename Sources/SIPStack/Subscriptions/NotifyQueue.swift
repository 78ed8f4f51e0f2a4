// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage

/// What one NOTIFY says.
struct Notification: Hashable, Sendable {
    var contentType: String?
    var body: [UInt8] = []
    /// The reason of `Subscription-State: terminated`; nil while the subscription goes on.
    var end: String?

    var isLast: Bool { end != nil }

    /// The last NOTIFY of a subscription carries what waited before it if it has nothing of its own to say.
    fileprivate func replacing(_ older: Notification?) -> Notification {
        guard let older, isLast, body.isEmpty else { return self }
        return Notification(contentType: older.contentType, body: older.body, end: end)
    }
}

/// The NOTIFYs of one subscription: one is out at a time, so that none overtakes another (RFC 6665 §4.2.2), and of those
/// that wait only the newest is kept. The last one is never replaced.
struct NotifyQueue: Hashable, Sendable {
    enum State: Hashable, Sendable {
        /// Nothing to tell.
        case idle
        /// To be sent as soon as the owner asks for it; `attempts` times it was refused already.
        case waiting(Notification, attempts: Int)
        /// A NOTIFY is out. Left by its final response or the want of one.
        case sending(Notification, attempts: Int, then: Notification?)
    }

    private(set) var state: State = .idle

    /// A NOTIFY refused with a status that does not end the subscription is sent so many times in all, unless there is
    /// something newer to tell: a peer refuses one with 500 that a later request of ours overtook.
    static let maxAttempts = 3

    /// Whether the last one is out or waits: nothing can be added any more.
    var isClosed: Bool {
        switch state {
        case .idle: false
        case .waiting(let next, _): next.isLast
        case .sending(let out, _, let next): out.isLast || next?.isLast == true
        }
    }

    mutating func add(_ notification: Notification) {
        guard !isClosed else { return }
        switch state {
        case .idle: state = .waiting(notification, attempts: 0)
        case .waiting(let older, _): state = .waiting(notification.replacing(older), attempts: 0)
        case .sending(let out, let attempts, let older):
            state = .sending(out, attempts: attempts, then: notification.replacing(older))
        }
    }

    /// What is to be sent now.
    mutating func next() -> Notification? {
        guard case .waiting(let notification, let attempts) = state else { return nil }
        state = .sending(notification, attempts: attempts + 1, then: nil)
        return notification
    }

    /// The NOTIFY that was out is settled. One that was not delivered waits once more if nothing newer does.
    ///
    /// - Returns: whether it was the last one and nothing is left to do.
    mutating func settled(isDelivered: Bool) -> Bool {
        guard case .sending(let out, let attempts, let next) = state else { return false }
        if let next {
            state = .waiting(next, attempts: 0)
            return false
        }
        if !isDelivered, attempts < Self.maxAttempts {
            state = .waiting(out, attempts: attempts)
            return false
        }
        state = .idle
        return out.isLast
    }
}

/// What the answer to a NOTIFY means for its subscription.
enum NotifyOutcome: Hashable, Sendable {
    case delivered
    /// Not delivered, but the subscription stands.
    case failed
    /// The subscriber is gone or no longer wants it.
    case ended(status: Int)

    /// RFC 6665 §4.2.2 and RFC 5057 §5.1. A challenge ends it too: we have no password for a subscriber.
    init(status: Int) {
        switch status {
        case ..<300: self = .delivered
        case 401, 404, 405, 407, 408, 410, 416, 480...485, 489, 501, 604: self = .ended(status: status)
        default: self = .failed
        }
    }

    /// nil for a provisional response.
    init?(_ report: TransactionReport) {
        switch report.kind {
        case .timedOut: self = .ended(status: 408)
        case .transportFailed: self = .ended(status: 503)
        case .response(let response):
            guard let status = response.status, status >= 200 else { return nil }
            self.init(status: status)
        }
    }
}
