// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Configuration
internal import Dialplan
internal import Logging
internal import Site

/// Where commands are carried out, whatever door they come by.
extension Switchboard {
    /// - Parameter origin: who asks, for the ledger: `control`, a module's name, a leg.
    func perform(_ command: Command, by origin: String) throws(CommandRefusal) -> CommandResult {
        let outcome: Result<CommandResult, CommandRefusal> = turn {
            do throws(CommandRefusal) {
                return .success(try carryOut(command, by: origin))
            } catch { return .failure(error) }
        }
        let told: String
        switch outcome {
        case .success: told = "done"
        case .failure(let refusal): told = refusal.wording.en
        }
        note(CommandPerformed(name: command.name, by: origin, target: command.target, result: told))
        if case .failure(let refusal) = outcome { log.info("\(command.name) by \(origin): \(refusal.wording.en)") }
        return try outcome.get()
    }

    private func carryOut(_ command: Command, by origin: String) throws(CommandRefusal) -> CommandResult {
        switch command {
        case .originate(let origination): return try originate(origination, by: origin)
        case .bridge(let a, let b):
            let (a, b) = (try talker(a), try talker(b))
            guard a !== b else { throw .sameParty }
            for leg in [a, b] { leg.recall?.withdraw() }
            free(a, for: b)
            free(b, for: a)
            queue(.talk(a, b, TalkRules(), .conference))
        case .take(let id, let destination):
            let leg = try leg(id)
            try take(leg, to: placement(destination, site: leg.site), context: leg.context)
        case .transfer(let id, let destination):
            let leg = try leg(id)
            guard let bridge = talk(of: leg), bridge.other(than: leg).transfer == nil, leg.transfer == nil else {
                throw .noTalk(id)
            }
            // The other side consults somebody and is to finish that first.
            guard bridge.other(than: leg).bridge === bridge else { throw .noTalk(id) }
            guard mayTransfer(leg) else { throw .notAllowed("transfer by \(leg.party)") }
            let target = Transfer.Target.place(try placement(destination, site: leg.site))
            guard bridge.other(than: leg).moves.allows(now) else { throw .exhausted("moves within a minute") }
            _ = Transfer(bridge, by: leg, to: target, refer: nil, board: self)
        case .complete(let first, let second):
            let (one, two) = (try leg(first), try leg(second))
            guard let bridge = one.bridge, bridge.isAttended else { throw .noTalk(first) }
            guard two.bridge?.isAttended == true, two.bridge !== bridge, one.transfer == nil, two.transfer == nil else {
                throw .noTalk(second)
            }
            _ = Transfer(bridge, by: one, to: .talk(of: two), refer: nil, board: self)
        case .conference(let first, let second): try gather(talker(first), talker(second))
        case .hold(let id, let on):
            let leg = try leg(id)
            guard let bridge = leg.bridge, bridge.isTalking else { throw .noTalk(id) }
            bridge.hold(by: leg, on)
        case .pickUp(let id, let ringing):
            let leg = try leg(id)
            guard let offer = legs[ringing]?.offer, offer.isOpen else { throw .notRinging(ringing) }
            // Neither one of those who ring nor who waits for them.
            guard leg.offer !== offer, offer.waitingLeg !== leg else { throw .sameParty }
            guard leg.isIncoming || leg.isAnswered else { throw .notAnswered(id) }
            pickUp(offer, by: leg)
        case .sendDigits(let id, let digits):
            guard let media = try talker(id).media else { throw .notAnswered(id) }
            door.sendDigits(digits, to: media)
        case .mute(let id, let on):
            let leg = try talker(id)
            leg.role = on ? .muted : .party
            if leg.room?.members[id]?.role != .onHold { leg.room?.setRole(leg.role, of: id) }
        case .hangUp(let id, let cause): try leg(id).hangUp(cause)
        case .end(let id):
            guard let call = calls[id] else { throw .noSuchCall(id) }
            call.hangUp(.normalClearing)
        }
        return .done
    }

    private func leg(_ id: LegID) throws(CommandRefusal) -> Leg {
        guard let leg = legs[id], leg.isUp else { throw .noSuchLeg(id) }
        return leg
    }

    private func talker(_ id: LegID) throws(CommandRefusal) -> Leg {
        let leg = try leg(id)
        guard leg.isAnswered else { throw .notAnswered(id) }
        return leg
    }

    /// The talk a leg is in, or has set aside to do something in its middle.
    func talk(of leg: Leg) -> Bridge? { leg.bridge ?? leg.suspended.last }

    /// What serves a destination on this site.
    func placement(_ destination: Destination, site: Site) throws(CommandRefusal) -> Placement {
        switch destination {
        case .seat(let number):
            guard site.seat(number) != nil else { throw .unknownDestination(destination.description) }
            return .target(.seat(number))
        case .trunk(let name, let number):
            guard site.trunk(name) != nil else { throw .unknownDestination(destination.description) }
            return .target(.trunk(name: name, number: number))
        case .number(let number):
            guard DialledNumber.isSafe(number) else { throw .unknownDestination(number) }
            return .number(number)
        case .context(let context, let exten, _):
            guard site.dialplan.context(context) != nil else { throw .unknownDestination(destination.description) }
            return .place(context: context, exten: exten)
        case .hangUp(let cause): return .end(cause ?? .normalClearing)
        case .other(let scheme, let name):
            guard let application = destinations[scheme] else { throw .unknownDestination(destination.description) }
            return .service(application: application, argument: name, text: destination.description)
        }
    }
}

extension Command {
    /// What the ledger calls the thing the command is about.
    var target: String {
        switch self {
        case .originate(let origination): origination.offer.branches.map(\.target.description).joined(separator: "&")
        case .bridge(let a, _), .complete(let a, _), .conference(let a, _): a.description
        case .take(let leg, _), .transfer(let leg, _), .hold(let leg, _), .sendDigits(let leg, _), .mute(let leg, _),
            .hangUp(let leg, _):
            leg.description
        case .pickUp(let leg, _): leg.description
        case .end(let call): call.description
        }
    }
}
