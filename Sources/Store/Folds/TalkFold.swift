// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Timing

/// Who talks with whom, and for which call it counts.
struct TalkFold: Sendable {
    /// Two legs; which of them a fact names first makes no difference.
    struct Pair: Hashable, Sendable {
        let leg: LegID
        let peer: LegID

        init(_ a: LegID, _ b: LegID) {
            leg = min(a, b)
            peer = max(a, b)
        }
    }

    private struct Talk: Sendable {
        var call: CallID
        var started: WallTime
        /// Monotonic, in microseconds.
        var since: Int64
    }

    private struct Talker: Sendable {
        var peers: Set<LegID> = []
        /// Since when there has been somebody, monotonic in microseconds.
        var since: Int64 = 0
        var total: Duration = .zero
    }

    private var talks: [Pair: Talk] = [:]
    private var talkers: [LegID: Talker] = [:]
    private var countByCall: [CallID: Int] = [:]

    func isOpen(_ pair: Pair) -> Bool { talks[pair] != nil }
    func peers(of leg: LegID) -> [LegID] { talkers[leg]?.peers.sorted() ?? [] }
    /// How long the leg has talked in all; time with several others at once counts once.
    func total(of leg: LegID) -> Duration { talkers[leg]?.total ?? .zero }

    /// In the order of their legs' numbers. Looks through all talks when the call has any, which is when calls meet: at
    /// a call's end its legs have ended theirs.
    func open(of call: CallID) -> [Pair] {
        guard countByCall[call] != nil else { return [] }
        return talks.lazy.filter { $0.value.call == call }.map(\.key).sorted { ($0.leg, $0.peer) < ($1.leg, $1.peer) }
    }

    mutating func start(_ pair: Pair, of call: CallID, at moment: Moment) {
        talks[pair] = Talk(call: call, started: moment.time, since: moment.elapsed)
        countByCall[call, default: 0] += 1
        join(pair.leg, pair.peer, at: moment)
        join(pair.peer, pair.leg, at: moment)
    }

    mutating func end(_ pair: Pair, at moment: Moment) -> TalkRecord? {
        guard let talk = talks.removeValue(forKey: pair) else { return nil }
        let left = countByCall[talk.call, default: 1] - 1
        countByCall[talk.call] = left > 0 ? left : nil
        leave(pair.leg, pair.peer, at: moment)
        leave(pair.peer, pair.leg, at: moment)
        return TalkRecord(
            call: talk.call, leg: pair.leg, peer: pair.peer, started: talk.started,
            duration: moment.since(talk.since))
    }

    /// The leg is gone, its talks have ended.
    mutating func forget(_ leg: LegID) { talkers[leg] = nil }

    private mutating func join(_ leg: LegID, _ peer: LegID, at moment: Moment) {
        if talkers[leg]?.peers.isEmpty ?? true { talkers[leg, default: Talker()].since = moment.elapsed }
        talkers[leg, default: Talker()].peers.insert(peer)
    }

    private mutating func leave(_ leg: LegID, _ peer: LegID, at moment: Moment) {
        guard var talker = talkers[leg], talker.peers.remove(peer) != nil else { return }
        if talker.peers.isEmpty { talker.total += moment.since(talker.since) }
        talkers[leg] = talker
    }
}
