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
            response.setHeader("Accept", "application/sdp")
            perform(agent.respond(id, with: response, now: now))
        default:
            perform(agent.respond(id, with: message.response(405), now: now))
        }
    }

    private func register(_ id: ServerRequestID, _ message: SIPMessage, _ flow: Flow) {
        let site = services.site.site
        guard let user = message.to.uri.user, site.seat(user) != nil || site.trunk(registeringAs: user) != nil
        else {
            // The same challenge as for a seat that exists, so that numbers cannot be tried out.
            switch services.location.identify(message, from: flow, now: now) {
            case .challenge(let headers): return challenge(id, message, headers)
            case .lockedOut: services.location.counters.add(.lockedOut)
            case .refused, .user: refuse(message, flow, reason: "no such seat or gateway")
            }
            perform(agent.respond(id, with: message.response(403), now: now))
            return
        }
        switch services.location.identify(message, from: flow, now: now) {
        case .lockedOut:
            services.location.counters.add(.lockedOut)
            perform(agent.respond(id, with: message.response(403), now: now))
        case .challenge(let headers): challenge(id, message, headers)
        case .refused(let reason):
            refuse(message, flow, reason: reason)
            perform(agent.respond(id, with: message.response(403), now: now))
        case .user(let name):
            guard name == user else {
                refuse(message, flow, reason: "\(name) may not register as \(user)")
                perform(agent.respond(id, with: message.response(403), now: now))
                return
            }
            let (response, changes) = services.location.register(
                message, aor: user, from: flow, now: now, wall: wallNow, maxContacts: site.seat(user)?.registrations)
            for change in changes { note(change) }
            perform(agent.respond(id, with: response, now: now))
            if environment.index == 0 { scheduleExpiry() }
        }
    }

    private func challenge(_ id: ServerRequestID, _ message: SIPMessage, _ headers: [SIPHeader]) {
        var response = message.response(401)
        response.headers += headers
        perform(agent.respond(id, with: response, now: now))
    }

    func refuse(_ message: SIPMessage, _ flow: Flow, reason: String) {
        services.location.counters.add(.authenticationFailed)
        let user = message.from.uri.user ?? ""
        note(.authenticationFailed(user: user, source: "\(flow.address):\(flow.port)", reason: reason))
        services.log.warning("\(message.method) of \(user) from \(flow.address):\(flow.port) refused: \(reason)")
    }

    func note(_ change: BindingChange) {
        switch change {
        case .added(let binding):
            services.location.counters.add(.registrations)
            let lasts = wallNow.microseconds.distance(to: binding.expires.microseconds) / 1_000_000
            note(
                .registered(
                    address: binding.aor, contact: binding.contact.description, expiresSeconds: lasts,
                    userAgent: binding.userAgent ?? ""))
            services.log.info("\(binding.aor) registered at \(binding.flow.address):\(binding.flow.port)")
        case .refreshed: break
        case .removed(let binding, let reason):
            note(
                .unregistered(
                    address: binding.aor, contact: binding.contact.description, reason: reason.text))
            services.log.info("\(binding.aor) unregistered (\(reason.text))")
        }
    }

    // MARK: By itself

    func startBackground() {
        guard environment.index == 0 else { return }
        expireBindings()
    }

    /// The first question to trunks that nobody asks yet: all of them at the start, later those a reload brought.
    private func askNewTrunks() {
        for trunk in services.site.site.trunks
        where trunk.keepAlive != nil && timers.deadline(of: .keepAlive(trunk.name)) == nil {
            probe(trunk.name)
        }
    }

    func expireBindings() {
        let (changes, _) = services.location.expire(now: now)
        for change in changes { note(change) }
        askNewTrunks()
        scheduleExpiry()
    }

    /// Other shards register too, so the table is looked at at least every ten seconds.
    private func scheduleExpiry() { setTimer(.bindings, after: .seconds(10)) }

    /// OPTIONS to a trunk: keeps NAT open and shows whether it is there (RFC 3261 §11).
    func probe(_ name: String) {
        guard let trunk = services.site.site.trunk(name), let interval = trunk.keepAlive else { return }
        setTimer(.keepAlive(name), after: interval)
        guard let hop = nextHop(of: trunk, number: nil) else { return }
        let (id, actions) = agent.request(
            OutOfDialogRequest(
                method: .options, requestURI: hop.uri, flow: hop.flow, from: ownAddress(user: nil),
                to: NameAddress(uri: hop.uri)),
            now: now)
        probes[id] = name
        perform(actions)
        rearm()
    }

    func probeAnswered(_ trunk: String, _ id: ClientRequestID, status: Int) {
        probes[id] = nil
        let reachable = status != 408 && status != 503
        guard services.location.setReachable(trunk, reachable) else { return }
        services.log.notice("trunk \(trunk) is \(reachable ? "reachable" : "not reachable (\(status))")")
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
        }
    }
}
