// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
public import Timing

/// What becomes of sessions when connections go and messages cannot be sent.
extension UserAgent {
    /// A connection closed, could not be opened, or a datagram's peer cannot be reached. Requests of ours that
    /// waited on it fail with 503; a caller whose connection is gone before our answer has cancelled.
    /// Established sessions live on: their next request goes over a new connection to the peer's Contact, and the peer may
    /// come back on one.
    public mutating func flowFailed(_ flow: Flow, now: Instant) -> [Action] {
        var out: [Action] = []
        if flow.connection != 0 { closed.insert(flow.connection) }
        for report in layer.failed(flow, now: now, out: &out) { take(report, now: now, out: &out) }
        return out
    }

    /// One message could not be sent and the way is as good as before (too long for a datagram, say): its
    /// transaction fails with 503, others on the same flow do not.
    public mutating func sendFailed(_ message: SIPMessage, now: Instant) -> [Action] {
        var out: [Action] = []
        guard message.isRequest, let branch = message.vias.first?.branch,
            let id = layer.id(for: .client(branch: branch, method: message.method)),
            let report = layer.failed(id, now: now, out: &out)
        else { return out }
        take(report, now: now, out: &out)
        return out
    }

    /// The flow, or in place of a connection that is gone a new one to where the peer listens. A peer that cannot be
    /// called back keeps the dead one, whose failure the transport tells at once.
    func living(_ flow: Flow, towards hop: SIPURI?) -> Flow {
        guard closed.contains(flow.connection) else { return flow }
        if opened.contains(flow.connection) {
            var again = flow
            again.connection = 0
            return again
        }
        return hop.flatMap { flow.reopened(towards: $0) } ?? flow
    }

    /// The same for an answer: to the port its Via names (RFC 3261 §18.2.2).
    func living(_ flow: Flow, answering via: Via?) -> Flow {
        guard closed.contains(flow.connection), let via else { return flow }
        return flow.reopened(towards: SIPURI(host: via.host, port: via.port)) ?? flow
    }

    /// Requests of a session follow the peer to the connection it answered on.
    mutating func follow(_ flow: Flow?, as owner: TransactionOwner) {
        guard let flow, flow.connection != 0 else { return }
        switch owner {
        case .offer(let id), .bye(let id), .inDialog(let id), .refer(let id): sessions[id]?.flow = flow
        case .notify(let id): subscriptions[id]?.flow = flow
        // The first answer of several decides (see `inviteAnswered`).
        case .invite, .request, .referred, .referNotify, .subscribe, .none: break
        }
    }
}

/// The last connections of some kind, so that sessions that still name one are found without a search.
struct RecentConnections: Sendable {
    private var numbers: Set<UInt64> = []
    private var order: [UInt64] = []
    private var oldest = 0
    /// A closed one that falls out is asked of the transport, which reports it as failed once more.
    private static let capacity = 4096

    func contains(_ number: UInt64) -> Bool { number != 0 && numbers.contains(number) }

    mutating func insert(_ number: UInt64) {
        guard number != 0, numbers.insert(number).inserted else { return }
        if order.count < Self.capacity {
            order.append(number)
        } else {
            numbers.remove(order[oldest])
            order[oldest] = number
            oldest = (oldest + 1) % Self.capacity
        }
    }
}
