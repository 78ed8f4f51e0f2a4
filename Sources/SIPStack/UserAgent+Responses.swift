// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage
internal import Timing

/// Responses to requests of ours, and what becomes of their transactions.
extension UserAgent {
    mutating func receiveResponse(
        _ response: SIPMessage, from flow: Flow, now: Instant, out: inout [Action]
    ) {
        // A user agent's responses come back with its own Via alone (RFC 3261 §8.1.3.3).
        guard response.vias.count == 1, let via = response.vias.first, isOurs(via, on: flow),
            let branch = via.branch
        else {
            counters.foreignResponses += 1
            return
        }
        guard let id = layer.id(for: .client(branch: branch, method: response.method)) else {
            counters.strayResponses += 1
            return
        }
        if let asked = layer[id]?.flow, asked.transport.isReliable, asked.connection == 0 {
            opened.insert(flow.connection)
        }
        if response.method == .invite, let status = response.status, (200..<300).contains(status),
            acknowledgeAgain(response, of: id, from: flow, out: &out)
        {
            return
        }
        if let report = layer.received(response: response, from: flow, for: id, now: now, out: &out) {
            take(report, answeredFrom: flow, now: now, out: &out)
        }
    }

    private func isOurs(_ via: Via, on flow: Flow) -> Bool {
        let identity = identity(of: flow)
        if via.host.equalsIgnoringASCIICase(identity.host), (via.port ?? 5060) == Int(identity.port) {
            return true
        }
        // Of a listener on every address: one of the machine's, which answer came by which is the network's affair.
        return configuration.listeners.contains {
            ($0.followsFlow || via.host.equalsIgnoringASCIICase($0.host)) && (via.port ?? 5060) == Int($0.port)
        }
    }

    /// A 2xx whose ACK was lost gets the same ACK again (RFC 3261 §13.2.2.4), session or not.
    private func acknowledgeAgain(
        _ response: SIPMessage, of id: TransactionID, from flow: Flow, out: inout [Action]
    ) -> Bool {
        guard let known = layer[id]?.acknowledgements.first(where: { $0.tag == response.to.tag ?? "" }) else {
            return false
        }
        out.append(.send(known.ack.message, to: closed.contains(known.flow.connection) ? flow : known.flow))
        return true
    }

    mutating func take(
        _ report: TransactionReport, answeredFrom flow: Flow? = nil, now: Instant, out: inout [Action]
    ) {
        follow(flow, as: report.owner)
        switch report.owner {
        case .none:
            if case .response(let response) = report.kind {
                cancelUnwanted(response, report: report, now: now, out: &out)
                turnAwayFork(response, report: report, flow: flow, now: now, out: &out)
            }
        case .invite(let id):
            switch report.kind {
            case .response(let response):
                inviteAnswered(id, response, report: report, flow: flow, now: now, out: &out)
            case .timedOut:
                if tryNextHop(id, instead: report.request, now: now, out: &out) { return }
                inviteFailed(id, status: 408, nil, now: now, out: &out)
            case .transportFailed:
                if tryNextHop(id, instead: report.request, now: now, out: &out) { return }
                inviteFailed(id, status: 503, nil, now: now, out: &out)
            }
        case .offer(let id):
            switch report.kind {
            case .response(let response):
                offerAnswered(id, response, report: report, flow: flow, now: now, out: &out)
            case .timedOut, .transportFailed:
                offerUnanswered(id, report: report, now: now, out: &out)
            }
        case .bye(let id):
            byeSettled(id, report: report, now: now, out: &out)
        case .inDialog(let id):
            inDialogSettled(id, report: report, now: now, out: &out)
        case .request(let id):
            requestSettled(id, report: report, now: now, out: &out)
        case .refer(let id):
            referSettled(id, report: report, now: now, out: &out)
        case .referred(let id):
            referralUnanswered(id)
        case .referNotify(let id):
            referNotifySettled(id, report: report, now: now, out: &out)
        case .subscribe(let id):
            subscribeUnanswered(id, out: &out)
        case .notify(let id):
            notifySettled(id, report: report, now: now, out: &out)
        }
    }

    /// Acknowledges a 2xx and remembers the ACK for its repeats. nil when there are too many forks.
    mutating func acknowledge(
        _ response: SIPMessage, dialog: Dialog, via id: TransactionID, flow: Flow, out: inout [Action]
    ) {
        guard let known = layer[id]?.acknowledgements.count, known < Transaction.maxForks else { return }
        var ack = dialog.request(.ack, number: response.cseq.number)
        stampVia(&ack, for: flow)
        layer.remember(
            .init(tag: response.to.tag ?? "", ack: HeldMessage(ack), flow: flow), for: id)
        out.append(.send(ack, to: flow))
    }

    /// A further phone answered a forked INVITE, or one answered an INVITE nobody wants any more: ACK, then BYE.
    mutating func turnAwayFork(
        _ response: SIPMessage, report: TransactionReport, flow: Flow?, now: Instant, out: inout [Action]
    ) {
        guard response.method == .invite, let status = response.status, (200..<300).contains(status),
            let transaction = layer[report.id], transaction.acknowledgements.count < Transaction.maxForks
        else { return }
        let flow = flow ?? transaction.flow
        var dialog = Dialog(answering: response)
        acknowledge(response, dialog: dialog, via: report.id, flow: flow, out: &out)
        _ = send(dialog.request(.bye), to: flow, owner: .none, now: now, out: &out)
    }
}

extension Dialog {
    /// The caller's side of a dialog as its 2xx alone tells it.
    init(answering response: SIPMessage) {
        self.init(
            calling: SIPMessage(
                startLine: .request(.invite, response.contacts.first?.uri ?? response.to.uri),
                from: response.from, to: response.to, callID: response.callID, cseq: response.cseq))
        learn(from: response, settingRoutes: true)
    }
}
