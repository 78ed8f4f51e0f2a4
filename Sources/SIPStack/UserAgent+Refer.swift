// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
public import Timing

/// REFERs of the peer within a session, and the NOTIFYs that tell him what became of them (RFC 3515 §2.4).
extension UserAgent {
    /// REFERs of one session that are unanswered or still to be told of; more get 503.
    private static var maxReferrals: Int { 4 }

    /// Whether a REFER names one target that can be read, and at most one dialog to be replaced (§2.4.2).
    static func isSound(refer request: SIPMessage) -> Bool {
        guard let target = request.single(ReferToHeader.self).value else { return false }
        return target.replaces != .malformed
    }

    mutating func receiveRefer(
        _ id: ReferID, in session: SessionID, _ request: SIPMessage, transaction: TransactionID, now: Instant,
        out: inout [Action]
    ) {
        guard let current = sessions[session] else { return }
        var refusal: SIPMessage?
        if !Self.isSound(refer: request) {
            refusal = request.response(400, reason: "Bad Refer-To")
        } else if current.phase != .confirmed && current.phase != .accepted {
            refusal = request.response(491)
        } else if current.referrals.count >= Self.maxReferrals || referrals.count >= configuration.maxSubscriptions {
            var response = request.response(503)
            response.headers.append(SIPHeader("Retry-After", String(configuration.retryAfterSeconds)))
            refusal = response
        }
        if let refusal {
            counters.refusedRefers += 1
            respond(refusal, to: transaction, now: now, out: &out)
            return
        }
        referrals[id] = Referral(session: session, number: request.cseq.number, transaction: transaction)
        sessions[session]?.referrals.append(id)
        out.append(.event(.referred(session, id, request)))
    }

    // MARK: Answering

    /// Accepts a REFER with 202, after which the peer is to be told of its progress with `notifyRefer`, first of all 100
    /// (RFC 6665 §4.2.1.3). Where the request asked for no subscription it is 200 with `Refer-Sub: false`, and there is
    /// nothing to tell (RFC 4488 §4).
    public mutating func acceptRefer(_ id: ReferID, now: Instant) -> [Action] {
        var out: [Action] = []
        guard let (referral, transaction, request) = openReferral(id) else { return out }
        let isSubscribed = request.single(ReferSubHeader.self).value?.isWanted ?? true
        let headers = isSubscribed ? [] : [SIPHeader(ReferSubHeader(isWanted: false))]
        guard
            let response = answer(
                referral.session, to: request, status: isSubscribed ? 202 : 200, headers: headers)
        else { return out }
        if isSubscribed {
            let until = now.advanced(by: configuration.referralLifetime)
            referrals[id]?.state = .subscribed(NotifyQueue(), until: until)
            layer.heap.set(.referral(id), at: until)
        } else {
            dropReferral(id)
        }
        respond(response, to: transaction, now: now, out: &out)
        return out
    }

    /// Refuses a REFER with 300…699 (others become 603), e.g. 403, 420 or 603.
    public mutating func rejectRefer(
        _ id: ReferID, status: Int, reason: String? = nil, headers: [SIPHeader] = [], now: Instant
    ) -> [Action] {
        var out: [Action] = []
        guard let (_, transaction, request) = openReferral(id) else { return out }
        var response = request.response((300...699).contains(status) ? status : 603, reason: reason)
        response.headers += headers
        dropReferral(id)
        respond(response, to: transaction, now: now, out: &out)
        return out
    }

    private func openReferral(_ id: ReferID) -> (Referral, TransactionID, SIPMessage)? {
        guard let referral = referrals[id], case .asked(let transaction) = referral.state,
            let request = layer[transaction]?.request?.message
        else { return nil }
        return (referral, transaction, request)
    }

    /// Our user did not answer in time, or the connection closed before.
    mutating func referralUnanswered(_ id: ReferID) {
        if case .asked = referrals[id]?.state { dropReferral(id) }
    }

    // MARK: Telling

    /// Tells the peer what became of his REFER, as a status line of the call it asked for: 100, 180 …, and with
    /// `isFinal` the outcome, which ends the subscription (§2.4.5). While a NOTIFY is out the newest of those that wait
    /// replaces the others; the final one is sent in any case. Works on after the session has ended, until the peer
    /// refuses a NOTIFY.
    public mutating func notifyRefer(
        _ id: ReferID, status: Int, reason: String? = nil, isFinal: Bool, now: Instant
    ) -> [Action] {
        var out: [Action] = []
        guard case .subscribed(let queue, _) = referrals[id]?.state, !queue.isClosed else { return out }
        referrals[id]?.newest = StatusFragment(status: status, reason: reason)
        tell(id, end: isFinal ? .noResource : nil, now: now, out: &out)
        return out
    }

    /// Queues what is newest.
    private mutating func tell(
        _ id: ReferID, end: SubscriptionStateHeader.Reason?, now: Instant, out: inout [Action]
    ) {
        guard let referral = referrals[id], case .subscribed(var queue, let until) = referral.state else { return }
        queue.add(
            Notification(
                contentType: StatusFragment.contentType, body: referral.newest.bytes, end: end?.rawValue))
        referrals[id]?.state = .subscribed(queue, until: until)
        sendReferNotify(id, now: now, out: &out)
    }

    private mutating func sendReferNotify(_ id: ReferID, now: Instant, out: inout [Action]) {
        // A NOTIFY that overtook our BYE would have the BYE refused as out of order (RFC 3261 §12.2.2): it waits.
        guard let referral = referrals[id], sessions[referral.session]?.phase != .leaving,
            case .subscribed(var queue, let until) = referral.state, let notification = queue.next(),
            let (base, flow) = notifyRequest(in: referral.session)
        else { return }
        referrals[id]?.state = .subscribed(queue, until: until)
        let request = base.carrying(
            notification, of: referral.event, secondsLeft: now.secondsLeft(until: until))
        _ = send(request, to: flow, owner: .referNotify(id), now: now, out: &out)
    }

    /// A NOTIFY in the dialog of a session that may have ended.
    private mutating func notifyRequest(in id: SessionID) -> (SIPMessage, Flow)? {
        guard
            var request = sessions[id] == nil
                ? lingering[id]?.dialog.request(.notify) : sessions[id]?.dialog.request(.notify),
            let (contact, flow) = contact(inDialogOf: id)
        else { return nil }
        request.contacts = [contact]
        return (request, flow)
    }

    private func contact(inDialogOf id: SessionID) -> (NameAddress, Flow)? {
        if let session = sessions[id] { return (contact(user: session.contactUser, for: session.flow), session.flow) }
        return lingering[id].map { (contact(user: $0.contactUser, for: $0.flow), $0.flow) }
    }

    mutating func referNotifySettled(
        _ id: ReferID, report: TransactionReport, now: Instant, out: inout [Action]
    ) {
        guard let outcome = NotifyOutcome(report), case .subscribed(var queue, let until) = referrals[id]?.state
        else { return }
        if case .ended = outcome {
            if !queue.isClosed { counters.lostSubscriptions += 1 }
            dropReferral(id)
        } else if queue.settled(isDelivered: outcome == .delivered) {
            dropReferral(id)
        } else {
            referrals[id]?.state = .subscribed(queue, until: until)
            sendReferNotify(id, now: now, out: &out)
        }
    }

    /// The subscription was not renewed: the peer is told what is known, and that this was all.
    mutating func referralExpired(_ id: ReferID, now: Instant, out: inout [Action]) {
        tell(id, end: .timeout, now: now, out: &out)
    }

    // MARK: SUBSCRIBE within the dialog

    /// The peer renews the subscription that his REFER made, or gives it up (RFC 3515 §2.4.4).
    mutating func receiveReferSubscribe(
        in session: SessionID, _ request: SIPMessage, transaction: TransactionID, now: Instant, out: inout [Action]
    ) {
        guard let event = request.single(EventHeader.self).value, event.type == Referral.package else {
            refuseSubscribe(request, 489, headers: [allowEvents], transaction: transaction, now: now, out: &out)
            return
        }
        let all = sessions[session]?.referrals ?? lingering[session]?.referrals ?? []
        let known = all.first { id in
            guard let referral = referrals[id], referral.isMeant(by: event),
                case .subscribed(let queue, _) = referral.state
            else { return false }
            return !queue.isClosed
        }
        guard let id = known, case .subscribed(let queue, _) = referrals[id]?.state else {
            refuseSubscribe(request, 481, headers: [], transaction: transaction, now: now, out: &out)
            return
        }
        let asked = request.expires.map { Duration.seconds(Int64($0)) } ?? configuration.referralLifetime
        let granted = min(asked, configuration.referralLifetime)
        var response = request.response(200)
        response.contacts = contact(inDialogOf: session).map { [$0.0] } ?? []
        response.headers.append(SIPHeader("Expires", String(granted.secondsRoundedUp)))
        respond(response, to: transaction, now: now, out: &out)
        if granted > .zero {
            let until = now.advanced(by: granted)
            referrals[id]?.state = .subscribed(queue, until: until)
            layer.heap.set(.referral(id), at: until)
        }
        tell(id, end: granted > .zero ? nil : .timeout, now: now, out: &out)
    }

    // MARK: Ending

    /// The session is leaving: REFERs that wait for our user get 487 (RFC 3261 §15.1.2). Accepted ones live on in its
    /// dialog unless that is lost.
    mutating func closeReferrals(of session: SessionID, isDialogLost: Bool, now: Instant, out: inout [Action]) {
        for id in sessions[session]?.referrals ?? [] {
            if let (_, transaction, request) = openReferral(id) {
                respond(request.response(487), to: transaction, now: now, out: &out)
                dropReferral(id)
            } else if isDialogLost {
                dropReferral(id)
            }
        }
    }

    /// The BYE is settled: what waited for it is told now.
    mutating func resumeReferrals(of session: SessionID, now: Instant, out: inout [Action]) {
        for id in lingering[session]?.referrals ?? [] { sendReferNotify(id, now: now, out: &out) }
    }

    mutating func dropReferral(_ id: ReferID) {
        guard let session = referrals.removeValue(forKey: id)?.session else { return }
        layer.heap.cancel(.referral(id))
        sessions[session]?.referrals.removeAll { $0 == id }
        lingering[session]?.referrals.removeAll { $0 == id }
        if let left = lingering[session], left.referrals.isEmpty {
            lingering[session] = nil
            sessionsByTag[left.dialog.localTag] = nil
        }
    }
}

extension SIPMessage {
    /// This NOTIFY with its headers and body (RFC 6665 §4.2.2).
    func carrying(_ notification: Notification, of event: EventHeader, secondsLeft: UInt32) -> SIPMessage {
        var request = self
        let state =
            notification.end.map { SubscriptionStateHeader(.terminated, reason: $0) }
            ?? SubscriptionStateHeader(.active, expires: secondsLeft)
        request.headers += [SIPHeader(event), SIPHeader(state)]
        if !notification.body.isEmpty {
            request.contentType = notification.contentType
            request.body = notification.body
        }
        return request
    }
}
