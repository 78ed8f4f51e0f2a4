// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import SIPMessage
internal import SIPStack
internal import Site

/// REFER from a phone, and INVITE with Replaces.
extension Switchboard {
    /// A phone transfers the talk it is in (RFC 3515, RFC 5589).
    func referred(_ session: SessionID, _ id: ReferID, _ message: SIPMessage) {
        guard let leg = leg(of: session), let bridge = leg.bridge, leg.transfer == nil,
            bridge.other(than: leg).transfer == nil
        else { return refuse(id, 603, "There is no talk to transfer") }
        // The other side consults somebody and is to finish that first.
        guard bridge.other(than: leg).bridge === bridge else { return refuse(id, 491, nil) }
        guard mayTransfer(leg) else { return refuse(id, 403, "You may not transfer calls") }
        guard let target = message.single(ReferToHeader.self).value, target.method == .invite else {
            return refuse(id, 400, "Cannot transfer to that")
        }
        switch target.replaces {
        case .malformed: refuse(id, 400, "Bad Replaces")
        case .one(let replaces): refer(leg, bridge, id, replacing: replaces, number: target.target.user)
        case .absent:
            guard bridge.other(than: leg).moves.allows(now) else { return refuse(id, 482, nil) }
            refer(leg, bridge, id, to: target.target.user)
        }
    }

    private func refer(_ leg: Leg, _ bridge: Bridge, _ id: ReferID, to number: String?) {
        // What comes from a phone names a number and nothing else: never a trunk, never a host.
        guard let number, DialledNumber.isSafe(number), !number.isEmpty else {
            return refuse(id, 404, "Not a number")
        }
        act { $0.acceptRefer(id, now: self.now) }
        begin(.place(.number(number)), leg, bridge, id)
    }

    private func refer(_ leg: Leg, _ bridge: Bridge, _ id: ReferID, replacing replaces: ReplacesHeader, number: String?)
    {
        guard let second = consultation(replaces, of: leg), second.transfer == nil else {
            // The consultation is gone: the talk stays as it is. A 481 on the REFER itself would say that this talk is
            // gone (RFC 3261 §12.2.1.2); it belongs into the NOTIFY, as if the transferee had met it (RFC 5589 §7.5).
            services.counters.add(.transfersRefused)
            act { $0.acceptRefer(id, now: self.now) }
            return act { $0.notifyRefer(id, status: 481, isFinal: true, now: self.now) }
        }
        if let other = second.bridge {
            guard other !== bridge, other.isAttended, other.other(than: second).transfer == nil else {
                return refuse(id, 603, nil)
            }
            act { $0.acceptRefer(id, now: self.now) }
            return begin(.talk(of: second), leg, bridge, id)
        }
        if let offer = second.script?.dialling?.offer {
            act { $0.acceptRefer(id, now: self.now) }
            return begin(.ringing(offer, calledBy: second), leg, bridge, id)
        }
        // Whom he consults is no leg (a menu, a queue): the transferee goes there itself.
        guard let script = second.script, !script.entry.dialled.isEmpty else { return refuse(id, 603, nil) }
        act { $0.acceptRefer(id, now: self.now) }
        begin(.place(.number(script.entry.dialled)), leg, bridge, id)
        queue(.release(second))
    }

    /// The other call of the transferor that a REFER names; one that is not answered yet too, which RFC 3891 §3 would not
    /// let an INVITE replace: here nobody sends one.
    private func consultation(_ replaces: ReplacesHeader, of transferor: Leg) -> Leg? {
        legs.values.first { leg in
            guard leg !== transferor, leg.isUp, leg.party == transferor.party,
                let dialog = agent.dialog(of: leg.session)
            else { return false }
            return dialog.callID == replaces.callID && dialog.localTag == replaces.toTag
                && (dialog.remoteTag ?? "0") == replaces.fromTag
        }
    }

    private func begin(_ target: Transfer.Target, _ leg: Leg, _ bridge: Bridge, _ id: ReferID?) {
        log.info("leg \(leg.id): \(leg.party) transfers \(bridge.other(than: leg).party) to \(target.text)")
        _ = Transfer(bridge, by: leg, to: target, refer: id, board: self)
    }

    private func refuse(_ id: ReferID, _ status: Int, _ reason: String?) {
        services.counters.add(.transfersRefused)
        act { $0.rejectRefer(id, status: status, reason: reason, now: self.now) }
    }

    /// Whether a party may send others elsewhere.
    func mayTransfer(_ leg: Leg) -> Bool {
        switch leg.party {
        case .seat(let number): leg.site.seat(number)?.mayTransfer ?? true
        case .trunk(let name, _): leg.site.trunk(name)?.mayTransfer ?? false
        case .other: true
        }
    }

    // MARK: INVITE with Replaces

    /// Whose place a new caller takes (RFC 3891).
    enum Replacement {
        case none
        case leg(Leg)
        case refused(Int)
    }

    func replacement(in message: SIPMessage) -> Replacement {
        switch message.single(ReplacesHeader.self) {
        case .absent: return .none
        case .malformed: return .refused(400)
        case .one(let replaces):
            switch agent.session(replaces: replaces) {
            case .notFound: return .refused(481)
            case .declined(let status): return .refused(status)
            case .found(let session):
                guard let leg = leg(of: session), leg.isUp, leg.transfer == nil, leg.bridge != nil || leg.offer != nil
                else {
                    return .refused(603)
                }
                guard leg.bridge?.isAttended != false else { return .refused(491) }
                return .leg(leg)
            }
        }
    }

    /// The new leg takes the place of another one, in its talk or in the offer it rings for.
    func replace(_ old: Leg, by new: Leg) {
        // Who is being asked whether he wants the call rings for it as well as one who has not answered.
        if let offer = old.offer {
            pickUp(offer, by: new)
        } else if let bridge = old.bridge {
            answer(new)
            guard new.isUp else { return }
            let other = bridge.other(than: old)
            let (isA, rules) = (bridge.side(of: old) == .a, bridge.rules)
            bridge.dissolve()
            queue(.talk(isA ? new : other, isA ? other : new, rules, .replaced))
            queue(.release(old))
        } else {
            new.hangUp(.callRejected)
        }
    }

    /// A leg takes a call that rings elsewhere.
    func pickUp(_ offer: Offer, by leg: Leg) {
        answer(leg)
        guard leg.isUp else { return }
        free(leg)
        while let script = leg.script { script.takenAway() }
        leg.moveToOwnRoom()
        if leg.call !== offer.call { Call.link(offer.call, leg.call, .pickup) }
        leg.note(PickedUp(leg: offer.ringing.first ?? leg.id))
        offer.pickedUp(by: leg)
    }

    /// 200 to an unanswered caller, at once.
    func answer(_ leg: Leg) {
        guard leg.isUp, !leg.isAnswered else { return }
        do {
            try leg.openMedia()
        } catch {
            services.counters.add(.mediaUnavailable)
            return leg.hangUp(.switchCongestion)
        }
        leg.handle(.answer(preferring: []))
    }
}

extension Party {
    var isSeat: Bool { if case .seat = self { true } else { false } }
}
