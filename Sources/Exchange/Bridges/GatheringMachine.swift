// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel

/// Three or more who talk together, as a value. When one leaves, those who are left go on; two of them are an ordinary
/// talk again, with the rules each had before.
struct GatheringMachine: Sendable {
    struct Member: Hashable, Sendable {
        var leg: LegID
        var rules: SideRules
        /// Its telephone wants to hear nothing: neither does it speak, nor its own music on hold.
        var isHolding = false
    }

    enum Input: Hashable, Sendable {
        case begin
        case held(LegID, Bool)
        /// The leg is gone, or does something else.
        case left(LegID)
        /// They have talked long enough.
        case overdue
    }

    enum Action: Hashable, Sendable {
        case join(LegID, Role)
        case role(LegID, Role)
        /// The ledger's talks of these two begin or end.
        case talk(LegID, LegID, Bool)
        /// These two go on as a talk of two.
        case pair(Member, Member)
        /// Nobody is left to talk to.
        case release(Member)
        case hangUp(LegID)
        case over
    }

    private(set) var members: [Member]
    private(set) var isOver = false

    static let mostMembers = 8

    /// Each leg once, at most `mostMembers`.
    init(_ members: [Member]) {
        var seen: Set<LegID> = []
        self.members = Array(members.filter { seen.insert($0.leg).inserted }.prefix(Self.mostMembers))
    }

    mutating func handle(_ input: Input) -> [Action] {
        guard !isOver else { return [] }
        switch input {
        case .begin:
            return members.map { .join($0.leg, role(of: $0)) } + pairs(true) + endIfTooFew()
        case .held(let leg, let on):
            guard let index = members.firstIndex(where: { $0.leg == leg }), members[index].isHolding != on else {
                return []
            }
            members[index].isHolding = on
            return [.role(leg, role(of: members[index]))]
        case .left(let leg):
            guard members.contains(where: { $0.leg == leg }) else { return [] }
            let ends = members.filter { $0.leg != leg }.map { talk(leg, $0.leg, false) }
            members.removeAll { $0.leg == leg }
            return ends + endIfTooFew()
        case .overdue:
            isOver = true
            return pairs(false) + members.map { .hangUp($0.leg) } + [.over]
        }
    }

    private func role(of member: Member) -> Role { member.isHolding ? .onHold : .party }

    /// The older leg first, so that a talk's beginning and end are told alike.
    private func talk(_ one: LegID, _ other: LegID, _ begins: Bool) -> Action {
        .talk(min(one, other), max(one, other), begins)
    }

    private func pairs(_ begin: Bool) -> [Action] {
        members.indices.flatMap { index in
            members[(index + 1)...].map { talk(members[index].leg, $0.leg, begin) }
        }
    }

    private mutating func endIfTooFew() -> [Action] {
        guard members.count < 3 else { return [] }
        isOver = true
        let ends = pairs(false) + [.over]
        switch members.count {
        case 2: return ends + [.pair(members[0], members[1])]
        case 1: return ends + [.release(members[0])]
        default: return ends
        }
    }
}
