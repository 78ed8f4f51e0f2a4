// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Timing

/// Three or more legs in one room: performs what its `GatheringMachine` decides. A three-party call is two talks of one
/// party made one; conferences by number are a module's.
final class Gathering {
    let id: BridgeID
    private unowned let board: Switchboard
    private var machine: GatheringMachine
    private var legs: [LegID: Leg] = [:]
    private let limit: Duration?
    private let startedAt: Instant

    /// - Parameter limit: what is left of the shortest limit of the talks it is made of.
    init(_ members: [(leg: Leg, rules: SideRules)], limit: Duration?, board: Switchboard) {
        id = board.makeBridgeID()
        self.board = board
        self.limit = limit
        startedAt = board.now
        machine = GatheringMachine(
            members.map { .init(leg: $0.leg.id, rules: $0.rules, isHolding: $0.leg.machine.isHeld) })
        for member in machine.members {
            guard let leg = members.first(where: { $0.leg.id == member.leg })?.leg else { continue }
            legs[leg.id] = leg
            leg.gathering = self
        }
        board.gatherings[id] = self
        if let limit { board.setTimer(.gathering(id), after: max(.zero, limit)) }
        handle(.begin)
    }

    func heard(_ report: LegReport, from leg: Leg) {
        switch report {
        case .held: handle(.held(leg.id, true))
        case .resumed: handle(.held(leg.id, false))
        case .ended: handle(.left(leg.id))
        case .rings, .answered, .negotiated: break
        }
    }

    /// The leg goes on without the others.
    func leave(_ leg: Leg) {
        handle(.left(leg.id))
        leg.gathering = nil
        leg.moveToOwnRoom()
    }

    func overdue() { handle(.overdue) }

    private func handle(_ input: GatheringMachine.Input) {
        for action in machine.handle(input) { board.queue(.gathering(self, action)) }
    }

    func perform(_ action: GatheringMachine.Action) {
        switch action {
        case .join(let id, let role): join(id, role)
        case .role(let id, let role): legs[id]?.room?.setRole(role, of: id)
        case .talk(let one, let other, let begins): tell(one, other, begins)
        case .pair(let one, let other): pair(one, other)
        case .release(let member): release(member)
        case .hangUp(let id): legs[id]?.hangUp(.recoveryOnTimerExpire)
        case .over:
            board.gatherings[id] = nil
            board.timers.cancel(.gathering(id))
            for leg in legs.values where leg.gathering === self { leg.gathering = nil }
        }
    }

    private func join(_ id: LegID, _ role: Role) {
        guard let leg = legs[id], leg.isUp else { return }
        leg.stopTone()
        guard let first = machine.members.first.flatMap({ legs[$0.leg]?.room }) else { return }
        if leg.room === first { first.setRole(role, of: id) } else { leg.move(to: first, role: role) }
    }

    private func tell(_ one: LegID, _ other: LegID, _ begins: Bool) {
        guard let leg = legs[one] else { return }
        if begins {
            board.note(TalkStarted(peer: other), call: leg.call.id, leg: one)
        } else {
            board.note(TalkEnded(peer: other), call: leg.call.id, leg: one)
        }
    }

    private func pair(_ one: GatheringMachine.Member, _ other: GatheringMachine.Member) {
        guard let a = legs[one.leg], let b = legs[other.leg] else { return }
        for leg in [a, b] { leg.room?.setRole(.party, of: leg.id) }
        let left = limit.map { max(.zero, $0 - startedAt.duration(to: board.now)) }
        board.queue(.talk(a, b, TalkRules(limit: left, caller: one.rules, called: other.rules), nil))
    }

    private func release(_ member: GatheringMachine.Member) {
        guard let leg = legs[member.leg], leg.isUp else { return }
        if member.rules.after == .goOn, leg.script?.bridgeOver(.normalClearing) == true { return }
        leg.script?.bridgeOverBeforeHangUp(.normalClearing)
        leg.hangUp(.normalClearing)
    }
}

extension Switchboard {
    /// Two talks of one party become one of three: by its one leg (a code's consultation), or by two of its legs, of which
    /// the one that does not hold stays.
    func gather(_ one: Leg, _ two: Leg) throws(CommandRefusal) {
        guard let (first, second) = talks(of: one, two), !first.isOver, !second.isOver, first !== second else {
            throw .noTalk(two.id)
        }
        let stays = one.machine.isHeld ? two : one
        let others = (first.other(than: one), second.other(than: two))
        guard one.isUp, two.isUp, others.0.isUp, others.1.isUp, others.0 !== others.1, others.0 !== two,
            others.1 !== one
        else {
            throw .noTalk(two.id)
        }
        guard [one, two, others.0, others.1].allSatisfy({ $0.transfer == nil }) else { throw .noTalk(one.id) }
        let rules = (first.rule(of: others.0), second.rule(of: others.1), first.rule(of: one))
        let limit = [first.timeLeft, second.timeLeft].compactMap { $0 }.min()
        first.dissolve()
        second.dissolve()
        while let script = one.script, script.isAside { script.takenAway() }
        if one.call !== others.1.call { Call.link(one.call, others.1.call, .conference) }
        queue(
            .gather(
                [(leg: stays, rules: rules.2), (leg: others.0, rules: rules.0), (leg: others.1, rules: rules.1)],
                limit: limit))
        if one !== two { queue(.release(stays === one ? two : one)) }
    }

    private func talks(of one: Leg, _ two: Leg) -> (Bridge, Bridge)? {
        if one === two { return one.suspended.last.flatMap { first in one.bridge.map { (first, $0) } } }
        guard one.party == two.party, let first = one.bridge, let second = two.bridge else { return nil }
        return (first, second)
    }
}
