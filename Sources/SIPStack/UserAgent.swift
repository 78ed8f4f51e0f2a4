// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
public import Timing

/// The signalling of a switch: transactions, dialogs, INVITE sessions and subscriptions as one value without I/O.
///
/// A message, a command or the time goes in, actions come out. The shell sends what is to be sent, in order,
/// calls `advance` at `nextDeadline` and reports what could not be sent through `flowFailed`.
public struct UserAgent: Sendable {
    public let configuration: Configuration
    public internal(set) var counters = Counters()
    var entropy: Entropy
    var layer: TransactionLayer
    var sessions: [SessionID: Session] = [:]
    /// By our tag, which we draw, so that it is unique; of lingering dialogs too.
    var sessionsByTag: [String: SessionID] = [:]
    var referrals: [ReferID: Referral] = [:]
    /// What is left of ended sessions, by their number.
    var lingering: [SessionID: LingeringDialog] = [:]
    var subscriptions: [SubscriptionID: Subscription] = [:]
    /// By our tag.
    var subscriptionsByTag: [String: SubscriptionID] = [:]
    var clientRequests: [ClientRequestID: ClientRequest] = [:]
    /// The Allow, Supported and Allow-Events headers (RFC 3261 §20.5, §20.37, RFC 6665 §8.2.2).
    let capabilities: [SIPHeader]
    let allowEvents: SIPHeader
    /// Connections that are gone, and those that were opened from here: their ports lead back to their peers.
    var closed = RecentConnections()
    var opened = RecentConnections()
    private var lastNumber: UInt64 = 0

    /// A request of ours outside dialogs between its tries.
    struct ClientRequest: Sendable {
        var login: LoginProgress?
        var sequence: UInt32
    }

    public init(configuration: Configuration, entropy: Entropy) {
        self.configuration = configuration
        self.entropy = entropy
        layer = TransactionLayer(timers: configuration.timers)
        var capabilities = [SIPHeader("Allow", configuration.allow.map(\.rawValue).joined(separator: ", "))]
        if !configuration.supported.isEmpty {
            capabilities.append(SIPHeader("Supported", configuration.supported.joined(separator: ", ")))
        }
        var packages = configuration.eventPackages
        if configuration.allow.contains(.refer) { packages.append(Referral.package) }
        allowEvents = SIPHeader("Allow-Events", packages.joined(separator: ", "))
        if !packages.isEmpty { capabilities.append(allowEvents) }
        self.capabilities = capabilities
    }

    /// Calls `advance` is wanted at; nil when nothing waits.
    public var nextDeadline: Instant? { layer.heap.nextDeadline }

    public var sessionCount: Int { sessions.count }
    /// Subscriptions of peers, those that REFERs made included, until their last NOTIFY is settled.
    public var subscriptionCount: Int { subscriptions.count + referrals.count }
    public var transactionCount: Int { layer.count }
    public var timerCount: Int { layer.heap.count }

    /// A message from the network. Its top Via gets `received` and `rport` here (RFC 3581 §4).
    public mutating func receive(_ message: consuming SIPMessage, from flow: Flow, now: Instant) -> [Action] {
        var out: [Action] = []
        if message.isRequest {
            receiveRequest(message, from: flow, now: now, out: &out)
        } else {
            receiveResponse(message, from: flow, now: now, out: &out)
        }
        return out
    }

    /// Runs every timer that is due.
    public mutating func advance(to now: Instant) -> [Action] {
        var out: [Action] = []
        while let timer = layer.heap.popDue(now) {
            switch timer {
            case .transaction(let id, let letter):
                if let report = layer.fired(letter, of: id, now: now, out: &out) {
                    take(report, now: now, out: &out)
                }
            case .session(let id, let kind):
                fired(kind, of: id, now: now, out: &out)
            case .referral(let id):
                referralExpired(id, now: now, out: &out)
            case .subscription(let id):
                subscriptionExpired(id, now: now, out: &out)
            }
        }
        return out
    }

    // MARK: Making

    mutating func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    /// What the peer behind a flow is told we are.
    func identity(of flow: Flow) -> ListenerIdentity {
        var identity =
            configuration.listeners.indices.contains(flow.listener)
            ? configuration.listeners[flow.listener]
            : configuration.listeners.first ?? ListenerIdentity(transport: flow.transport, host: "invalid", port: 0)
        if identity.followsFlow, let local = flow.localAddress { identity.host = NumericHost.bracketed(local) }
        return identity
    }

    /// The Contact we show to the peer behind a flow.
    public func contact(user: String?, for flow: Flow) -> NameAddress {
        let identity = identity(of: flow)
        let parameters = identity.transport.uriParameter.map { [SIPParameter("transport", $0)] } ?? []
        return NameAddress(
            uri: SIPURI(user: user, host: identity.host, port: Int(identity.port), parameters: parameters))
    }

    /// Puts a fresh Via of ours on a request (RFC 3261 §8.1.1.7, RFC 3581 §3).
    mutating func stampVia(_ request: inout SIPMessage, for flow: Flow) {
        let identity = identity(of: flow)
        request.vias = [
            Via(
                transport: flow.transport.rawValue, host: identity.host, port: Int(identity.port),
                parameters: [
                    SIPParameter("rport"),
                    SIPParameter("branch", TransactionKey.cookie + entropy.token(bytes: 10)),
                ])
        ]
    }

    mutating func send(
        _ request: SIPMessage, to flow: Flow, owner: TransactionOwner, now: Instant, out: inout [Action]
    ) -> TransactionID {
        var request = request
        let flow = living(flow, towards: request.routes.first?.uri ?? request.requestURI)
        stampVia(&request, for: flow)
        if request.header("User-Agent") == nil {
            request.headers.append(SIPHeader("User-Agent", configuration.userAgentHeader))
        }
        return layer.send(request, to: flow, owner: owner, now: now, out: &out)
    }

    /// Answers a server transaction.
    mutating func respond(_ response: SIPMessage, to id: TransactionID, now: Instant, out: inout [Action]) {
        var response = response
        if response.header("Server") == nil {
            response.headers.append(SIPHeader("Server", configuration.userAgentHeader))
        }
        layer.respond(response, to: id, now: now, out: &out)
    }
}
