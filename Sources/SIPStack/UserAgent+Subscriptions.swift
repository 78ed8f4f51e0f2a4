// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
public import Timing

/// Subscriptions of peers, which we notify (RFC 6665 §4.2).
extension UserAgent {
    /// Accepts a SUBSCRIBE with 200. The peer must then be told the state at once with `notify` (§4.2.1.3).
    public mutating func acceptSubscription(_ id: SubscriptionID, now: Instant) -> [Action] {
        var out: [Action] = []
        guard let (transaction, request) = openSubscribe(id), let lifetime = subscriptions[id]?.lifetime else {
            return out
        }
        respond(accepting(id, request, lifetime: lifetime), to: transaction, now: now, out: &out)
        let isFetch = lifetime == .zero
        let until = now.advanced(by: isFetch ? configuration.timers.transactionTimeout : lifetime)
        subscriptions[id]?.state = isFetch ? .fetched : .active(NotifyQueue(), until: until)
        layer.heap.set(.subscription(id), at: until)
        return out
    }

    /// Refuses a SUBSCRIBE with 300…699 (others become 403). `headers` may hold a challenge; the SUBSCRIBE that answers
    /// it comes as a new one.
    public mutating func rejectSubscription(
        _ id: SubscriptionID, status: Int, reason: String? = nil, headers: [SIPHeader] = [], now: Instant
    ) -> [Action] {
        var out: [Action] = []
        guard let (transaction, request) = openSubscribe(id), let subscription = subscriptions[id] else { return out }
        var response = request.response(
            (300...699).contains(status) ? status : 403, reason: reason, toTag: subscription.dialog.localTag)
        response.headers += headers
        respond(response, to: transaction, now: now, out: &out)
        dropSubscription(id, telling: .local, out: &out)
        return out
    }

    /// Tells the subscriber the state. While a NOTIFY is out the newest state replaces those that wait, so a `body` says
    /// all there is to say and not what changed.
    public mutating func notify(
        _ id: SubscriptionID, contentType: String, body: [UInt8], now: Instant
    ) -> [Action] {
        var out: [Action] = []
        switch subscriptions[id]?.state {
        case .active(var queue, let until):
            queue.add(Notification(contentType: contentType, body: body))
            subscriptions[id]?.state = .active(queue, until: until)
            sendNotify(id, now: now, out: &out)
        case .fetched:
            let state = Notification(contentType: contentType, body: body)
            finishSubscription(id, with: state, end: .timeout, telling: .expired, now: now, out: &out)
        case .asked, .ending, nil:
            break
        }
        return out
    }

    /// Ends an accepted subscription with a last NOTIFY, e.g. because what it was about is gone.
    public mutating func endSubscription(
        _ id: SubscriptionID, reason: SubscriptionStateHeader.Reason, now: Instant
    ) -> [Action] {
        var out: [Action] = []
        finishSubscription(id, end: reason, telling: .local, now: now, out: &out)
        return out
    }

    private func openSubscribe(_ id: SubscriptionID) -> (TransactionID, SIPMessage)? {
        guard case .asked(let transaction) = subscriptions[id]?.state,
            let request = layer[transaction]?.request?.message
        else { return nil }
        return (transaction, request)
    }

    /// A 200 that makes or renews the subscription (RFC 6665 §4.2.1.1).
    func accepting(_ id: SubscriptionID, _ request: SIPMessage, lifetime: Duration) -> SIPMessage {
        let subscription = subscriptions[id]
        var response = request.response(200, toTag: subscription?.dialog.localTag)
        if let subscription {
            response.contacts = [contact(user: subscription.contactUser, for: subscription.flow)]
        }
        response.headers = capabilities
        response.headers.append(SIPHeader("Expires", String(lifetime.secondsRoundedUp)))
        return response
    }

    // MARK: Notifying

    private mutating func sendNotify(_ id: SubscriptionID, now: Instant, out: inout [Action]) {
        guard let subscription = subscriptions[id] else { return }
        let notification: Notification?
        var left: UInt32 = 1
        switch subscription.state {
        case .active(var queue, let until):
            notification = queue.next()
            left = now.secondsLeft(until: until)
            subscriptions[id]?.state = .active(queue, until: until)
        case .ending(var queue):
            notification = queue.next()
            subscriptions[id]?.state = .ending(queue)
        case .asked, .fetched:
            notification = nil
        }
        guard let notification, var request = subscriptions[id]?.dialog.request(.notify) else { return }
        request.contacts = [contact(user: subscription.contactUser, for: subscription.flow)]
        _ = send(
            request.carrying(notification, of: subscription.event, secondsLeft: left), to: subscription.flow,
            owner: .notify(id), now: now, out: &out)
    }

    mutating func notifySettled(
        _ id: SubscriptionID, report: TransactionReport, now: Instant, out: inout [Action]
    ) {
        guard let outcome = NotifyOutcome(report), let state = subscriptions[id]?.state else { return }
        if case .ended(let status) = outcome {
            if case .active = state { counters.lostSubscriptions += 1 }
            dropSubscription(id, telling: .refused(status: status), out: &out)
            return
        }
        switch state {
        case .active(var queue, let until):
            _ = queue.settled(isDelivered: outcome == .delivered)
            subscriptions[id]?.state = .active(queue, until: until)
        case .ending(var queue):
            if queue.settled(isDelivered: outcome == .delivered) {
                dropSubscription(id, telling: .local, out: &out)
                return
            }
            subscriptions[id]?.state = .ending(queue)
        case .asked, .fetched:
            return
        }
        sendNotify(id, now: now, out: &out)
    }

    // MARK: Ending

    /// The SUBSCRIBE has no answer of our user, and will have none.
    mutating func subscribeUnanswered(_ id: SubscriptionID, out: inout [Action]) {
        if case .asked = subscriptions[id]?.state { dropSubscription(id, telling: .unanswered, out: &out) }
    }

    /// The subscription was not renewed (RFC 6665 §4.2.3), or our user did not answer one that only asks.
    mutating func subscriptionExpired(_ id: SubscriptionID, now: Instant, out: inout [Action]) {
        finishSubscription(id, end: .timeout, telling: .expired, now: now, out: &out)
    }

    /// Sends the last NOTIFY; for our user the subscription is over at once.
    mutating func finishSubscription(
        _ id: SubscriptionID, with last: Notification = Notification(), end: SubscriptionStateHeader.Reason,
        telling told: SubscriptionEnd, now: Instant, out: inout [Action]
    ) {
        var queue: NotifyQueue
        switch subscriptions[id]?.state {
        case .active(let current, _): queue = current
        case .fetched: queue = NotifyQueue()
        case .asked, .ending, nil: return
        }
        var last = last
        last.end = end.rawValue
        queue.add(last)
        subscriptions[id]?.state = .ending(queue)
        layer.heap.cancel(.subscription(id))
        out.append(.event(.subscriptionEnded(id, told)))
        sendNotify(id, now: now, out: &out)
    }

    private mutating func dropSubscription(
        _ id: SubscriptionID, telling told: SubscriptionEnd, out: inout [Action]
    ) {
        guard let subscription = subscriptions.removeValue(forKey: id) else { return }
        subscriptionsByTag[subscription.dialog.localTag] = nil
        layer.heap.cancel(.subscription(id))
        if case .ending = subscription.state { return }
        out.append(.event(.subscriptionEnded(id, told)))
    }
}
