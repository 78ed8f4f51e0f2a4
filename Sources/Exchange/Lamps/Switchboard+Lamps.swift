// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import SIPMessage
internal import SIPStack
internal import Site
internal import Timing

/// What lamps show, and telling it. What a turn changes is told at its end, once.
extension Switchboard {
    func mayHaveChanged(_ name: LampName) {
        if lamps.isWatched(name) { lampsToTell.insert(name) }
    }

    /// Lamps show with whom somebody talks.
    func partnersMayHaveChanged(_ fact: any LedgerFact, of leg: LegID?) {
        guard lamps.count > 0 else { return }
        let peer: LegID
        switch fact {
        case let fact as TalkStarted: peer = fact.peer
        case let fact as TalkEnded: peer = fact.peer
        default: return
        }
        for id in [leg, peer] {
            if let seat = id.flatMap({ seats.seat(of: $0) }) { mayHaveChanged(.seat(seat)) }
        }
    }

    func setLamp(_ name: String, _ state: LampState?, of module: String) {
        switch moduleLamps.set(name, state) {
        case .badName: log.error("module \(module): '\(name)' is no name of a lamp; park:701 is one")
        case .tooMany: log.error("module \(module): there are \(ModuleLamps.most) lamps already, '\(name)' is not made")
        case nil:
            mayHaveChanged(.module(name))
            if state == nil { lampsMayHaveMoved(watching: .module(name)) }
        }
    }

    func tellLamps() {
        guard !lampsToTell.isEmpty else { return }
        let names = lampsToTell.sorted { $0.description < $1.description }
        lampsToTell.removeAll(keepingCapacity: true)
        for name in names { perform(lamps.changed(name, to: look(of: name), now: now)) }
    }

    func lampsAreDue() { perform(lamps.due(now)) }

    /// What is due at once and was more than a burst goes on in a turn of its own.
    private func armLamps() {
        guard let next = lamps.nextDeadline else { return timers.cancel(.lamps) }
        timers.set(.lamps, at: max(next, now.advanced(by: .milliseconds(1))))
    }

    func perform(_ actions: [LampBoard.Action]) {
        for action in actions {
            switch action {
            case .notify(let id, let notice): notify(id, notice)
            case .end(let id): act { $0.endSubscription(id, reason: .noResource, now: self.now) }
            }
        }
        armLamps()
    }

    private func notify(_ id: SubscriptionID, _ notice: LampBoard.Notice) {
        guard let watch = lamps.watch(id) else { return }
        services.counters.add(.lampsTold)
        let body: [UInt8]
        switch watch.package {
        case .dialog:
            let groups = pickupGroups(ofSeat: watch.watcher)
            let info = DialogInfo(watch: watch, notice: notice) { seat in
                !groups.isDisjoint(with: self.pickupGroups(ofSeat: seat))
            }
            body = info.serialize()
        case .presence: body = PresenceDocument(watch: watch, look: notice.look).serialize()
        }
        act { $0.notify(id, contentType: watch.package.contentType, body: body, now: self.now) }
    }

    // MARK: What there is to see

    func looks(of names: [LampName]) -> [LampName: LampLook] {
        var looks: [LampName: LampLook] = [:]
        for name in names { looks[name] = look(of: name) }
        return looks
    }

    /// What a hint names and no module has set is dark.
    private func look(of name: LampName) -> LampLook {
        switch name {
        case .seat(let number):
            let isRegistered = services.location.bindings(of: number, now: now).contains { $0.way != nil }
            return LampLook(isReachable: isRegistered, dialogs: seats.legs(of: number).compactMap(dialog))
        case .module(let name):
            return moduleLamps[name].map { LampLook($0, named: name) } ?? LampLook(isReachable: false)
        }
    }

    /// A call to a seat is shown when its telephone says that it rings, its own call from the INVITE on: telephones know no
    /// lamp for `trying`.
    private func dialog(_ shown: (id: LegID, isIncoming: Bool, state: SeatBoard.LegState)) -> LampDialog? {
        guard let leg = legs[shown.id], shown.isIncoming || shown.state != .calling else { return nil }
        let isEarly = shown.state == .calling || shown.state == .ringing
        var dialog = LampDialog(
            id: shown.id.description, isInitiator: shown.isIncoming, state: isEarly ? .early : .confirmed,
            isHeld: shown.state == .held, local: identity(of: leg.party, shown: nil), remote: partner(of: leg),
            seat: leg.party.number)
        if isEarly, !shown.isIncoming, let known = agent.dialog(of: leg.session), let tag = known.remoteTag {
            dialog.identifiers = LampDialog.Identifiers(
                callID: known.callID, localTag: tag, remoteTag: known.localTag)
        }
        return dialog
    }

    /// Whom the leg talks to, or is to talk to.
    private func partner(of leg: Leg) -> CallerIdentity? {
        if let other = leg.bridge?.other(than: leg) {
            return identity(of: other.party, shown: other.isIncoming ? other.caller : nil)
        }
        if let offer = leg.offer { return offer.caller }
        guard leg.isIncoming else { return leg.call.caller }
        return leg.call.dialled.isEmpty ? nil : identity(of: .seat(leg.call.dialled), shown: nil)
    }

    private func identity(of party: Party, shown: CallerIdentity?) -> CallerIdentity {
        if let shown { return shown }
        guard case .seat(let number) = party else { return CallerIdentity(number: party.number) }
        return CallerIdentity(number: number, name: services.site.site.seat(number)?.name ?? "")
    }
}
