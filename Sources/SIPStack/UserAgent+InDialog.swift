// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
public import Timing

/// Requests within a dialog, theirs and ours (RFC 3261 §12.2).
extension UserAgent {
    mutating func receiveInDialog(
        _ request: SIPMessage, key: TransactionKey, from flow: Flow, back: Flow, now: Instant, out: inout [Action]
    ) {
        guard let id = sessionID(of: request), let phase = sessions[id]?.phase else {
            receiveWithoutSession(request, key: key, from: flow, back: back, now: now, out: &out)
            return
        }
        let room = configuration.maxTransactions + configuration.maxTransactions / 4
        guard layer.count < room else {
            overloaded(request, back: back, out: &out)
            return
        }
        let refer = ReferID(rawValue: request.method == .refer ? nextNumber() : 0)
        let owner: TransactionOwner =
            switch request.method {
            case .invite, .update: .offer(id)
            case .refer: .referred(refer)
            default: .none
            }
        let transaction = layer.accept(request, key: key, flow: back, owner: owner, now: now)
        guard sessions[id]?.dialog.isInOrder(request) == true else {
            respond(request.response(500), to: transaction, now: now, out: &out)
            return
        }
        sessions[id]?.flow = flow
        if phase == .leaving, request.method != .bye {
            respond(request.response(481), to: transaction, now: now, out: &out)
            return
        }
        let unsupported = unsupportedOptions(request)
        if !unsupported.isEmpty, request.method != .bye {
            var response = request.response(420)
            response.headers.append(SIPHeader("Unsupported", unsupported.joined(separator: ", ")))
            respond(response, to: transaction, now: now, out: &out)
            return
        }
        switch request.method {
        case .bye: receiveBye(id, request, transaction: transaction, now: now, out: &out)
        case .invite, .update: receiveOffer(id, request, transaction: transaction, now: now, out: &out)
        case .options:
            var response = request.response(200)
            response.headers += capabilities
            respond(response, to: transaction, now: now, out: &out)
        case .refer: receiveRefer(refer, in: id, request, transaction: transaction, now: now, out: &out)
        case .notify: receiveReferNotify(id, request, transaction: transaction, now: now, out: &out)
        case .subscribe: receiveReferSubscribe(in: id, request, transaction: transaction, now: now, out: &out)
        default:
            respond(request.response(200), to: transaction, now: now, out: &out)
            tell(.inDialogRequest(id, request), of: id, out: &out)
        }
    }

    private func tell(_ event: Event, of id: SessionID, out: inout [Action]) {
        if sessions[id]?.isOver == false { out.append(.event(event)) }
    }

    private mutating func receiveBye(
        _ id: SessionID, _ request: SIPMessage, transaction: TransactionID, now: Instant, out: inout [Action]
    ) {
        guard var session = sessions[id] else { return }
        respond(request.response(200), to: transaction, now: now, out: &out)
        if session.phase == .calling {
            // From a callee before his answer: the INVITE's final response ends the session (§15).
            return
        }
        if session.phase == .ringing, let invite = session.invite, let original = layer[invite]?.request?.message {
            respond(original.response(487, toTag: session.dialog.localTag), to: invite, now: now, out: &out)
            finish(id, .cancelled(id, reason: request.header("Reason")), out: &out)
            return
        }
        abandonOffer(&session, now: now, out: &out)
        sessions[id] = session
        closeReferrals(of: id, isDialogLost: false, now: now, out: &out)
        let isOurs = session.phase == .leaving || session.leavesWhenAcknowledged
        finish(id, .ended(id, isOurs ? session.cause : .remote(reason: request.header("Reason"))), out: &out)
        resumeReferrals(of: id, now: now, out: &out)
    }

    // MARK: Ours

    /// INFO in the dialog, e.g. DTMF relay. Its outcome is not told, except that a 481 ends the session.
    public mutating func sendInfo(
        _ id: SessionID, contentType: String, body: [UInt8], now: Instant
    ) -> [Action] {
        sendRequest(id, .info, contentType: contentType, body: body, now: now)
    }

    /// Any request but INVITE, ACK, CANCEL, BYE, REFER (see `refer`) and SUBSCRIBE in an established dialog.
    public mutating func sendRequest(
        _ id: SessionID, _ method: SIPMethod, headers: [SIPHeader] = [], contentType: String? = nil,
        body: [UInt8] = [], now: Instant
    ) -> [Action] {
        var out: [Action] = []
        guard ![SIPMethod.invite, .ack, .cancel, .bye, .refer, .subscribe].contains(method),
            let session = sessions[id],
            session.phase == .confirmed || session.phase == .accepted,
            var request = sessions[id]?.dialog.request(method)
        else { return out }
        request.headers = headers
        request.contentType = contentType
        request.body = body
        if method == .update || method == .notify {
            request.contacts = [contact(user: session.contactUser, for: session.flow)]
        }
        _ = send(request, to: session.flow, owner: .inDialog(id), now: now, out: &out)
        return out
    }

    mutating func inDialogSettled(
        _ id: SessionID, report: TransactionReport, now: Instant, out: inout [Action]
    ) {
        guard case .response(let response) = report.kind, let status = response.status else { return }
        switch status {
        case 200..<300:
            sessions[id]?.login?.succeeded()
        case 401, 407:
            _ = retryInDialog(id, response, request: report.request, owner: .inDialog(id), now: now, out: &out)
        case 481 where response.method != .notify:
            // On a NOTIFY it says that there is no subscription, not that there is no call (RFC 5057 §5.1).
            dialogGone(id, status: status, now: now, out: &out)
        default:
            break
        }
    }

    mutating func retryInDialog(
        _ id: SessionID, _ response: SIPMessage, request: HeldMessage?, owner: TransactionOwner, now: Instant,
        out: inout [Action]
    ) -> TransactionID? {
        guard let request, let session = sessions[id], var login = session.login else { return nil }
        let sequence = session.dialog.localSequence &+ 1
        guard
            let again = login.retry(request.message, after: response, sequence: sequence, entropy: &entropy)
        else { return nil }
        sessions[id]?.login = login
        sessions[id]?.dialog.localSequence = sequence
        return send(again, to: session.flow, owner: owner, now: now, out: &out)
    }

    /// The peer no longer knows the dialog (§12.2.1.2): BYE all the same, in case he does.
    mutating func dialogGone(_ id: SessionID, status: Int, now: Instant, out: inout [Action]) {
        guard let session = sessions[id], session.phase == .confirmed || session.phase == .accepted else { return }
        sessions[id]?.cause = .refused(status: status)
        leave(id, now: now, out: &out)
    }
}
