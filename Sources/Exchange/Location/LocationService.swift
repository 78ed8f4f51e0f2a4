// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Names
internal import SIPMessage
public import SIPStack
internal import Synchronization
public import Timing

/// Where phones and gateways are, and whether they are who they say.
///
/// Registrar and authenticator are machines behind one lock that is held for a table look-up and a
/// digest; nothing waits inside it.
public final class LocationService: Sendable {
    struct State: Sendable {
        var registrar: Registrar
        var authenticator: DigestAuthenticator
        var lockouts: LoginGuard
        /// By trunk: which targets answered their last OPTIONS, and which did not.
        var answers: [String: [ServerTarget: Bool]] = [:]
        /// What the names of trunks lead to.
        var names = NameWatch()
    }

    let state: Mutex<State>
    /// Called with every change of bindings, to be made durable. Must not block.
    private let changed: @Sendable ([BindingChange]) -> Void
    private let passwords: @Sendable (String) -> String?

    /// `passwords` gives the secret of a seat or gateway user, nil when there is none.
    public init(
        registrar: Registrar, authenticator: DigestAuthenticator, failedLoginsPerMinute: Int,
        passwords: @escaping @Sendable (String) -> String?,
        changed: @escaping @Sendable ([BindingChange]) -> Void
    ) {
        state = Mutex(
            State(
                registrar: registrar, authenticator: authenticator,
                lockouts: LoginGuard(failuresPerMinute: failedLoginsPerMinute)))
        self.passwords = passwords
        self.changed = changed
    }

    enum Identity: Sendable {
        case user(String)
        /// Answer 401 with these headers.
        case challenge([SIPHeader])
        case refused(reason: String)
        /// Too many failures from there: refused without a look, a log line or a ledger event.
        case lockedOut
    }

    /// Who sent this request (RFC 3261 §22).
    func identify(_ request: SIPMessage, from flow: Flow, now: Instant) -> Identity {
        state.withLock { state in
            guard state.lockouts.allows(flow.address, now: now) else { return .lockedOut }
            switch state.authenticator.check(request, password: passwords, now: now) {
            case .accepted(let username):
                state.lockouts.succeeded(flow.address)
                return .user(username)
            case .challenge(let headers, _): return .challenge(headers)
            case .refused(.wrongPassword(let username)):
                state.lockouts.failed(flow.address, now: now)
                return .refused(reason: "wrong password for \(username), or no such user")
            case .refused(.malformed):
                state.lockouts.failed(flow.address, now: now)
                return .refused(reason: "malformed digest")
            }
        }
    }

    func register(
        _ request: SIPMessage, aor: String, from flow: Flow, now: Instant, wall: WallTime, maxContacts: Int?
    ) -> (response: SIPMessage, changes: [BindingChange]) {
        let result = state.withLock { state in
            state.registrar.register(
                request, aor: aor, from: flow, now: now, wall: wall, maxContacts: maxContacts)
        }
        if !result.changes.isEmpty { changed(result.changes) }
        return result
    }

    /// Best first.
    public func bindings(of aor: String, now: Instant) -> [Binding] {
        state.withLock { $0.registrar.bindings(of: aor, now: now) }
    }

    /// All that are valid, for screens.
    public var allBindings: [Binding] { state.withLock { $0.registrar.allBindings } }

    /// Takes back what was stored before a restart.
    public func restore(_ bindings: [Binding], now: Instant, wall: WallTime) {
        state.withLock { $0.registrar.restore(bindings, now: now, wall: wall) }
    }

    /// Forgets the bindings of users the site no longer has.
    func removeBindings(where isUnknown: (String) -> Bool) -> [BindingChange] {
        let changes = state.withLock { $0.registrar.removeAll(where: isUnknown) }
        if !changes.isEmpty { changed(changes) }
        return changes
    }

    func expire(now: Instant) -> (changes: [BindingChange], next: Instant?) {
        let result = state.withLock { state in
            (state.registrar.expire(now: now), state.registrar.nextDeadline)
        }
        if !result.0.isEmpty { changed(result.0) }
        return result
    }

    /// A connection is gone: what can only be reached over it goes too.
    func flowClosed(_ flow: Flow) -> [BindingChange] {
        let changes = state.withLock { $0.registrar.connectionClosed(flow) }
        if !changes.isEmpty { changed(changes) }
        return changes
    }
}
