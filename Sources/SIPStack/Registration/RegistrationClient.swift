// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPMessage
public import Timing

/// Keeps one registration of ours alive (RFC 3261 §10.2) on top of `UserAgent.request`: a trunk's, or a simulated
/// phone's.
///
/// Give it its time at `nextDeadline` and the `response` and `requestFailed` events of its requests; send what
/// it returns, and tell it the number of the request through `sent`.
public struct RegistrationClient: Sendable {
    public struct Account: Sendable {
        /// Request-URI: the domain, without a user.
        public var registrar: SIPURI
        /// The next hop.
        public var flow: Flow
        /// Who is registered: From and To.
        public var address: NameAddress
        /// Where we are reached, e.g. from `UserAgent.contact(user:for:)`.
        public var contact: NameAddress
        public var credentials: DigestLogin?
        /// Asked for; the registrar may grant less, or ask for more with 423.
        public var expires: Duration

        public init(
            registrar: SIPURI, flow: Flow, address: NameAddress, contact: NameAddress,
            credentials: DigestLogin? = nil, expires: Duration = .seconds(300)
        ) {
            self.registrar = registrar
            self.flow = flow
            self.address = address
            self.contact = contact
            self.credentials = credentials
            self.expires = expires
        }
    }

    public enum State: Hashable, Sendable {
        /// Not registered and not trying to be.
        case idle
        /// REGISTER is out, or due again after a failure, and no binding is alive.
        case registering
        case registered
        /// REGISTER with expires 0 is out.
        case unregistering
        /// The registrar said no in a way that repeating does not change (403, 404 …); tried again seldom.
        case refused(status: Int)
    }

    public private(set) var state: State = .idle
    public private(set) var account: Account
    /// The status of the last failure, 408 and 503 for those without an answer; nil while all is well.
    public private(set) var lastFailure: Int?
    private var entropy: Entropy
    private let callID: String
    private var sequence: UInt32 = 0
    private var pending: ClientRequestID?
    private var due: Instant?
    private var aliveUntil: Instant?
    private var failures = 0
    private var wantsToLeave = false

    /// - Parameter callID: stays the same for the life of the client (§10.2.4); begin it with the `callIDPrefix` of the
    ///   `UserAgent` that sends for it.
    public init(account: Account, callID: String, entropy: Entropy) {
        self.account = account
        self.callID = callID
        self.entropy = entropy
    }

    /// When `advance` is wanted.
    public var nextDeadline: Instant? { due }

    /// The wait after the first failure; it doubles to `maxBackoff`, and half of it is chance, so that phones
    /// do not come back in step.
    public static let minBackoff = Duration.seconds(2)
    public static let maxBackoff = Duration.seconds(120)
    /// The wait after a refusal.
    public static let refusalPause = Duration.seconds(300)

    /// Begins, or registers at once when already begun.
    public mutating func start(now: Instant) -> OutOfDialogRequest? {
        wantsToLeave = false
        failures = 0
        if state != .registered { state = .registering }
        guard pending == nil else { return nil }
        return register()
    }

    /// Takes the binding back. nil when none can be alive; then all is done.
    public mutating func stop(now: Instant) -> OutOfDialogRequest? {
        due = nil
        wantsToLeave = true
        if pending != nil { return nil }
        return unregister()
    }

    /// Refreshes or tries again when it is time.
    public mutating func advance(to now: Instant) -> OutOfDialogRequest? {
        guard let due, due <= now, pending == nil else { return nil }
        self.due = nil
        if let aliveUntil, aliveUntil <= now {
            self.aliveUntil = nil
            if state == .registered { state = .registering }
        }
        return register()
    }

    /// The number `UserAgent.request` gave to what was returned last.
    public mutating func sent(_ id: ClientRequestID) { pending = id }

    /// A final response to a request; false when it is not this client's. A request that follows at once is returned.
    public mutating func received(
        _ response: SIPMessage, for id: ClientRequestID, now: Instant
    ) -> (isMine: Bool, next: OutOfDialogRequest?) {
        guard id == pending, let status = response.status else { return (false, nil) }
        pending = nil
        sequence = max(sequence, response.cseq.number)
        if state == .unregistering { return (true, left()) }
        switch status {
        case 200..<300:
            registered(response, now: now)
        case 423:
            if let least = response.header("Min-Expires").flatMap({ Int64($0.filter { !$0.isWhitespace }) }),
                least > 0, least <= 86_400, .seconds(least) > account.expires
            {
                account.expires = .seconds(least)
                return (true, wantsToLeave ? unregister() : register())
            }
            failed(status, response, now: now)
        default:
            failed(status, response, now: now)
        }
        return (true, wantsToLeave ? unregister() : nil)
    }

    /// A request without an answer; false when it is not this client's.
    public mutating func failed(
        _ id: ClientRequestID, status: Int, now: Instant
    ) -> (isMine: Bool, next: OutOfDialogRequest?) {
        guard id == pending else { return (false, nil) }
        pending = nil
        sequence &+= 2  // the try and a digest answer that may have gone out
        if state == .unregistering { return (true, left()) }
        failed(status, nil, now: now)
        return (true, wantsToLeave ? unregister() : nil)
    }

    // MARK: Inside

    private mutating func register() -> OutOfDialogRequest {
        if case .refused = state { state = .registering }
        due = nil
        return request(expires: account.expires)
    }

    private mutating func unregister() -> OutOfDialogRequest? {
        due = nil
        guard aliveUntil != nil else {
            state = .idle
            return nil
        }
        state = .unregistering
        return request(expires: .zero)
    }

    private mutating func left() -> OutOfDialogRequest? {
        state = .idle
        aliveUntil = nil
        guard !wantsToLeave else { return nil }
        state = .registering
        return register()
    }

    private mutating func request(expires: Duration) -> OutOfDialogRequest {
        sequence &+= 1
        let seconds = String(expires.milliseconds / 1000)
        var contact = account.contact
        contact.parameters.setValue(seconds, of: "expires")
        return OutOfDialogRequest(
            method: .register, requestURI: account.registrar, flow: account.flow, from: account.address,
            to: account.address, headers: [SIPHeader("Expires", seconds)], contacts: [contact],
            credentials: account.credentials, callID: callID, sequence: sequence)
    }

    private mutating func registered(_ response: SIPMessage, now: Instant) {
        let granted = granted(response)
        lastFailure = nil
        failures = 0
        state = .registered
        aliveUntil = now.advanced(by: granted)
        // Early enough for a lost REGISTER to time out (32 s) and be tried again, where the lifetime allows.
        let early = granted > .seconds(120) ? granted * 9 / 10 : granted / 2
        due = now.advanced(by: max(early, .seconds(1)))
    }

    /// The lifetime of our own contact among those listed (§10.2.4).
    private func granted(_ response: SIPMessage) -> Duration {
        let own = response.contacts.first { $0.uri.isEquivalent(to: account.contact.uri) }
        let text = own?.parameters.value(of: "expires") ?? response.header("Expires")
        guard let seconds = text.flatMap({ Int64($0) }), seconds > 0, seconds <= 1 << 32 else { return account.expires }
        return .seconds(seconds)
    }

    private mutating func failed(_ status: Int, _ response: SIPMessage?, now: Instant) {
        lastFailure = status
        failures += 1
        if let aliveUntil, aliveUntil <= now { self.aliveUntil = nil }
        if aliveUntil == nil || state != .registered { state = .registering }
        switch status {
        case 401, 403, 404, 407, 604:
            state = .refused(status: status)
            due = now.advanced(by: jittered(Self.refusalPause))
        default:
            let doubled = Self.minBackoff * (1 << min(failures - 1, 6))
            var wait = jittered(min(doubled, Self.maxBackoff))
            if let asked = response?.header("Retry-After").flatMap({ Int64($0.prefix { $0.isNumber }) }) {
                wait = max(wait, .seconds(min(asked, 3600)))
            }
            due = now.advanced(by: wait)
        }
    }

    /// Between half and the whole of it.
    private mutating func jittered(_ wait: Duration) -> Duration {
        wait * Int.random(in: 500...1000, using: &entropy) / 1000
    }
}
