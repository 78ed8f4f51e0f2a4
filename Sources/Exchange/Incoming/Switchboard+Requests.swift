// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import SIPMessage
internal import SIPStack
internal import Site
internal import Timing

/// Requests outside calls: REGISTER, OPTIONS and what we do not serve.
extension Switchboard {
    func request(_ id: ServerRequestID, _ message: SIPMessage, _ flow: Flow) {
        switch message.method {
        case .register: register(id, message, flow)
        case .options:
            var response = message.response(isDraining ? 503 : 200)
            response.setHeader("Accept", Self.accepted)
            act { $0.respond(id, with: response, now: self.now) }
        case .refer: act { $0.respond(id, with: message.response(403), now: self.now) }
        default:
            act { $0.respond(id, with: message.response(405), now: self.now) }
        }
    }

    /// Bodies that requests may carry: descriptions, keys by INFO, and what NOTIFYs of a REFER tell.
    private static let accepted = "application/sdp, application/dtmf-relay, application/dtmf, message/sipfrag"

    private func register(_ id: ServerRequestID, _ message: SIPMessage, _ flow: Flow) {
        let site = services.site.site
        guard let user = message.to.uri.user, site.seat(user) != nil || site.trunk(registeringAs: user) != nil
        else {
            // The same challenge as for a seat that exists, so that numbers cannot be tried out.
            switch services.location.identify(message, from: flow, now: now) {
            case .challenge(let headers): return challenge(id, message, headers)
            case .lockedOut: services.counters.add(.lockedOut)
            case .refused, .user: refuse(message, flow, reason: "no such seat or gateway")
            }
            act { $0.respond(id, with: message.response(403), now: self.now) }
            return
        }
        switch services.location.identify(message, from: flow, now: now) {
        case .lockedOut:
            services.counters.add(.lockedOut)
            act { $0.respond(id, with: message.response(403), now: self.now) }
        case .challenge(let headers): challenge(id, message, headers)
        case .refused(let reason):
            refuse(message, flow, reason: reason)
            act { $0.respond(id, with: message.response(403), now: self.now) }
        case .user(let name):
            guard name == user else {
                refuse(message, flow, reason: "\(name) may not register as \(user)")
                act { $0.respond(id, with: message.response(403), now: self.now) }
                return
            }
            let (response, changes) = services.location.register(
                message, aor: user, from: flow, now: now, wall: wallNow, maxContacts: site.seat(user)?.registrations)
            for change in changes { note(change) }
            act { $0.respond(id, with: response, now: self.now) }
            scheduleExpiry()
        }
    }

    private func challenge(_ id: ServerRequestID, _ message: SIPMessage, _ headers: [SIPHeader]) {
        var response = message.response(401)
        response.headers += headers
        act { $0.respond(id, with: response, now: self.now) }
    }

    func refuse(_ message: SIPMessage, _ flow: Flow, reason: String) {
        services.counters.add(.authenticationFailed)
        let user = message.from.uri.user ?? ""
        note(AuthenticationFailed(user: user, source: "\(flow.address):\(flow.port)", reason: reason))
        services.log.warning("\(message.method) of \(user) from \(flow.address):\(flow.port) refused: \(reason)")
    }

    func note(_ change: BindingChange) {
        mayHaveChanged(.seat(change.binding.aor))
        switch change {
        case .added(let binding):
            services.counters.add(.registrations)
            let lasts = wallNow.microseconds.distance(to: binding.expires.microseconds) / 1_000_000
            note(
                Registered(
                    address: binding.aor, contact: binding.contact.description, expiresSeconds: lasts,
                    userAgent: binding.userAgent ?? ""))
            services.log.info("\(binding.aor) registered at \(binding.flow.address):\(binding.flow.port)")
        case .refreshed: break
        case .removed(let binding, let reason):
            note(
                Unregistered(
                    address: binding.aor, contact: binding.contact.description, reason: reason.text))
            services.log.info("\(binding.aor) unregistered (\(reason.text))")
        case .unreachable(let binding):
            let contact = binding.contact
            services.log.notice(
                "\(binding.aor) is not reachable until it registers again: its connection closed, and \(contact) is elsewhere than \(binding.flow.address), where it was seen"
            )
        }
    }

    // MARK: By itself

    func startBackground() {
        turn { expireBindings() }
    }

    func expireBindings() {
        let (changes, _) = services.location.expire(now: now)
        for change in changes { note(change) }
        followTrunks()
        scheduleExpiry()
    }

    /// The table is looked at every ten seconds. Not moved by what happens meanwhile: it
    /// would never be due where phones register all the time.
    private func scheduleExpiry() {
        if timers.deadline(of: .bindings) == nil { setTimer(.bindings, after: .seconds(10)) }
    }

    func ownAddress(user: String?, name: String? = nil) -> NameAddress {
        NameAddress(
            displayName: name,
            uri: SIPURI(user: user?.isEmpty == true ? nil : user, host: services.site.site.realm))
    }
}

extension BindingChange.Removal {
    var text: String {
        switch self {
        case .unregistered: "unregistered"
        case .expired: "expired"
        case .replaced: "replaced"
        case .connectionClosed: "connection closed"
        case .unknown: "unknown"
        }
    }
}
