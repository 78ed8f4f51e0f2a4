// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
public import Timing

/// REFERs of ours, and the NOTIFYs that answer them (RFC 3515 §2.4).
extension UserAgent {
    /// Asks the peer of an established session to call somebody else. `target` may carry an escaped Replaces, see
    /// ``ReferToHeader``. One at a time: while another is under way, or before the session is established, it is answered
    /// 491 at once.
    public mutating func refer(
        _ id: SessionID, to target: NameAddress, referredBy: NameAddress? = nil, now: Instant
    ) -> [Action] {
        var out: [Action] = []
        guard let session = sessions[id], !session.isOver, session.phase != .leaving else { return out }
        let earlier = session.referral?.state
        guard session.phase == .confirmed || session.phase == .accepted, earlier == nil || earlier == .settled,
            var request = sessions[id]?.dialog.request(.refer)
        else { return [.event(.referAnswered(id, status: 491))] }
        request.contacts = [contact(user: session.contactUser, for: session.flow)]
        request.headers = [SIPHeader(ReferToHeader(address: target))]
        if let referredBy { request.headers.append(SIPHeader(ReferredByHeader(address: referredBy))) }
        request.headers += capabilities
        cancelTimer(.referral, of: id)
        let transaction = send(request, to: session.flow, owner: .refer(id), now: now, out: &out)
        sessions[id]?.referral = OutgoingReferral(
            number: request.cseq.number, needsID: earlier != nil, state: .asked(transaction))
        return out
    }

    mutating func referSettled(_ id: SessionID, report: TransactionReport, now: Instant, out: inout [Action]) {
        guard let session = sessions[id], session.referral?.state == .asked(report.id) else { return }
        let status: Int
        switch report.kind {
        case .timedOut: status = 408
        case .transportFailed: status = 503
        case .response(let response):
            guard let told = response.status, told >= 200 else { return }
            status = told
            if told == 401 || told == 407,
                let again = retryInDialog(
                    id, response, request: report.request, owner: .refer(id), now: now, out: &out)
            {
                let number = sessions[id]?.dialog.localSequence
                sessions[id]?.referral?.number = number ?? 0
                sessions[id]?.referral?.state = .asked(again)
                return
            }
        }
        if status < 300 {
            sessions[id]?.login?.succeeded()
            referAccepted(id, status: status, now: now, out: &out)
        } else {
            sessions[id]?.referral = nil
            out.append(.event(.referAnswered(id, status: status)))
            if status == 481 { dialogGone(id, status: status, now: now, out: &out) }
        }
    }

    /// A NOTIFY has to come within 64 × T1 (RFC 6665 §4.1.2.4, timer N).
    private mutating func referAccepted(_ id: SessionID, status: Int, now: Instant, out: inout [Action]) {
        sessions[id]?.referral?.state = .subscribed
        setTimer(.referral, of: id, at: now.advanced(by: configuration.timers.transactionTimeout))
        out.append(.event(.referAnswered(id, status: status)))
    }

    // MARK: NOTIFY

    /// A NOTIFY in a session's dialog: for the REFER of ours, or for nothing. What is refused is not told to the user.
    mutating func receiveReferNotify(
        _ id: SessionID, _ request: SIPMessage, transaction: TransactionID, now: Instant, out: inout [Action]
    ) {
        let event = request.single(EventHeader.self).value
        guard let event, event.type == Referral.package else {
            refuseNotify(request, 489, headers: [allowEvents], transaction: transaction, now: now, out: &out)
            return
        }
        guard let referral = sessions[id]?.referral, referral.isMeant(by: event) else {
            refuseNotify(request, 481, headers: [], transaction: transaction, now: now, out: &out)
            return
        }
        guard let state = request.single(SubscriptionStateHeader.self).value,
            StatusFragment.isType(request.contentType), let fragment = StatusFragment(request.body)
        else {
            refuseNotify(request, 400, headers: [], transaction: transaction, now: now, out: &out)
            return
        }
        respond(request.response(200), to: transaction, now: now, out: &out)
        if referral.state == .settled {
            if state.state == .terminated { forgetReferral(of: id) }
            return
        }
        if case .asked = referral.state {
            // It came before the answer to our REFER, which it says was accepted (RFC 3515 §2.4.4).
            referAccepted(id, status: 202, now: now, out: &out)
        }
        tellProgress(id, fragment, state, now: now, out: &out)
    }

    private mutating func tellProgress(
        _ id: SessionID, _ fragment: StatusFragment, _ state: SubscriptionStateHeader, now: Instant,
        out: inout [Action]
    ) {
        let isFinal = fragment.status >= 200 || state.state == .terminated
        if state.state == .terminated {
            forgetReferral(of: id)
        } else {
            if isFinal { sessions[id]?.referral?.state = .settled }
            // The last NOTIFY may come when the subscription expires, and be repeated.
            let most = configuration.referralLifetime
            let left = state.expires.map { min(Duration.seconds(Int64($0)), most) } ?? most
            setTimer(.referral, of: id, at: now.advanced(by: left + configuration.timers.transactionTimeout))
        }
        out.append(.event(.referProgress(id, status: fragment.status, isFinal: isFinal)))
    }

    private mutating func forgetReferral(of id: SessionID) {
        sessions[id]?.referral = nil
        cancelTimer(.referral, of: id)
    }

    /// No NOTIFY came where one was due.
    mutating func referralSilent(_ id: SessionID, out: inout [Action]) {
        let isTold = sessions[id]?.referral?.state == .settled
        sessions[id]?.referral = nil
        if !isTold { out.append(.event(.referProgress(id, status: 408, isFinal: true))) }
    }

    private mutating func refuseNotify(
        _ request: SIPMessage, _ status: Int, headers: [SIPHeader], transaction: TransactionID, now: Instant,
        out: inout [Action]
    ) {
        counters.unexpectedNotifies += 1
        var response = request.response(status)
        response.headers += headers
        respond(response, to: transaction, now: now, out: &out)
    }
}
