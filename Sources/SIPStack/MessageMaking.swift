// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage

extension SIPMessage {
    /// The ACK of a non-2xx final response: same Via, same Request-URI, the response's To (§17.1.1.3).
    static func ack(rejecting response: SIPMessage, of invite: SIPMessage) -> SIPMessage {
        hopByHop(.ack, of: invite, to: response.to)
    }

    /// The CANCEL of a request of ours (§9.1).
    static func cancel(_ request: SIPMessage, headers: [SIPHeader]) -> SIPMessage {
        var cancel = hopByHop(.cancel, of: request, to: request.to)
        cancel.headers += headers
        return cancel
    }

    private static func hopByHop(_ method: SIPMethod, of request: SIPMessage, to: NameAddress) -> SIPMessage {
        SIPMessage(
            startLine: .request(method, request.requestURI ?? to.uri), vias: Array(request.vias.prefix(1)),
            from: request.from, to: to, callID: request.callID,
            cseq: CSeq(request.cseq.number, method), maxForwards: request.maxForwards ?? 70,
            routes: request.routes)
    }
}
