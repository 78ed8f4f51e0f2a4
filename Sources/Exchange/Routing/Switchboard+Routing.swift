// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Names
internal import SIPMessage
internal import SIPStack
internal import Site

/// Where a target can be reached right now.
struct Route {
    var party: Party
    var uri: SIPURI
    var flow: Flow
    /// Where the call goes when `flow` fails, in order.
    var alternatives: [Flow] = []
    /// Taken for this leg already; given back when the leg ends.
    var places: [Occupancy.Place]
    /// What the called party is shown.
    var from: NameAddress
}

/// Why there is no route.
struct NoRoute: Error {
    var status: DialStatus
    var cause: HangupCause
}

extension Switchboard {
    /// Every phone of a seat, or one line of a trunk; takes the places for it. `takesPlace`: a place of the seat too.
    func routes(
        to target: DialTarget, caller: CallerIdentity, site: Site, takesPlace: Bool = true
    ) throws(NoRoute) -> [Route] {
        switch target {
        case .seat(let number):
            guard let seat = site.seat(number) else {
                throw NoRoute(status: .unavailable, cause: .unallocatedNumber)
            }
            let bindings = services.location.bindings(of: number, now: now)
            // A phone that cannot be reached is as good as none: nobody waits half a minute to hear that.
            let reached = bindings.compactMap { binding in binding.way.map { (contact: binding.contact, way: $0) } }
            guard !reached.isEmpty else { throw NoRoute(status: .unavailable, cause: .subscriberAbsent) }
            guard !takesPlace || services.occupancy.take(.seat(number), limit: seat.callWaiting ? seat.calls : 1) else {
                throw NoRoute(status: .busy, cause: .userBusy)
            }
            let from = ownAddress(user: caller.number, name: caller.name.isEmpty ? nil : caller.name)
            // The seat's place goes with its first phone and passes on until the last one ends.
            return reached.enumerated().map { index, phone in
                Route(
                    party: .seat(number), uri: phone.contact, flow: phone.way,
                    places: takesPlace && index == 0 ? [.seat(number)] : [], from: from)
            }

        case .trunk(let name, let number):
            guard let trunk = site.trunk(name) else {
                throw NoRoute(status: .unavailable, cause: .destinationOutOfOrder)
            }
            let outgoing = trunk.outgoingNumber.applied(to: number)
            guard let hops = nextHops(of: trunk, number: outgoing), let first = hops.flows.first else {
                throw NoRoute(status: .unavailable, cause: .destinationOutOfOrder)
            }
            guard services.occupancy.take(.trunk(name), limit: trunk.lines) else {
                throw NoRoute(status: .congestion, cause: .noCircuit)
            }
            let from =
                switch trunk.callerID {
                case .own: ownAddress(user: caller.number, name: caller.name.isEmpty ? nil : caller.name)
                case .number(let shown): ownAddress(user: shown)
                case .none:
                    NameAddress(
                        displayName: "Anonymous", uri: SIPURI(user: "anonymous", host: "anonymous.invalid"))
                }
            return [
                Route(
                    party: .trunk(name, number: number), uri: hops.uri, flow: first,
                    alternatives: Array(hops.flows.dropFirst()), places: [.trunk(name)], from: from)
            ]
        }
    }

    /// Where a trunk's requests go, best first and at least one; nil when its gateway is not registered or cannot be
    /// reached, its name leads nowhere, or no listener is of its kind.
    func nextHops(of trunk: Trunk, number: String?) -> (uri: SIPURI, flows: [Flow])? {
        switch trunk.kind {
        case .registers(let user):
            for binding in services.location.bindings(of: user, now: now) {
                guard let way = binding.way else { continue }
                var uri = binding.contact
                if let number { uri.user = number }
                return (uri, [way])
            }
            return nil
        case .peer(let peer):
            let transport: TransportKind = peer.transport == .tcp ? .tcp : .udp
            // The name stays in the Request-URI, whichever of its servers is sent to (RFC 3263 §4).
            let address = IPAddress(peer.host)
            let port = address == nil ? peer.port : peer.port ?? 5060
            var uri = SIPURI(
                user: number, host: address?.isIPv6 == true ? "[\(peer.host)]" : peer.host, port: port.map(Int.init))
            if transport == .tcp { uri.parameters.append(SIPParameter("transport", "tcp")) }
            let flows = targets(of: trunk).compactMap { flow(to: $0, over: transport) }
            return flows.isEmpty ? nil : (uri, flows)
        }
    }

    /// A peer's targets in the order they are to be tried; those that did not answer their last OPTIONS come last.
    private func targets(of trunk: Trunk) -> [ServerTarget] {
        guard case .peer(let peer) = trunk.kind else { return [] }
        if IPAddress(peer.host) != nil { return [ServerTarget(address: peer.host, port: peer.port ?? 5060)] }
        guard let service = Self.service(of: trunk), let list = services.location.servers(of: service) else {
            return []
        }
        let order = list.order(using: &entropy)
        let silent = services.location.silentTargets(of: trunk.name)
        return order.filter { !silent.contains($0) } + order.filter(silent.contains)
    }

    /// nil for IPv6 when nothing listens on IPv6, and the other way round: no answer would come back.
    private func flow(to target: ServerTarget, over transport: TransportKind) -> Flow? {
        let listeners = agent.configuration.listeners
        func reaching(_ transport: TransportKind) -> (index: Int, localAddress: String?)? {
            listeners.reaching(target.address, over: transport, localAddress: environment.localAddress)
        }
        // A connection can be opened without a listener of its kind, and what comes back on it is heard.
        guard let (listener, local) = reaching(transport) ?? (transport == .tcp ? reaching(.udp) : nil) else {
            return nil
        }
        return Flow(
            transport: transport, address: target.address, port: target.port, listener: listener, localAddress: local)
    }

    /// The peer trunk whose calls come from an address: by its `addresses`, and where it has none, by what its name
    /// leads to.
    func peerTrunk(from address: String, site: Site) -> Trunk? {
        if let number = IPAddress(address), let trunk = site.trunk(from: number) { return trunk }
        return site.trunks.first { trunk in
            guard case .peer(let peer) = trunk.kind, peer.addresses.isEmpty, let service = Self.service(of: trunk)
            else { return false }
            return services.location.servers(of: service)?.addresses.contains(address) ?? false
        }
    }
}
