// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import Site

/// Codes pressed in the middle of a talk.
extension Switchboard {
    /// The codes a leg may press in its talk: those of the features it was given for this talk.
    func talkCodes(_ features: Set<String>, of leg: Leg, isConsulting: Bool) -> [TalkCode] {
        let wanted = features.union(rights(of: leg)).union(isConsulting ? Self.consulting : [])
        return leg.site.talkFeatures.filter { wanted.contains($0.name) }
            .map { TalkCode(digits: $0.code, feature: $0.name) }
    }

    private static let consulting: Set = ["consult_cancel", "consult_complete", "consult_swap", "three_way"]

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
    /// the feature made something else of it.
    func pressedCode(_ code: TalkCode, by leg: Leg, in bridge: Bridge) {
        log.info("leg \(leg.id): \(code.digits) is \(code.feature)")
        switch code.feature {
        case "disconnect": return leg.hangUp(.normalClearing, by: leg.isIncoming ? .caller : .callee)
        case "consult_cancel": return bridge.leave(leg)
        case "consult_complete":
            completeConsultation(of: leg)
            return queue(.release(leg))
        default: break
        }
        guard let offered = leg.site.talkFeatures.first(where: { $0.name == code.feature }),
            let application = offered.application
        else { return }
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
        guard !bridge.isOver, leg.isUp else {
            // The other side has gone meanwhile.
            if leg.isUp, leg.bridge == nil, leg.transfer == nil, leg.script?.bridgeOver(.normalClearing) != true {
                leg.hangUp(.normalClearing)
            }
            return
        }
        leg.suspended.removeAll { $0 === bridge }
        leg.bridge = bridge
        bridge.resume()
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
