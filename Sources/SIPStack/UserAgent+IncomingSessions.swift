// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
public import Timing

/// Calls that come in (RFC 3261 §13.3).
extension UserAgent {
    mutating func receiveInvite(
        _ request: SIPMessage, key: TransactionKey, from flow: Flow, back: Flow, now: Instant, out: inout [Action]
    ) {
        guard let contact = request.contacts.first else {
            refuse(request, 400, headers: [], back: back, out: &out)
            return
        }
        let id = SessionID(rawValue: nextNumber())
        let transaction = layer.accept(request, key: key, flow: back, owner: .invite(id), now: now)
        let session = Session(
            phase: .ringing, isCaller: false,
            dialog: Dialog(called: request, contact: contact.uri, tag: entropy.token()), flow: flow,
            contactUser: request.requestURI?.user, invite: transaction)
        sessionsByTag[session.dialog.localTag] = id
        sessions[id] = session
        respond(request.response(100), to: transaction, now: now, out: &out)
        out.append(.event(.incomingInvite(id, request, flow)))
    }

    /// 180, 183 … on an incoming call; 101…199, others are ignored. Repeated every minute until the answer.
    public mutating func progress(
        _ id: SessionID, status: Int, body: [UInt8]? = nil, headers: [SIPHeader] = [], now: Instant
    ) -> [Action] {
        var out: [Action] = []
        guard (101...199).contains(status), let (transaction, invite) = openInvite(id),
            var response = answer(id, to: invite, status: status, headers: headers)
        else { return out }
        setBody(body, of: &response)
        respond(response, to: transaction, now: now, out: &out)
        setTimer(.provisional, of: id, at: now.advanced(by: configuration.timers.provisionalRefresh))
        return out
    }

    /// Answers an incoming call with 200; it is repeated until the ACK, and without ACK in 64 × T1 the session
    /// ends with BYE and `ended(.notAcknowledged)` (RFC 3261 §13.3.1.4).
    public mutating func accept(
        _ id: SessionID, body: [UInt8], headers: [SIPHeader] = [], now: Instant
    ) -> [Action] {
        var out: [Action] = []
        guard let (transaction, invite) = openInvite(id),
            var response = answer(id, to: invite, status: 200, headers: headers)
        else { return out }
        response.headers += capabilities
        setBody(body, of: &response)
        cancelTimer(.provisional, of: id)
        sessions[id]?.phase = .accepted
        sessions[id]?.invite = nil
        sendUntilAcknowledged(response, to: transaction, of: id, now: now, out: &out)
        return out
    }

    /// Refuses an incoming call with 300…699 (others become 500). `ended(.local)` follows at once: the
    /// transaction alone sees to retransmission and ACK. `headers` may hold a challenge or a Contact of a 302.
    public mutating func reject(
        _ id: SessionID, status: Int, reason: String? = nil, headers: [SIPHeader] = [], now: Instant
    ) -> [Action] {
        var out: [Action] = []
        guard let (transaction, invite) = openInvite(id), let session = sessions[id] else { return out }
        var response = invite.response(
            (300...699).contains(status) ? status : 500, reason: reason, toTag: session.dialog.localTag)
        response.headers += headers
        respond(response, to: transaction, now: now, out: &out)
        finish(id, .ended(id, .local), out: &out)
        return out
    }

    /// The INVITE of an incoming call that has no final answer yet.
    private func openInvite(_ id: SessionID) -> (TransactionID, SIPMessage)? {
        guard let session = sessions[id], session.phase == .ringing, let transaction = session.invite,
            let invite = layer[transaction]?.request?.message
        else { return nil }
        return (transaction, invite)
    }

    /// A response that makes or stays in the dialog: our tag, Contact and the caller's Record-Route (§12.1.1).
    func answer(_ id: SessionID, to request: SIPMessage, status: Int, headers: [SIPHeader]) -> SIPMessage? {
        guard let session = sessions[id] else { return nil }
        var response = request.response(status, toTag: session.dialog.localTag)
        response.contacts = [contact(user: session.contactUser, for: session.flow)]
        response.recordRoutes = request.recordRoutes
        response.headers += headers
        return response
    }

    func setBody(_ body: [UInt8]?, of message: inout SIPMessage) {
        guard let body, !body.isEmpty else { return }
        message.body = body
        message.contentType = "application/sdp"
    }

    /// Sends a 2xx on an INVITE and repeats it until its ACK, over streams too (§13.3.1.4).
    mutating func sendUntilAcknowledged(
        _ response: SIPMessage, to transaction: TransactionID, of id: SessionID, now: Instant, out: inout [Action]
    ) {
        var response = response
        response.headers.append(SIPHeader("Server", configuration.userAgentHeader))
        guard let flow = layer[transaction]?.flow else { return }
        let timers = configuration.timers
        sessions[id]?.unacknowledged = .init(response: HeldMessage(response), flow: flow, interval: timers.t1)
        setTimer(.answer, of: id, at: now.advanced(by: timers.t1))
        setTimer(.acknowledgement, of: id, at: now.advanced(by: timers.transactionTimeout))
        layer.respond(response, to: transaction, now: now, out: &out)
    }

    mutating func answerDue(_ id: SessionID, now: Instant, out: inout [Action]) {
        guard var answer = sessions[id]?.unacknowledged else { return }
        let response = answer.response.message
        out.append(.send(response, to: living(answer.flow, answering: response.vias.first)))
        answer.interval = min(answer.interval * 2, configuration.timers.t2)
        sessions[id]?.unacknowledged = answer
        setTimer(.answer, of: id, at: now.advanced(by: answer.interval))
    }

    mutating func acknowledgementMissing(_ id: SessionID, now: Instant, out: inout [Action]) {
        guard sessions[id]?.unacknowledged != nil else { return }
        forgetAnswer(id)
        if sessions[id]?.leavesWhenAcknowledged != true { sessions[id]?.cause = .notAcknowledged }
        leave(id, now: now, out: &out)
    }

    private mutating func forgetAnswer(_ id: SessionID) {
        sessions[id]?.unacknowledged = nil
        cancelTimer(.answer, of: id)
        cancelTimer(.acknowledgement, of: id)
    }

    mutating func receiveAck(
        _ ack: SIPMessage, key: TransactionKey, from flow: Flow, now: Instant, out: inout [Action]
    ) {
        if let transaction = layer.id(for: key),
            !layer.acknowledged(transaction, ack: ack, now: now, out: &out)
        {
            return
        }
        guard let id = sessionID(of: ack), let session = sessions[id] else {
            counters.strayAcks += 1
            return
        }
        // A repeated ACK finds nothing waiting.
        guard let answer = session.unacknowledged, answer.response.message.cseq.number == ack.cseq.number else {
            return
        }
        sessions[id]?.flow = flow
        forgetAnswer(id)
        if session.phase == .accepted { sessions[id]?.phase = .confirmed }
        out.append(.event(.acknowledged(id, ack)))
        if session.leavesWhenAcknowledged {
            leave(id, now: now, out: &out)
        } else {
            sendQueuedOffer(id, now: now, out: &out)
        }
    }

    mutating func cancelled(
        _ id: SessionID, by cancel: SIPMessage, invite: SIPMessage, now: Instant, out: inout [Action]
    ) {
        guard let session = sessions[id], let transaction = session.invite else { return }
        respond(invite.response(487, toTag: session.dialog.localTag), to: transaction, now: now, out: &out)
        finish(id, .cancelled(id, reason: cancel.header("Reason")), out: &out)
    }
}
