// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import Names
internal import SIPMessage
internal import SIPStack
internal import Site
internal import Timing

/// A trunk that is asked by OPTIONS, as far as the asking depends on the site.
struct WatchedTrunk: Hashable {
    var kind: Trunk.Kind
    var interval: Duration
}

/// An OPTIONS of ours: which trunk, which of its targets.
struct TrunkProbe: Hashable {
    var trunk: String
    var target: ServerTarget
}

/// What is done for trunks without anybody calling: their names are looked up, and they are asked whether they are there.
extension Switchboard {
    /// Looks whether the site's trunks are others than those that are followed: at the start, after a reload, and every ten
    /// seconds.
    func followTrunks() {
        let site = services.site.site
        questions += services.location.followNames(Set(site.trunks.compactMap(Self.service)), now: now)
        armNames()
        var wanted: [String: WatchedTrunk] = [:]
        for trunk in site.trunks {
            if let interval = trunk.keepAlive {
                wanted[trunk.name] = WatchedTrunk(kind: trunk.kind, interval: interval)
            }
        }
        for name in watched.keys.sorted() where wanted[name] == nil {
            watched[name] = nil
            timers.cancel(.keepAlive(name))
            services.location.forgetAnswers(of: name)
        }
        for trunk in site.trunks {
            guard let new = wanted[trunk.name], watched[trunk.name] != new else { continue }
            // Another way under the same name has not answered yet.
            if watched[trunk.name]?.kind != new.kind { services.location.forgetAnswers(of: trunk.name) }
            watched[trunk.name] = new
            probe(trunk.name)
        }
    }

    func siteReplaced() {
        turn {
            let site = services.site.site
            let changes = services.location.removeBindings {
                site.seat($0) == nil && site.trunk(registeringAs: $0) == nil
            }
            for change in changes { note(change) }
            followTrunks()
            lampsMayHaveMoved()
        }
    }

    // MARK: OPTIONS

    /// OPTIONS to each of a trunk's targets: keeps NAT open and shows which are there (RFC 3261 §11).
    func probe(_ name: String) {
        guard let trunk = services.site.site.trunk(name), let interval = trunk.keepAlive else { return }
        setTimer(.keepAlive(name), after: interval)
        let hops = nextHops(of: trunk, number: nil)
        services.location.keepAnswers(of: name, from: Set(hops?.flows.map(ServerTarget.init) ?? []))
        guard let hops else { return }
        for flow in hops.flows {
            send(
                OutOfDialogRequest(
                    method: .options, requestURI: hops.uri, flow: flow, from: ownAddress(user: nil),
                    to: NameAddress(uri: hops.uri))
            ) { probes[$0] = TrunkProbe(trunk: name, target: ServerTarget(flow)) }
        }
    }

    func probeAnswered(_ probe: TrunkProbe, _ id: ClientRequestID, status: Int) {
        probes[id] = nil
        // A reload may have taken the trunk away meanwhile.
        guard watched[probe.trunk] != nil else { return }
        let answers = status != 408 && status != 503
        guard let reachable = services.location.noteAnswer(of: probe.trunk, target: probe.target, answers) else {
            return
        }
        services.log.notice("trunk \(probe.trunk) is \(reachable ? "reachable" : "not reachable (\(status))")")
    }

    // MARK: Names

    /// What has to be looked up for a trunk; nil for gateways that register and peers given by address.
    static func service(of trunk: Trunk) -> NameService? {
        guard case .peer(let peer) = trunk.kind, IPAddress(peer.host) == nil else { return nil }
        return NameService(host: peer.host, port: peer.port, transport: peer.transport == .tcp ? .tcp : .udp)
    }

    func takeQuestions() -> [NameService] {
        defer { questions = [] }
        return questions
    }

    func askNamesAgain() {
        questions += services.location.dueNames(now: now)
        armNames()
    }

    func answered(_ service: NameService, _ answer: Result<ServerList, NameFailure>) {
        turn { tell(service, services.location.nameAnswered(service, answer, now: now)) }
    }

    private func tell(_ service: NameService, _ news: NameWatch.News?) {
        armNames()
        let trunks = services.site.site.trunks.filter { Self.service(of: $0) == service }
        let names = trunks.map(\.name).joined(separator: ", ")
        switch news {
        case .found(let list):
            let found = list.servers.flatMap(\.targets).map(\.description).joined(separator: " ")
            services.log.notice("trunk \(names): \(service) is \(found)")
            for trunk in trunks where watched[trunk.name] != nil { probe(trunk.name) }
        case .failed(let failure, let isKept):
            services.log.warning("trunk \(names): \(failure)\(isKept ? "; the last answer stays in use" : "")")
        case nil: break
        }
    }

    private func armNames() {
        if let due = services.location.nextNameDeadline {
            timers.set(.names, at: due)
        } else {
            timers.cancel(.names)
        }
    }
}

extension ServerTarget {
    init(_ flow: Flow) { self.init(address: flow.address, port: flow.port) }
}
