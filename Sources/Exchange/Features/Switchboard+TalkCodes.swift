// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Configuration
internal import Logging
internal import Site

/// Codes pressed in the middle of a talk.
extension Switchboard {
    /// The codes a leg may press in its talk: those of the features it was given for this talk or has from the site. Who may
    /// consult has the codes for that too, which are plain keys until he does.
    func talkCodes(_ features: Set<String>, of leg: Leg) -> [TalkCode] {
        let wanted = features.union(rights(of: leg))
        var taken: Set<String> = []
        return leg.site.talkFeatures
            .filter { wanted.contains($0.name) || $0.whileConsulting && wanted.contains("attended_transfer") }
            .filter { taken.insert($0.code).inserted }
            .map { TalkCode(digits: $0.code, feature: $0.name) }
    }

    /// What the site allows its seats and trunks in every talk.
    private func rights(of leg: Leg) -> Set<String> {
        switch leg.party {
        case .seat(let number):
            guard let seat = leg.site.seat(number) else { return [] }
            var rights: Set<String> = seat.mayTransfer ? ["blind_transfer", "attended_transfer"] : []
            if seat.mayPark { rights.insert("park") }
            return rights
        case .trunk(let name, _):
            return leg.site.trunk(name)?.mayTransfer == true ? ["blind_transfer", "attended_transfer"] : []
        case .other: return []
        }
    }

    /// A code does its work on the leg that pressed it, while the other one hears music; then the talk goes on, unless
    /// the feature made something else of it. What means nothing at the moment is keys.
    func pressedCode(_ code: TalkCode, by leg: Leg, in bridge: Bridge) {
        let isConsulting = leg.script?.isConsultation == true
        let meanings = leg.site.talkFeatures.filter { $0.code == code.digits }
        let ofTheTalk = meanings.first { !$0.whileConsulting && (!isConsulting || $0.application == nil) }
        guard let offered = isConsulting ? meanings.first(where: \.whileConsulting) ?? ofTheTalk : ofTheTalk else {
            if let media = bridge.other(than: leg).media { door.sendDigits(code.digits, to: media) }
            return
        }
        log.info("leg \(leg.id): \(code.digits) is \(offered.name)")
        switch offered.name {
        case "disconnect": return leg.hangUp(.normalClearing, by: leg.isIncoming ? .caller : .callee)
        case "consult_cancel": return cancelConsultation(of: leg)
        case "consult_complete":
            completeConsultation(of: leg)
            return queue(.release(leg))
        case "consult_swap": return swapConsultation(of: leg)
        case "three_way":
            do { try gather(leg, leg) } catch { log.info("leg \(leg.id): \(error.wording.en)") }
            return
        default: break
        }
        guard let application = offered.application else { return }
        let feature = SiteFeature(
            name: offered.name, code: offered.code, synopsis: offered.synopsis, application: application,
            arguments: offered.arguments)
        var entry = ScriptEntry(
            site: leg.site, context: transferContext(of: leg), exten: "s", dialled: code.digits, runner: leg.runner)
        entry.feature = feature
        bridge.suspend(by: leg)
        leg.suspended.append(bridge)
        leg.bridge = nil
        startScript(entry, on: leg, purpose: .interlude(bridge))
    }

    /// What was done in the middle of a talk is done: the talk goes on, if it is still there.
    func endInterlude(_ bridge: Bridge, of leg: Leg) {
        if leg.bridge === bridge, leg.isUp { return }
        guard !bridge.isOver, leg.isUp else {
            // The other side has gone meanwhile.
            if leg.isUp, leg.bridge == nil, leg.gathering == nil, leg.transfer == nil,
                leg.script?.bridgeOver(.normalClearing) != true
            {
                leg.hangUp(.normalClearing)
            }
            return
        }
        leg.suspended.removeAll { $0 === bridge }
        leg.bridge = bridge
        bridge.resume()
    }

    // MARK: In a consultation

    /// Whom was consulted is left; the first talk goes on.
    private func cancelConsultation(of leg: Leg) {
        let second = leg.isSwapped ? leg.suspended.last : leg.bridge
        second?.leave(leg)
        leg.script?.endConsultation()
    }

    /// The other of the two talks comes to the front; who was in front hears music.
    private func swapConsultation(of leg: Leg) {
        guard let front = leg.bridge, let aside = leg.suspended.last, !aside.isOver else { return }
        front.suspend(by: leg)
        leg.suspended.removeAll { $0 === aside }
        leg.suspended.append(front)
        leg.bridge = aside
        aside.resume()
    }

    /// The talk in front is over while another one is aside: back to that. False when there is none.
    func returnsFromSwap(_ leg: Leg, from bridge: Bridge) -> Bool {
        guard leg.isUp, leg.bridge == nil, leg.interludeBridge === bridge, let aside = leg.suspended.last, !aside.isOver
        else { return false }
        leg.suspended.removeAll { $0 === aside }
        leg.bridge = aside
        aside.resume()
        return true
    }

    /// The party consulting leaves, or says so: the two others talk. False when there was no consultation.
    @discardableResult
    func completeConsultation(of leg: Leg) -> Bool {
        guard let first = leg.suspended.last, !first.isOver, leg.script?.isConsultation == true else { return false }
        if let second = leg.bridge {
            let (one, two) = (first.other(than: leg), second.other(than: leg))
            let rules = TalkRules(caller: first.rule(of: one), called: second.rule(of: two))
            one.note(TransferStarted(kind: .attended, to: "leg \(two.id)", by: leg.id))
            first.dissolve()
            second.dissolve()
            queue(.talk(one, two, rules, .transfer))
            one.note(TransferEnded(status: "SUCCESS", cause: nil))
        } else if let offer = leg.script?.dialling?.offer {
            _ = Transfer(first, by: leg, to: .ringing(offer, calledBy: leg), refer: nil, board: self)
        } else {
            return false
        }
        return true
    }
}

extension Leg {
    /// The talk in whose middle it does something.
    var interludeBridge: Bridge? {
        var script = script
        while let one = script {
            if case .interlude(let bridge) = one.purpose { return bridge }
            script = one.below
        }
        return nil
    }

    /// It consults, and the first talk is in front again.
    var isSwapped: Bool { bridge != nil && bridge === interludeBridge }
}
