// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import SDP
internal import SIPMessage
internal import SIPStack
internal import Site

/// A new call from outside: who calls, may he, and where does the call enter the dialplan.
extension Switchboard {
    func incoming(_ session: SessionID, _ message: SIPMessage, _ flow: Flow) {
        let (site, runner) = services.site.inForce
        guard !isDraining else { return reject(session, 503, reason: nil) }
        if let trunk = peerTrunk(from: flow.address, site: site) {
            return admit(session, message, flow, site, runner, trunk: trunk)
        }
        switch services.location.identify(message, from: flow, now: now) {
        case .lockedOut:
            services.counters.add(.lockedOut)
            reject(session, 403, reason: nil)
        case .challenge(let headers):
            act { $0.reject(session, status: 401, headers: headers, now: self.now) }
        case .refused(let reason):
            refuse(message, flow, reason: reason)
            reject(session, 403, reason: nil)
        case .user(let name):
            if let seat = site.seat(name) {
                admit(session, message, flow, site, runner, seat: seat)
            } else if let trunk = site.trunk(registeringAs: name) {
                admit(session, message, flow, site, runner, trunk: trunk)
            } else {
                refuse(message, flow, reason: "\(name) is neither a seat nor a gateway")
                reject(session, 403, reason: nil)
            }
        }
    }

    private func admit(
        _ session: SessionID, _ message: SIPMessage, _ flow: Flow, _ site: Site, _ runner: @escaping ScriptRunner,
        seat: Seat
    ) {
        let dialled = message.requestURI?.user ?? ""
        guard DialledNumber.isSafe(dialled) else { return reject(session, 404, reason: "Not A Number") }
        let shown = seat.name.isEmpty ? message.from.displayName ?? "" : seat.name
        begin(
            session, message, flow, site, party: .seat(seat.number),
            caller: CallerIdentity(number: seat.number, name: shown), dialled: dialled,
            entry: ScriptEntry(
                site: site, context: seat.context, exten: dialled.isEmpty ? "s" : dialled, dialled: dialled,
                feature: site.feature(dialled: dialled), runner: runner),
            place: .seat(seat.number), limit: seat.calls, language: seat.language.rawValue)
    }

    private func admit(
        _ session: SessionID, _ message: SIPMessage, _ flow: Flow, _ site: Site, _ runner: @escaping ScriptRunner,
        trunk: Trunk
    ) {
        var dialled = trunk.incomingNumber.applied(to: message.requestURI?.user ?? "")
        // Some gateways name their own port where the number should be; that is no matter when it decides nothing.
        if trunk.entryExtension != nil { dialled = DialledNumber.cleaned(dialled) }
        guard DialledNumber.isSafe(dialled) else { return reject(session, 404, reason: "Not A Number") }
        let number = trunk.incomingCaller.applied(to: DialledNumber.cleaned(message.from.uri.user ?? ""))
        let exten = trunk.entryExtension ?? (dialled.isEmpty ? "s" : dialled)
        begin(
            session, message, flow, site, party: .trunk(trunk.name, number: number),
            caller: CallerIdentity(number: number, name: message.from.displayName ?? ""), dialled: dialled,
            entry: ScriptEntry(
                site: site, context: trunk.context, exten: exten, dialled: dialled, feature: nil, runner: runner),
            place: .trunk(trunk.name), limit: trunk.lines, language: trunk.language.rawValue)
    }

    private func begin(
        _ session: SessionID, _ message: SIPMessage, _ flow: Flow, _ site: Site, party: Party,
        caller: CallerIdentity, dialled: String, entry: ScriptEntry, place: Occupancy.Place, limit: Int,
        language: String
    ) {
        var replaced: Leg?
        switch replacement(in: message) {
        case .none: break
        case .leg(let leg):
            // Whoever guesses or overhears a dialog outside the house does not get into its talks (RFC 3891 §8).
            guard party.isSeat else { return reject(session, 403, reason: nil) }
            replaced = leg
        case .refused(let status): return reject(session, status, reason: nil)
        }
        var offer: SessionDescription?
        if !message.body.isEmpty {
            guard let parsed = try? SessionDescription.parse(message.body) else {
                return reject(session, 400, reason: "Bad Session Description")
            }
            offer = parsed
        }
        guard services.occupancy.take(.calls, limit: site.limits.calls) else {
            return reject(session, 503, reason: nil)
        }
        guard services.occupancy.take(place, limit: limit) else {
            services.occupancy.giveBack(.calls)
            return reject(session, 486, reason: "All lines of \(party.number) are in use")
        }
        let (call, id) = (makeCallID(), makeLegID())
        let begun = Call(
            id: call, from: party, caller: caller, dialled: dialled, context: entry.context, origin: id, board: self)
        let leg = Leg(
            id: id, party: party, isIncoming: true, sipCallID: message.callID, flow: flow, session: session,
            call: begun,
            caller: caller, site: site, runner: entry.runner, context: entry.context, language: language,
            machine: LegMachine(
                incoming: offer, sessionNumber: id.rawValue, profile: profile(towards: party, site: site)),
            board: self)
        leg.hopsLeft = min(max((message.maxForwards ?? 70) - 1, 0), 70)
        leg.places = [place]
        services.counters.add(.callsStarted)
        register(leg)
        log.info("call \(call): \(party) dials \(dialled)")
        setTimer(.call(call), after: site.limits.callDuration)
        if let replaced {
            replace(replaced, by: leg)
        } else {
            startScript(entry, on: leg)
        }
    }

    private func reject(_ session: SessionID, _ status: Int, reason: String?) {
        services.counters.add(.callsRefused)
        act { $0.reject(session, status: status, reason: reason, now: self.now) }
    }

    func hangUp(_ id: CallID) -> Bool {
        guard let call = calls[id] else { return false }
        turn { call.hangUp(.normalClearing) }
        return true
    }

    func endAllCalls() {
        turn { for id in calls.keys.sorted() { calls[id]?.hangUp(.normalClearing) } }
    }
}
