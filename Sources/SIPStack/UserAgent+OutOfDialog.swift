// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
public import Timing

/// Requests outside dialogs, theirs and ours.
extension UserAgent {
    /// Answers an `incomingRequest`; a To tag, Allow and Server are added where they are missing. The
    /// answer goes back the way the request came.
    public mutating func respond(
        _ id: ServerRequestID, with response: SIPMessage, now: Instant
    ) -> [Action] {
        var out: [Action] = []
        let transaction = TransactionID(rawValue: id.rawValue)
        guard let request = layer[transaction]?.request?.message else { return out }
        var response = response
        if response.to.tag == nil, response.status ?? 0 > 100 { response.to.tag = stableTag(request) }
        if response.header("Allow") == nil, [200, 405].contains(response.status), request.method == .options {
            response.headers += capabilities
        }
        respond(response, to: transaction, now: now, out: &out)
        return out
    }

    /// Sends REGISTER, OPTIONS, MESSAGE … Ends with one `response` or `requestFailed`.
    public mutating func request(
        _ message: OutOfDialogRequest, now: Instant
    ) -> (ClientRequestID, [Action]) {
        var out: [Action] = []
        let id = ClientRequestID(rawValue: nextNumber())
        let (uri, routes) = Dialog.path(to: message.requestURI, by: message.routes)
        var request = SIPMessage(
            startLine: .request(message.method, uri), from: message.from, to: message.to,
            callID: message.callID ?? configuration.callIDPrefix + entropy.token(bytes: 12),
            cseq: CSeq(message.sequence, message.method), maxForwards: 70, contacts: message.contacts,
            routes: routes, contentType: message.contentType, headers: message.headers, body: message.body)
        if request.from.tag == nil { request.from.tag = entropy.token() }
        clientRequests[id] = ClientRequest(
            login: message.credentials.map { LoginProgress($0) }, sequence: message.sequence)
        _ = send(request, to: message.flow, owner: .request(id), now: now, out: &out)
        return (id, out)
    }

    mutating func requestSettled(
        _ id: ClientRequestID, report: TransactionReport, now: Instant, out: inout [Action]
    ) {
        guard var state = clientRequests[id] else { return }
        switch report.kind {
        case .timedOut:
            out.append(.event(.requestFailed(id, status: 408)))
        case .transportFailed:
            out.append(.event(.requestFailed(id, status: 503)))
        case .response(let response):
            guard let status = response.status, status >= 200 else { return }
            if status == 401 || status == 407, let request = report.request, var login = state.login,
                let again = login.retry(
                    request.message, after: response, sequence: state.sequence &+ 1, entropy: &entropy)
            {
                state.sequence &+= 1
                state.login = login
                clientRequests[id] = state
                _ = send(again, to: report.flow, owner: .request(id), now: now, out: &out)
                return
            }
            out.append(.event(.response(id, response)))
        }
        clientRequests[id] = nil
    }
}
