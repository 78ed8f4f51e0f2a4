// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage
internal import Timing

/// Everything in the stack that waits for a time.
enum StackTimer: Hashable, Sendable {
    case transaction(TransactionID, TransactionTimer)
    case session(SessionID, SessionTimer)
    case referral(ReferID)
    case subscription(SubscriptionID)
}

/// What the layer tells the user of a transaction.
struct TransactionReport: Sendable {
    enum Kind: Sendable {
        case response(SIPMessage)
        case timedOut
        case transportFailed
    }

    var id: TransactionID
    var owner: TransactionOwner
    /// Where the transaction ran, should it be gone by now.
    var flow: Flow
    /// The request as it was sent or received, if it was still held.
    var request: HeldMessage?
    var kind: Kind
}

/// All transactions, by key, with the one timer heap of the stack (RFC 3261 §17).
struct TransactionLayer: Sendable {
    private var transactions = TransactionTable()
    private var ids: [TransactionKey: TransactionID] = [:]
    private var merges: [MergeKey: TransactionID] = [:]
    /// Transactions without a final response by the flow they depend on (see `Transaction.dependsOnFlow`).
    private var idsByFlow: [Flow: Set<TransactionID>] = [:]
    var heap = TimerHeap<StackTimer>()
    let timers: StackTimers

    init(timers: StackTimers) { self.timers = timers }

    var count: Int { transactions.count }

    subscript(id: TransactionID) -> Transaction? { transactions[id] }

    func id(for key: TransactionKey) -> TransactionID? { ids[key] }

    /// Whether a copy of this request is being handled that came by another way.
    func isMerged(_ request: SIPMessage) -> Bool { merges[MergeKey(request)] != nil }

    // MARK: Client

    /// Sends a request whose top Via has a branch of ours.
    mutating func send(
        _ request: SIPMessage, to flow: Flow, owner: TransactionOwner, now: Instant, out: inout [Action]
    ) -> TransactionID {
        let reliable = flow.transport.isReliable
        let isInvite = request.method == .invite
        let machine: Transaction.Machine =
            isInvite
            ? .inviteClient(InviteClientTransaction(isReliable: reliable, timers: timers))
            : .nonInviteClient(NonInviteClientTransaction(isReliable: reliable, timers: timers))
        let key = TransactionKey.client(branch: request.vias.first?.branch ?? "", method: request.method)
        let id = insert(
            Transaction(key: key, machine: machine, flow: flow, owner: owner, request: HeldMessage(request)))
        _ = feed(.start, to: id, message: nil, now: now, out: &out)
        return id
    }

    mutating func received(
        response: SIPMessage, from flow: Flow, for id: TransactionID, now: Instant, out: inout [Action]
    ) -> TransactionReport? {
        guard let status = response.status else { return nil }
        if flow.connection != 0, let old = transactions[id]?.flow, old.connection == 0 {
            move(id, from: old, to: flow)
        }
        return feed(.response(status), to: id, message: response, now: now, out: &out)
    }

    /// Gives an INVITE up whose CANCEL led nowhere (§9.1).
    mutating func abandon(_ id: TransactionID) { remove(id) }

    /// Nobody waits for an answer any more; a call that comes of it all the same is turned away.
    mutating func disown(_ id: TransactionID) { transactions[id]?.owner = .none }

    /// Nobody waits for this request's final response any more: it has 64 × T1 left.
    mutating func limit(_ id: TransactionID, now: Instant) {
        let due = now.advanced(by: timers.transactionTimeout)
        transactions[id]?.limit(at: due, as: id, heap: &heap)
    }

    /// Remembers the ACK of a 2xx, so that a repeated 2xx is acknowledged without a session.
    mutating func remember(_ acknowledgement: Transaction.Acknowledgement, for id: TransactionID) {
        transactions[id]?.acknowledgements.append(acknowledgement)
    }

    // MARK: Server

    mutating func accept(
        _ request: SIPMessage, key: TransactionKey, flow: Flow, owner: TransactionOwner, now: Instant
    ) -> TransactionID {
        let reliable = flow.transport.isReliable
        let isInvite = request.method == .invite
        let machine: Transaction.Machine =
            isInvite
            ? .inviteServer(InviteServerTransaction(isReliable: reliable, timers: timers))
            : .nonInviteServer(NonInviteServerTransaction(isReliable: reliable, timers: timers))
        var transaction = Transaction(
            key: key, machine: machine, flow: flow, owner: owner,
            request: HeldMessage(request))
        if request.to.tag == nil { transaction.merge = MergeKey(request) }
        let id = insert(transaction)
        var none: [Action] = []
        _ = feed(.start, to: id, message: nil, now: now, out: &none)
        return id
    }

    mutating func repeated(_ id: TransactionID, now: Instant, out: inout [Action]) {
        _ = feed(.repeated, to: id, message: nil, now: now, out: &out)
    }

    /// True when the ACK is for a 2xx and concerns the session.
    mutating func acknowledged(_ id: TransactionID, ack: SIPMessage, now: Instant, out: inout [Action]) -> Bool {
        feed(.acknowledged, to: id, message: ack, now: now, out: &out) != nil
    }

    mutating func respond(_ response: SIPMessage, to id: TransactionID, now: Instant, out: inout [Action]) {
        guard let status = response.status else { return }
        _ = feed(.respond(status), to: id, message: response, now: now, out: &out)
    }

    // MARK: Time and transport

    mutating func fired(
        _ timer: TransactionTimer, of id: TransactionID, now: Instant, out: inout [Action]
    ) -> TransactionReport? {
        feed(.fired(timer), to: id, message: nil, now: now, out: &out)
    }

    /// Every transaction without a final response that depended on the flow. An unreachable datagram peer
    /// ends requests of ours only: his own will come again if he still wants an answer.
    mutating func failed(_ flow: Flow, now: Instant, out: inout [Action]) -> [TransactionReport] {
        let ids = (idsByFlow[flow] ?? []).sorted { $0.rawValue < $1.rawValue }
        return ids.compactMap { feed(.transportFailed, to: $0, message: nil, now: now, out: &out) }
    }

    /// One transaction whose message could not be sent.
    mutating func failed(_ id: TransactionID, now: Instant, out: inout [Action]) -> TransactionReport? {
        feed(.transportFailed, to: id, message: nil, now: now, out: &out)
    }

    // MARK: Inside

    private mutating func insert(_ transaction: Transaction) -> TransactionID {
        let id = transactions.insert(transaction)
        ids[transaction.key] = id
        if let merge = transaction.merge { merges[merge] = id }
        if transaction.dependsOnFlow { idsByFlow[transaction.flow, default: []].insert(id) }
        return id
    }

    private mutating func remove(_ id: TransactionID) {
        guard let transaction = transactions.remove(id) else { return }
        if ids[transaction.key] == id { ids[transaction.key] = nil }
        if let merge = transaction.merge, merges[merge] == id { merges[merge] = nil }
        if transaction.dependsOnFlow { release(id, from: transaction.flow) }
        for timer in transaction.running { heap.cancel(.transaction(id, timer)) }
    }

    private mutating func release(_ id: TransactionID, from flow: Flow) {
        idsByFlow[flow]?.remove(id)
        if idsByFlow[flow]?.isEmpty == true { idsByFlow[flow] = nil }
    }

    private mutating func move(_ id: TransactionID, from old: Flow, to new: Flow) {
        release(id, from: old)
        idsByFlow[new, default: []].insert(id)
        transactions[id]?.flow = new
    }

    private mutating func feed(
        _ input: TransactionInput, to id: TransactionID, message: SIPMessage?, now: Instant,
        out: inout [Action]
    ) -> TransactionReport? {
        guard
            let outcome = transactions[id]?.take(input, as: id, message: message, now: now, heap: &heap, out: &out)
        else { return nil }
        if outcome.isOver {
            remove(id)
        } else if let flow = outcome.releases {
            release(id, from: flow)
        }
        return outcome.report
    }
}
