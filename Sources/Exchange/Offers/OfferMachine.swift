// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Timing

/// One offer: branches start at their times, their legs ring, the first to answer (and to be accepted) wins.
///
/// A value: inputs go in, actions come out. A branch is a destination and may ring several phones, each a leg.
struct OfferMachine: Sendable {
    struct Branch: Hashable, Sendable {
        var startsAfter: Duration
        var ringsFor: Duration?
    }

    enum Timer: Hashable, Sendable {
        case starts(Int)
        case ends(Int)
        /// The whole has rung long enough.
        case limit
    }

    enum Input: Hashable, Sendable {
        case begin
        case due(Timer)
        /// The branch's phones are being called.
        case calling(Int, [LegID])
        /// The branch has no phone that could be called now.
        case unreachable(Int, HangupCause)
        /// 101…199; `media` when it came with a description.
        case rings(LegID, status: Int, media: Bool)
        case answered(LegID)
        case accepted(LegID)
        case declined(LegID)
        /// The leg is over without having won.
        case failed(LegID, HangupCause)
        /// The owner wants nobody any more.
        case withdrawn
        /// Somebody else takes the call that rings (pickup, INVITE with Replaces).
        case pickedUp(LegID)
    }

    enum Action: Hashable, Sendable {
        case reach(Int)
        case timer(Timer, after: Duration)
        /// The owner is to know that somebody rings.
        case rings
        /// The owner may hear this leg before the answer. Only when it is the only one.
        case earlyMedia(LegID)
        /// Acceptance begins on this leg.
        case accept(LegID)
        case take(LegID)
        case cancel(LegID)
        /// The same because another has answered: its phone is to show no missed call.
        case dismiss(LegID)
        /// Over without an answer.
        case fail(DialStatus, HangupCause)
    }

    private enum LegState: Hashable, Sendable {
        /// INVITE sent, nothing heard.
        case calling
        case ringing
        /// Has answered and is being asked whether it wants the call.
        case accepting
    }

    private enum State: Hashable, Sendable {
        case waiting
        case offering
        /// Taken, failed or withdrawn. Every later input is ignored.
        case over
    }

    private let branches: [Branch]
    private let limit: Duration
    private let asks: Bool
    private var state = State.waiting
    private var toStart: Set<Int>
    private var legs: [LegID: LegState] = [:]
    /// In the order they were called.
    private var order: [LegID] = []
    private var branchOf: [LegID: Int] = [:]
    private var failures: [HangupCause] = []
    /// Branches whose `reach` has no answer yet.
    private var reaching = 0
    private var hasRung = false

    /// `asks`: whoever answers has to accept before the offer is taken.
    init(branches: [Branch], limit: Duration, asks: Bool = false) {
        self.branches = branches
        self.limit = limit
        self.asks = asks
        toStart = Set(branches.indices)
    }

    var isOver: Bool { state == .over }
    /// Legs that ring, in the order they were called.
    var ringing: [LegID] { order.filter { legs[$0] == .ringing || legs[$0] == .calling } }

    mutating func handle(_ input: Input) -> [Action] {
        if case .begin = input, state == .waiting { return begin() }
        guard state == .offering else { return [] }
        switch input {
        case .begin: return []
        case .due(.starts(let branch)): return start(branch)
        case .due(.ends(let branch)): return end(branch)
        case .due(.limit): return limitReached()
        case .calling(let branch, let called):
            reaching -= 1
            for leg in called {
                legs[leg] = .calling
                order.append(leg)
                branchOf[leg] = branch
            }
            guard !called.isEmpty, let ringsFor = branches[branch].ringsFor else { return failIfNobodyIsLeft() }
            return [.timer(.ends(branch), after: ringsFor)]
        case .unreachable(_, let cause):
            reaching -= 1
            failures.append(cause)
            return failIfNobodyIsLeft()
        case .rings(let leg, let status, let media): return rings(leg, status: status, media: media)
        case .answered(let leg): return answered(leg)
        case .accepted(let leg):
            guard legs[leg] == .accepting else { return [] }
            return take(leg)
        case .declined(let leg):
            guard legs.removeValue(forKey: leg) != nil else { return [] }
            failures.append(.noAnswer)
            return [.cancel(leg)] + failIfNobodyIsLeft()
        case .failed(let leg, let cause):
            guard legs.removeValue(forKey: leg) != nil else { return [] }
            // A 6xx speaks for the whole number: nobody else is to be tried (RFC 3261 §16.7 step 5),
            // but another seat's refusal does not end a ring group, so it holds for one target only.
            failures.append(cause)
            return failIfNobodyIsLeft()
        case .pickedUp(let leg):
            state = .over
            return liveLegs.map { .dismiss($0) } + [.take(leg)]
        case .withdrawn:
            state = .over
            return liveLegs.map { .cancel($0) } + [.fail(.cancel, .normalClearing)]
        }
    }

    private var liveLegs: [LegID] { order.filter { legs[$0] != nil } }

    private mutating func begin() -> [Action] {
        state = .offering
        guard !branches.isEmpty else { return failIfNobodyIsLeft() }
        var actions: [Action] = [.timer(.limit, after: limit)]
        for (index, branch) in branches.enumerated() {
            if branch.startsAfter > .zero {
                actions.append(.timer(.starts(index), after: branch.startsAfter))
            } else {
                // Started only when reached: else the first unreachable one would end the offer.
                toStart.remove(index)
                reaching += 1
                actions.append(.reach(index))
            }
        }
        return actions
    }

    private mutating func start(_ branch: Int) -> [Action] {
        guard toStart.remove(branch) != nil else { return [] }
        reaching += 1
        return [.reach(branch)]
    }

    private mutating func end(_ branch: Int) -> [Action] {
        let ringing = liveLegs.filter { branchOf[$0] == branch && legs[$0] != .accepting }
        guard !ringing.isEmpty else { return [] }
        for leg in ringing {
            failures.append(legs[leg] == .ringing ? .noAnswer : .noUserResponding)
            legs[leg] = nil
        }
        return ringing.map { .cancel($0) } + failIfNobodyIsLeft()
    }

    private mutating func limitReached() -> [Action] {
        state = .over
        // Somebody rang: "no answer" and not "nobody there".
        let rang = legs.values.contains { $0 != .calling } || failures.contains(.noAnswer)
        let cause: HangupCause = rang ? .noAnswer : .noUserResponding
        return liveLegs.map { .cancel($0) } + [.fail(.noAnswer, cause)]
    }

    private mutating func rings(_ leg: LegID, status: Int, media: Bool) -> [Action] {
        guard let known = legs[leg], known != .accepting else { return [] }
        legs[leg] = .ringing
        if media, legs.count == 1, toStart.isEmpty, reaching == 0 {
            // What the called side plays is the ringing; none of ours goes over it.
            hasRung = true
            return [.earlyMedia(leg)]
        }
        guard status == 180 || status == 183, !hasRung else { return [] }
        hasRung = true
        return [.rings]
    }

    private mutating func answered(_ leg: LegID) -> [Action] {
        guard let known = legs[leg], known != .accepting else { return [] }
        guard asks else { return take(leg) }
        legs[leg] = .accepting
        return [.accept(leg)]
    }

    private mutating func take(_ winner: LegID) -> [Action] {
        state = .over
        return liveLegs.filter { $0 != winner }.map { .dismiss($0) } + [.take(winner)]
    }

    /// Everybody failed: the kindest truth is told. Busy says most, then no answer, then congestion.
    private mutating func failIfNobodyIsLeft() -> [Action] {
        guard legs.isEmpty, toStart.isEmpty, reaching == 0 else { return [] }
        state = .over
        func first(_ wanted: Set<HangupCause>) -> HangupCause? { failures.first { wanted.contains($0) } }
        if let cause = first([.userBusy, .callRejected]) { return [.fail(.busy, cause)] }
        if let cause = first([.noAnswer]) { return [.fail(.noAnswer, cause)] }
        if let cause = first([.switchCongestion, .noCircuit, .temporaryFailure, .networkOutOfOrder]) {
            return [.fail(.congestion, cause)]
        }
        return [.fail(.unavailable, failures.first ?? .subscriberAbsent)]
    }
}
