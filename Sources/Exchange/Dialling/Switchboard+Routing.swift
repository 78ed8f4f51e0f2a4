// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import SIPMessage
internal import SIPStack
internal import Site

/// Where a target can be reached right now.
struct Route {
    var party: Party
    var uri: SIPURI
    var flow: Flow
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
    /// Every phone of a seat, or one line of a trunk; takes the places for it.
    func routes(to target: DialTarget, caller: CallerIdentity, site: Site) throws(NoRoute) -> [Route] {
        switch target {
        case .seat(let number):
            guard let seat = site.seat(number) else {
                throw NoRoute(status: .unavailable, cause: .unallocatedNumber)
            }
            let bindings = services.location.bindings(of: number, now: now)
            guard !bindings.isEmpty else { throw NoRoute(status: .unavailable, cause: .subscriberAbsent) }
            guard services.occupancy.take(.seat(number), limit: seat.calls) else {
                throw NoRoute(status: .busy, cause: .userBusy)
            }
            let from = ownAddress(user: caller.number, name: caller.name.isEmpty ? nil : caller.name)
            // The seat's place goes with its first phone and passes on until the last one ends.
            return bindings.enumerated().map { index, binding in
                Route(
                    party: .seat(number), uri: binding.contact, flow: binding.flow,
                    places: index == 0 ? [.seat(number)] : [], from: from)
            }

        case .trunk(let name, let number):
            guard let trunk = site.trunk(name) else {
                throw NoRoute(status: .unavailable, cause: .destinationOutOfOrder)
            }
            let outgoing = trunk.outgoingNumber.applied(to: number)
            guard let hop = nextHop(of: trunk, number: outgoing) else {
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
                    party: .trunk(name, number: number), uri: hop.uri, flow: hop.flow, places: [.trunk(name)],
                    from: from)
            ]
        }
    }

    /// Where a trunk's requests go; nil when its gateway is not registered or its address unknown.
    func nextHop(of trunk: Trunk, number: String?) -> (uri: SIPURI, flow: Flow)? {
        switch trunk.kind {
        case .registers(let user):
            guard let binding = services.location.bindings(of: user, now: now).first else { return nil }
            var uri = binding.contact
            if let number { uri.user = number }
            return (uri, binding.flow)
        case .peer(let peer):
            guard let address = numericAddress(of: peer) else { return nil }
            let transport: TransportKind = peer.transport == .tcp ? .tcp : .udp
            let listener = agent.configuration.listeners.firstIndex { $0.transport == transport } ?? 0
            var uri = SIPURI(
                user: number, host: address.isIPv6 ? "[\(address)]" : address.description, port: Int(peer.port))
            if transport == .tcp { uri.parameters.append(SIPParameter("transport", "tcp")) }
            return (
                uri,
                Flow(transport: transport, address: address.description, port: peer.port, listener: listener)
            )
        }
    }

    /// A host given by name is reached at the first single address of its list: names are not
    /// looked up while calls are routed, because a slow name server would hold every call up.
    private func numericAddress(of peer: Trunk.Peer) -> IPAddress? {
        if let address = IPAddress(peer.host) { return address }
        return peer.addresses.first { $0.prefixLength == $0.address.bytes.count * 8 }?.address
    }
}
