// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage
internal import Timing

/// Requests from the network: what RFC 3261 §8.2 asks of a server before its user hears of them.
extension UserAgent {
    mutating func receiveRequest(
        _ message: consuming SIPMessage, from flow: Flow, now: Instant, out: inout [Action]
    ) {
        guard !message.vias.isEmpty, case .request(let method, _) = message.startLine,
            method == message.cseq.method
        else {
            counters.malformed += 1
            return
        }
        stampReceived(&message.vias[0], from: flow)
        let request = message
        let back = answerFlow(via: request.vias[0], flow: flow)
        let key = TransactionKey.server(request, via: request.vias[0])
        if method == .ack {
            receiveAck(request, key: key, from: flow, now: now, out: &out)
        } else if let id = layer.id(for: key) {
            layer.repeated(id, now: now, out: &out)
        } else if method == .cancel {
            receiveCancel(request, key: key, back: back, now: now, out: &out)
        } else if !configuration.allow.contains(method) {
            refuse(request, 405, headers: capabilities, back: back, out: &out)
        } else if Self.hasMisplacedReplaces(request) {
            refuse(request, 400, headers: [], back: back, out: &out)
        } else if request.to.tag != nil {
            receiveInDialog(request, key: key, from: flow, back: back, now: now, out: &out)
        } else {
            receiveOutsideDialog(request, key: key, from: flow, back: back, now: now, out: &out)
        }
    }

    /// RFC 3261 §18.2.1 and RFC 3581 §4.
    private func stampReceived(_ via: inout Via, from flow: Flow) {
        let asked = via.parameters.contains("rport")
        if asked { via.parameters.setValue(String(flow.port), of: "rport") }
        if asked || via.host != flow.address { via.parameters.setValue(flow.address, of: "received") }
    }

    private func answerFlow(via: Via, flow: Flow) -> Flow {
        guard !configuration.forcesRport, !flow.transport.isReliable, !via.parameters.contains("rport") else {
            return flow
        }
        var back = flow
        back.port = UInt16(exactly: via.port ?? 5060) ?? flow.port
        return back
    }

    private mutating func receiveOutsideDialog(
        _ request: SIPMessage, key: TransactionKey, from flow: Flow, back: Flow, now: Instant, out: inout [Action]
    ) {
        if layer.isMerged(request) {
            counters.merged += 1
            answerStateless(request, 482, headers: [], back: back, out: &out)
            return
        }
        if request.maxForwards == 0, request.method != .options {
            refuse(request, 483, headers: [], back: back, out: &out)
            return
        }
        let unsupported = unsupportedOptions(request)
        if !unsupported.isEmpty {
            let header = SIPHeader("Unsupported", unsupported.joined(separator: ", "))
            refuse(request, 420, headers: [header], back: back, out: &out)
            return
        }
        let isInvite = request.method == .invite
        if layer.count >= configuration.maxTransactions || (isInvite && sessions.count >= configuration.maxSessions) {
            overloaded(request, back: back, out: &out)
            return
        }
        switch request.method {
        case .invite:
            receiveInvite(request, key: key, from: flow, back: back, now: now, out: &out)
        case .bye, .info, .update, .prack:
            refuse(request, 481, headers: [], back: back, out: &out)
        case .notify where request.single(EventHeader.self).value?.type == "keep-alive":
            // Keeps a way through NAT open (Linksys, Cisco SPA); it asks for nothing but an answer.
            answerStateless(request, 200, headers: [], back: back, out: &out)
        case .notify:
            // RFC 6665 §4.1.3: there is no subscription of ours outside of calls.
            counters.unexpectedNotifies += 1
            refuse(request, 481, headers: [], back: back, out: &out)
        case .subscribe:
            receiveSubscribe(request, key: key, from: flow, back: back, now: now, out: &out)
        case .refer where !Self.isSound(refer: request):
            counters.refusedRefers += 1
            refuse(request, 400, headers: [], back: back, out: &out)
        default:
            let id = layer.accept(request, key: key, flow: back, owner: .none, now: now)
            out.append(.event(.incomingRequest(ServerRequestID(rawValue: id.rawValue), request, flow)))
        }
    }

    func unsupportedOptions(_ request: SIPMessage) -> [String] {
        request.allHeaders("Require").prefix(16)
            .flatMap { $0.split(separator: ",") }
            .map { String($0.filter { !$0.isWhitespace }) }
            .filter { option in
                !option.isEmpty && !configuration.supported.contains { $0.equalsIgnoringASCIICase(option) }
            }
    }

    private mutating func receiveCancel(
        _ request: SIPMessage, key: TransactionKey, back: Flow, now: Instant, out: inout [Action]
    ) {
        guard let target = layer.id(for: key.ofInvite),
            let transaction = layer[target]
        else {
            refuse(request, 481, headers: [], back: back, out: &out)
            return
        }
        let id = layer.accept(request, key: key, flow: back, owner: .none, now: now)
        respond(
            request.response(200, toTag: tag(of: transaction.owner) ?? stableTag(request)), to: id, now: now, out: &out)
        guard transaction.isOpenServer, let invite = transaction.request?.message else { return }
        switch transaction.owner {
        case .invite(let session):
            cancelled(session, by: request, invite: invite, now: now, out: &out)
        case .offer(let session):
            respond(invite.response(487), to: target, now: now, out: &out)
            sessions[session]?.renegotiation = .none
        default:
            break
        }
    }

    private func tag(of owner: TransactionOwner) -> String? {
        if case .invite(let id) = owner { sessions[id]?.dialog.localTag } else { nil }
    }

    // MARK: Refusing without a transaction

    /// Refuses without keeping anything: a copy of the request gets a copy of the answer (§8.2.7). The ACK of
    /// a refused INVITE then belongs to nothing and is dropped.
    mutating func refuse(
        _ request: SIPMessage, _ status: Int, headers: [SIPHeader], back: Flow, out: inout [Action]
    ) {
        counters.refused += 1
        answerStateless(request, status, headers: headers, back: back, out: &out)
    }

    mutating func overloaded(_ request: SIPMessage, back: Flow, out: inout [Action]) {
        counters.overload += 1
        let wait = SIPHeader("Retry-After", String(configuration.retryAfterSeconds))
        answerStateless(request, 503, headers: [wait], back: back, out: &out)
    }

    func answerStateless(
        _ request: SIPMessage, _ status: Int, headers: [SIPHeader], back: Flow, out: inout [Action]
    ) {
        var response = request.response(status, toTag: stableTag(request))
        response.headers += headers
        response.headers.append(SIPHeader("Server", configuration.userAgentHeader))
        out.append(.send(response, to: back))
    }

    /// The same for every copy of a request (FNV-1a over what a transaction is known by).
    func stableTag(_ request: SIPMessage) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for text in [request.callID, request.from.tag ?? "", request.vias.first?.branch ?? ""] {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        return String(hash, radix: 16)
    }
}
