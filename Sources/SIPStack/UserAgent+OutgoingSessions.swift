// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage
public import Timing

/// Calls that go out (RFC 3261 §13.2).
extension UserAgent {
    /// Begins a call. It ends with `failed`, or goes on with `answered`. Beyond twice `maxSessions` it fails with 503
    /// at once: every call taken in may have a leg out.
    public mutating func invite(_ invitation: Invitation, now: Instant) -> (SessionID, [Action]) {
        var out: [Action] = []
        let id = SessionID(rawValue: nextNumber())
        guard sessions.count < 2 * configuration.maxSessions else {
            counters.overload += 1
            return (id, [.event(.failed(id, status: 503, nil))])
        }
        let (uri, routes) = Dialog.path(to: invitation.requestURI, by: invitation.routes)
        var request = SIPMessage(
            startLine: .request(.invite, uri), from: invitation.from, to: invitation.to,
            callID: configuration.callIDPrefix + entropy.token(bytes: 12), cseq: CSeq(1, .invite),
            maxForwards: min(max(invitation.maxForwards, 0), 255), routes: routes,
            headers: invitation.headers + capabilities)
        request.from.tag = entropy.token()
        request.to.tag = nil
        if let replaces = invitation.replaces {
            request.headers += [SIPHeader(replaces), SIPHeader("Require", "replaces")]
        }
        let user = invitation.contactUser ?? invitation.from.uri.user
        request.contacts = [contact(user: user, for: invitation.flow)]
        if let body = invitation.body, !body.isEmpty {
            request.body = body
            request.contentType = invitation.contentType
        }
        var session = Session(
            phase: .calling, isCaller: true, dialog: Dialog(calling: request), flow: invitation.flow,
            contactUser: user)
        session.login = invitation.credentials.map { LoginProgress($0) }
        session.alternatives = Array(invitation.alternatives.prefix(Invitation.maxAlternatives))
        sessionsByTag[session.dialog.localTag] = id
        sessions[id] = session
        if let timeout = invitation.ringTimeout { setTimer(.ring, of: id, at: now.advanced(by: timeout)) }
        let transaction = send(request, to: invitation.flow, owner: .invite(id), now: now, out: &out)
        sessions[id]?.invite = transaction
        armNextHop(id, now: now)
        return (id, out)
    }

    /// A response on the INVITE that begins a session.
    mutating func inviteAnswered(
        _ id: SessionID, _ response: SIPMessage, report: TransactionReport, flow: Flow?, now: Instant,
        out: inout [Action]
    ) {
        guard let status = response.status else { return }
        guard let session = sessions[id], session.phase == .calling else {
            turnAwayFork(response, report: report, flow: flow, now: now, out: &out)
            return
        }
        if let flow, flow.connection != 0 { sessions[id]?.flow = flow }
        switch status {
        case 100..<200:
            provisional(id, response, status: status, now: now, out: &out)
        case 200..<300:
            established(id, response, transaction: report.id, now: now, out: &out)
        case 401, 407:
            if session.cancellation == .none, !session.isOver,
                retryInvite(id, response, request: report.request, now: now, out: &out)
            {
                return
            }
            inviteFailed(id, status: status, response, now: now, out: &out)
        case 503 where tryNextHop(id, instead: report.request, now: now, out: &out):
            return
        default:
            inviteFailed(id, status: status, response, now: now, out: &out)
        }
    }

    private mutating func provisional(
        _ id: SessionID, _ response: SIPMessage, status: Int, now: Instant, out: inout [Action]
    ) {
        guard let session = sessions[id] else { return }
        if session.cancellation == .wanted {
            sendCancel(id, now: now, out: &out)
            return
        }
        guard session.cancellation == .none else { return }
        setTimer(.silence, of: id, at: now.advanced(by: configuration.timers.timerC))
        guard status > 100 else { return }
        sessions[id]?.dialog.learn(from: response, settingRoutes: true)
        out.append(.event(.provisional(id, status: status, response)))
    }

    private mutating func established(
        _ id: SessionID, _ response: SIPMessage, transaction: TransactionID, now: Instant, out: inout [Action]
    ) {
        guard var session = sessions[id] else { return }
        for timer in [SessionTimer.ring, .silence, .cancelled, .nextHop] { cancelTimer(timer, of: id) }
        session.dialog.learn(from: response, settingRoutes: true)
        session.login?.succeeded()
        session.phase = .confirmed
        session.invite = nil
        sessions[id] = session
        acknowledge(response, dialog: session.dialog, via: transaction, flow: session.flow, out: &out)
        if session.cancellation != .none {
            // It crossed our CANCEL, or there was no chance to send one.
            leave(id, now: now, out: &out)
        } else {
            out.append(.event(.answered(id, response)))
            sendQueuedOffer(id, now: now, out: &out)
        }
    }

    private mutating func retryInvite(
        _ id: SessionID, _ response: SIPMessage, request: HeldMessage?, now: Instant, out: inout [Action]
    ) -> Bool {
        guard let request, var login = sessions[id]?.login, let session = sessions[id] else { return false }
        let sequence = session.dialog.localSequence &+ 1
        guard
            let again = login.retry(
                request.message, after: response, sequence: sequence, entropy: &entropy)
        else { return false }
        sessions[id]?.login = login
        sessions[id]?.dialog.localSequence = sequence
        sessions[id]?.dialog.remote.tag = nil
        let transaction = send(again, to: session.flow, owner: .invite(id), now: now, out: &out)
        sessions[id]?.invite = transaction
        return true
    }

    /// The INVITE has its final non-2xx, or will never have one.
    mutating func inviteFailed(
        _ id: SessionID, status: Int, _ response: SIPMessage?, now: Instant, out: inout [Action]
    ) {
        guard let session = sessions[id] else { return }
        switch session.phase {
        case .ringing:
            // The caller's connection is gone with his call unanswered.
            finish(id, .cancelled(id, reason: nil), out: &out)
        case .calling where session.cancellation == .none:
            finish(id, .failed(id, status: status, response), out: &out)
        case .calling:
            finish(id, .ended(id, session.cause), out: &out)
        case .accepted, .confirmed, .leaving:
            break
        }
    }

    // MARK: Giving up

    /// Takes the call back: CANCEL now, or when the first provisional response allows it (§9.1).
    mutating func withdraw(_ id: SessionID, now: Instant, out: inout [Action]) {
        guard let session = sessions[id], session.cancellation == .none, let transaction = session.invite else {
            return
        }
        for timer in [SessionTimer.ring, .silence, .nextHop] { cancelTimer(timer, of: id) }
        sessions[id]?.cancellation = .wanted
        if layer[transaction]?.isProceedingClient == true { sendCancel(id, now: now, out: &out) }
    }

    private mutating func sendCancel(_ id: SessionID, now: Instant, out: inout [Action]) {
        guard let session = sessions[id], let transaction = session.invite,
            let invite = layer[transaction]?.request?.message
        else { return }
        sessions[id]?.cancellation = .sent
        setTimer(.cancelled, of: id, at: now.advanced(by: configuration.timers.transactionTimeout))
        var cancel = SIPMessage.cancel(invite, headers: session.farewell)
        cancel.headers.append(SIPHeader("User-Agent", configuration.userAgentHeader))
        _ = layer.send(cancel, to: session.flow, owner: .none, now: now, out: &out)
    }

    /// Nobody answered in time: the user hears of it at once, the CANCEL is our own affair.
    mutating func ringingTooLong(_ id: SessionID, now: Instant, out: inout [Action]) {
        guard let session = sessions[id], session.phase == .calling, session.cancellation == .none else { return }
        sessions[id]?.isOver = true
        out.append(.event(.failed(id, status: 408, nil)))
        withdraw(id, now: now, out: &out)
    }

    mutating func cancelUnanswered(_ id: SessionID, out: inout [Action]) {
        guard let session = sessions[id], session.phase == .calling else { return }
        if let transaction = session.invite { layer.abandon(transaction) }
        finish(id, .ended(id, session.cause), out: &out)
    }
}
