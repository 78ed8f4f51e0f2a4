// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage
internal import Timing

/// SUBSCRIBE and NOTIFY as they come in outside of calls (RFC 6665 §4.2.1).
extension UserAgent {
    /// A SUBSCRIBE without a To tag, which asks for a subscription.
    mutating func receiveSubscribe(
        _ request: SIPMessage, key: TransactionKey, from flow: Flow, back: Flow, now: Instant, out: inout [Action]
    ) {
        guard let event = request.single(EventHeader.self).value, configuration.eventPackages.contains(event.type)
        else {
            counters.refusedSubscribes += 1
            refuse(request, 489, headers: [allowEvents], back: back, out: &out)
            return
        }
        guard let contact = request.contacts.first else {
            counters.refusedSubscribes += 1
            refuse(request, 400, headers: [], back: back, out: &out)
            return
        }
        guard let lifetime = subscriptionLifetime(request) else {
            counters.refusedSubscribes += 1
            refuse(request, 423, headers: [minExpires], back: back, out: &out)
            return
        }
        guard subscriptions.count < configuration.maxSubscriptions else {
            counters.refusedSubscribes += 1
            overloaded(request, back: back, out: &out)
            return
        }
        let id = SubscriptionID(rawValue: nextNumber())
        let transaction = layer.accept(request, key: key, flow: back, owner: .subscribe(id), now: now)
        let subscription = Subscription(
            event: EventHeader(package: event.package, templates: event.templates, id: event.id),
            dialog: Dialog(called: request, contact: contact.uri, tag: entropy.token()), flow: flow,
            contactUser: request.requestURI?.user, lifetime: lifetime, state: .asked(transaction))
        subscriptionsByTag[subscription.dialog.localTag] = id
        subscriptions[id] = subscription
        out.append(.event(.subscribed(id, request, flow)))
    }

    /// What the Expires header asks for, within our bounds; nil when it is too short (RFC 6665 §4.2.1.1). Without one it
    /// is the longest we grant.
    private func subscriptionLifetime(_ request: SIPMessage) -> Duration? {
        guard let seconds = request.expires else { return configuration.maxSubscriptionExpires }
        let asked = Duration.seconds(Int64(seconds))
        if asked > .zero, asked < configuration.minSubscriptionExpires { return nil }
        return min(asked, configuration.maxSubscriptionExpires)
    }

    private var minExpires: SIPHeader {
        SIPHeader("Min-Expires", String(configuration.minSubscriptionExpires.secondsRoundedUp))
    }

    // MARK: Within dialogs

    /// A request with a To tag that belongs to no session: to a subscription, to the dialog a call left behind, or to
    /// nothing.
    mutating func receiveWithoutSession(
        _ request: SIPMessage, key: TransactionKey, from flow: Flow, back: Flow, now: Instant, out: inout [Action]
    ) {
        if request.method == .notify { counters.unexpectedNotifies += 1 }
        let room = configuration.maxTransactions + configuration.maxTransactions / 4
        let call = request.method == .subscribe ? lingeringID(of: request) : nil
        let known = request.method == .subscribe ? subscriptionID(of: request) : nil
        guard call != nil || known != nil else {
            refuse(request, 481, headers: [], back: back, out: &out)
            return
        }
        guard layer.count < room else {
            overloaded(request, back: back, out: &out)
            return
        }
        let transaction = layer.accept(request, key: key, flow: back, owner: .none, now: now)
        let unsupported = unsupportedOptions(request)
        if let call {
            guard lingering[call]?.dialog.isInOrder(request) == true else {
                respond(request.response(500), to: transaction, now: now, out: &out)
                return
            }
            lingering[call]?.flow = flow
            receiveReferSubscribe(in: call, request, transaction: transaction, now: now, out: &out)
        } else if let known {
            guard subscriptions[known]?.dialog.isInOrder(request) == true else {
                respond(request.response(500), to: transaction, now: now, out: &out)
                return
            }
            guard unsupported.isEmpty else {
                let header = SIPHeader("Unsupported", unsupported.joined(separator: ", "))
                refuseSubscribe(request, 420, headers: [header], transaction: transaction, now: now, out: &out)
                return
            }
            subscriptions[known]?.flow = flow
            receiveRenewal(known, request, transaction: transaction, now: now, out: &out)
        }
    }

    /// A further SUBSCRIBE of a subscription: its renewal, or with `Expires: 0` its end (RFC 6665 §4.2.1.4).
    private mutating func receiveRenewal(
        _ id: SubscriptionID, _ request: SIPMessage, transaction: TransactionID, now: Instant, out: inout [Action]
    ) {
        guard let subscription = subscriptions[id], case .active(let queue, _) = subscription.state else {
            refuseSubscribe(request, 481, headers: [], transaction: transaction, now: now, out: &out)
            return
        }
        guard let event = request.single(EventHeader.self).value, event.matches(subscription.event) else {
            refuseSubscribe(request, 489, headers: [allowEvents], transaction: transaction, now: now, out: &out)
            return
        }
        guard let lifetime = subscriptionLifetime(request) else {
            refuseSubscribe(request, 423, headers: [minExpires], transaction: transaction, now: now, out: &out)
            return
        }
        if let contact = request.contacts.first { subscriptions[id]?.dialog.remoteTarget = contact.uri }
        let response = accepting(id, request, lifetime: lifetime)
        respond(response, to: transaction, now: now, out: &out)
        if lifetime > .zero {
            let until = now.advanced(by: lifetime)
            subscriptions[id]?.state = .active(queue, until: until)
            layer.heap.set(.subscription(id), at: until)
            out.append(.event(.subscriptionRefreshed(id)))
        } else {
            finishSubscription(id, end: .timeout, telling: .unsubscribed, now: now, out: &out)
        }
    }

    mutating func refuseSubscribe(
        _ request: SIPMessage, _ status: Int, headers: [SIPHeader], transaction: TransactionID, now: Instant,
        out: inout [Action]
    ) {
        counters.refusedSubscribes += 1
        var response = request.response(status)
        response.headers += headers
        respond(response, to: transaction, now: now, out: &out)
    }

    // MARK: Finding

    private func lingeringID(of request: SIPMessage) -> SessionID? {
        guard let tag = request.to.tag, let id = sessionsByTag[tag], let dialog = lingering[id]?.dialog,
            dialog.belongs(request)
        else { return nil }
        return id
    }

    private func subscriptionID(of request: SIPMessage) -> SubscriptionID? {
        guard let tag = request.to.tag, let id = subscriptionsByTag[tag], let dialog = subscriptions[id]?.dialog,
            dialog.belongs(request)
        else { return nil }
        return id
    }
}
