// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage
public import Timing

/// Offers behind the first one: re-INVITE and UPDATE (RFC 3261 §14, RFC 3311).
extension UserAgent {
    /// After so many collisions a re-INVITE is given up with `reofferFailed(491)`.
    private static var maxReofferAttempts: Int { 6 }

    // MARK: Ours

    /// Offers a changed session with a re-INVITE. Waits while another offer or an ACK is under way; a newer
    /// offer replaces one that still waits.
    public mutating func reoffer(_ id: SessionID, body: [UInt8], now: Instant) -> [Action] {
        var out: [Action] = []
        guard let session = sessions[id], !session.isOver, session.phase != .leaving,
            !session.leavesWhenAcknowledged, session.cancellation == .none
        else { return out }
        sessions[id]?.queuedOffer = body
        if case .waiting = session.renegotiation { return out }
        sendQueuedOffer(id, now: now, out: &out)
        return out
    }

    /// An offer of ours that has not gone out yet, or waits after 491, is not to; one that is out is not touched.
    public mutating func withdrawOffer(_ id: SessionID) -> [Action] {
        sessions[id]?.queuedOffer = nil
        if case .waiting = sessions[id]?.renegotiation {
            sessions[id]?.renegotiation = .none
            cancelTimer(.reoffer, of: id)
        }
        return []
    }

    mutating func sendQueuedOffer(_ id: SessionID, now: Instant, out: inout [Action]) {
        guard let session = sessions[id], session.phase == .confirmed, session.unacknowledged == nil,
            case .none = session.renegotiation, let body = session.queuedOffer
        else { return }
        sessions[id]?.queuedOffer = nil
        sendOffer(id, body: body, attempt: 1, now: now, out: &out)
    }

    private mutating func sendOffer(
        _ id: SessionID, body: [UInt8], attempt: Int, now: Instant, out: inout [Action]
    ) {
        guard let session = sessions[id], var request = sessions[id]?.dialog.request(.invite) else { return }
        request.contacts = [contact(user: session.contactUser, for: session.flow)]
        request.headers = capabilities
        setBody(body, of: &request)
        let transaction = send(request, to: session.flow, owner: .offer(id), now: now, out: &out)
        sessions[id]?.renegotiation = .offering(transaction, body, attempt: attempt)
    }

    mutating func offerAnswered(
        _ id: SessionID, _ response: SIPMessage, report: TransactionReport, flow: Flow?, now: Instant,
        out: inout [Action]
    ) {
        guard let status = response.status else { return }
        guard var session = sessions[id], case .offering(report.id, let body, let attempt) = session.renegotiation
        else {
            // The session has left over it: a 2xx still wants its ACK, and nothing more.
            if (200..<300).contains(status), let flow = flow ?? layer[report.id]?.flow {
                let dialog = sessions[id]?.dialog ?? Dialog(answering: response)
                acknowledge(response, dialog: dialog, via: report.id, flow: flow, out: &out)
            }
            return
        }
        guard status >= 200 else {
            setTimer(.silence, of: id, at: now.advanced(by: configuration.timers.timerC))
            return
        }
        cancelTimer(.silence, of: id)
        switch status {
        case 200..<300:
            session.dialog.learn(from: response, settingRoutes: false)
            session.login?.succeeded()
            session.renegotiation = .none
            sessions[id] = session
            acknowledge(response, dialog: session.dialog, via: report.id, flow: session.flow, out: &out)
            out.append(.event(.reofferAnswered(id, response)))
            sendQueuedOffer(id, now: now, out: &out)
        case 491 where attempt < Self.maxReofferAttempts:
            sessions[id]?.renegotiation = .waiting(body, attempt: attempt)
            setTimer(.reoffer, of: id, at: now.advanced(by: glareDelay(isCaller: session.isCaller)))
        case 401, 407:
            if let again = retryInDialog(
                id, response, request: report.request, owner: .offer(id), now: now, out: &out)
            {
                sessions[id]?.renegotiation = .offering(again, body, attempt: attempt)
                return
            }
            offerRefused(id, status: status, now: now, out: &out)
        case 408, 481:
            dialogGone(id, status: status, now: now, out: &out)
        default:
            offerRefused(id, status: status, now: now, out: &out)
        }
    }

    /// 2.1…4 s for the side that called, 0…2 s for the other, in steps of 10 ms (§14.1), scaled with T1.
    private mutating func glareDelay(isCaller: Bool) -> Duration {
        let steps = isCaller ? Int.random(in: 210...400, using: &entropy) : Int.random(in: 0...200, using: &entropy)
        return configuration.timers.t1 * steps / 50
    }

    mutating func reofferAgain(_ id: SessionID, now: Instant, out: inout [Action]) {
        guard let session = sessions[id], case .waiting(let body, let attempt) = session.renegotiation else { return }
        sessions[id]?.renegotiation = .none
        let newest = session.queuedOffer ?? body
        sessions[id]?.queuedOffer = nil
        if session.phase == .confirmed, session.unacknowledged == nil {
            sendOffer(id, body: newest, attempt: attempt + 1, now: now, out: &out)
        } else {
            sessions[id]?.queuedOffer = newest
        }
    }

    private mutating func offerRefused(_ id: SessionID, status: Int, now: Instant, out: inout [Action]) {
        sessions[id]?.renegotiation = .none
        out.append(.event(.reofferFailed(id, status: status)))
        sendQueuedOffer(id, now: now, out: &out)
    }

    /// No final response on our re-INVITE: the dialog is lost (§12.2.1.2); or a request of theirs that our
    /// user left unanswered.
    mutating func offerUnanswered(
        _ id: SessionID, report: TransactionReport, now: Instant, out: inout [Action]
    ) {
        guard let session = sessions[id] else { return }
        switch session.renegotiation {
        case .offering:
            if case .transportFailed = report.kind {
                offerRefused(id, status: 503, now: now, out: &out)
            } else {
                dialogGone(id, status: 408, now: now, out: &out)
            }
        case .offered(let transaction, _) where transaction == report.id:
            sessions[id]?.renegotiation = .none
            sendQueuedOffer(id, now: now, out: &out)
        default:
            break
        }
    }

    // MARK: Theirs

    mutating func receiveOffer(
        _ id: SessionID, _ request: SIPMessage, transaction: TransactionID, now: Instant, out: inout [Action]
    ) {
        guard let session = sessions[id] else { return }
        let isUpdate = request.method == .update
        if isUpdate, request.body.isEmpty {
            // A target refresh without an offer (RFC 3311 §5.2).
            refreshTarget(id, request)
            if let response = answer(id, to: request, status: 200, headers: capabilities) {
                respond(response, to: transaction, now: now, out: &out)
            }
            return
        }
        var refusal: SIPMessage?
        switch session.renegotiation {
        case .offered:
            var response = request.response(500)
            response.headers.append(SIPHeader("Retry-After", String(Int.random(in: 0...10, using: &entropy))))
            refusal = response
        case .offering:
            refusal = request.response(491)
        case .none, .waiting:
            let isSettled = session.phase == .confirmed && session.unacknowledged == nil
            if !isSettled || session.isOver { refusal = request.response(491) }
        }
        if let refusal {
            respond(refusal, to: transaction, now: now, out: &out)
            return
        }
        refreshTarget(id, request)
        if case .waiting(let body, _) = session.renegotiation {
            cancelTimer(.reoffer, of: id)
            if session.queuedOffer == nil { sessions[id]?.queuedOffer = body }
        }
        sessions[id]?.renegotiation = .offered(transaction, request.method)
        if !isUpdate { respond(request.response(100), to: transaction, now: now, out: &out) }
        out.append(.event(.reoffered(id, request)))
    }

    /// The answer to a `.reoffered`, or our offer where theirs had none.
    public mutating func acceptOffer(_ id: SessionID, body: [UInt8], now: Instant) -> [Action] {
        var out: [Action] = []
        guard let session = sessions[id], case .offered(let transaction, let method) = session.renegotiation,
            let request = layer[transaction]?.request?.message,
            var response = answer(id, to: request, status: 200, headers: capabilities)
        else { return out }
        setBody(body, of: &response)
        sessions[id]?.renegotiation = .none
        if method == .invite {
            sendUntilAcknowledged(response, to: transaction, of: id, now: now, out: &out)
        } else {
            respond(response, to: transaction, now: now, out: &out)
            sendQueuedOffer(id, now: now, out: &out)
        }
        return out
    }

    /// Refuses a `.reoffered` with 300…699, e.g. 488; the session goes on as before.
    public mutating func rejectOffer(_ id: SessionID, status: Int, now: Instant) -> [Action] {
        var out: [Action] = []
        guard let session = sessions[id], case .offered(let transaction, _) = session.renegotiation,
            let request = layer[transaction]?.request?.message
        else { return out }
        sessions[id]?.renegotiation = .none
        let response = request.response((300...699).contains(status) ? status : 488)
        respond(response, to: transaction, now: now, out: &out)
        sendQueuedOffer(id, now: now, out: &out)
        return out
    }

    private mutating func refreshTarget(_ id: SessionID, _ request: SIPMessage) {
        if let contact = request.contacts.first { sessions[id]?.dialog.remoteTarget = contact.uri }
    }
}
