// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Timing

/// The legs that are open, and which call each counts for.
struct LegFold: Sendable {
    struct OpenLeg: Sendable {
        var record: LegRecord
        /// The call it counts for: the one it began in, or the one that absorbed it.
        var call: CallID
        /// Monotonic, in microseconds.
        var started: Int64
        var answered: Int64?
        var heldSince: Int64?
    }

    private(set) var open: [LegID: OpenLeg] = [:]
    private var byCall: [CallID: Set<LegID>] = [:]

    /// In the order of their numbers.
    func open(of call: CallID) -> [LegID] { byCall[call, default: []].sorted() }

    mutating func start(_ leg: LegID, _ fact: LegStarted, of call: CallID, at moment: Moment) {
        open[leg] = OpenLeg(
            record: LegRecord(
                leg: leg, call: call, party: fact.party, isIncoming: fact.incoming, sipCallID: fact.sipCallID,
                address: fact.address, started: moment.time, ringing: nil, answered: nil, ended: moment.time,
                duration: .zero, answeredDuration: .zero, held: .zero, cause: .normalUnspecified, endedBy: .system,
                sipStatus: nil, codec: nil, talk: .zero, statistics: LegStatistics()),
            call: call, started: moment.elapsed)
        byCall[call, default: []].insert(leg)
    }

    /// Each of these is false when the leg is not open.
    mutating func ring(_ leg: LegID, at moment: Moment) -> Bool {
        guard let known = open[leg] else { return false }
        if known.record.ringing == nil { open[leg]?.record.ringing = moment.time }
        return true
    }

    mutating func hold(_ leg: LegID, at moment: Moment) -> Bool {
        guard let known = open[leg] else { return false }
        if known.heldSince == nil { open[leg]?.heldSince = moment.elapsed }
        return true
    }

    mutating func resume(_ leg: LegID, at moment: Moment) -> Bool {
        guard let known = open[leg] else { return false }
        if let since = known.heldSince {
            open[leg]?.record.held += moment.since(since)
            open[leg]?.heldSince = nil
        }
        return true
    }

    /// The call that the leg counts for; nil when it is not open.
    mutating func answer(_ leg: LegID, codec: String, at moment: Moment) -> CallID? {
        guard let known = open[leg] else { return nil }
        open[leg]?.record.codec = codec
        if known.answered == nil {
            open[leg]?.record.answered = moment.time
            open[leg]?.answered = moment.elapsed
        }
        return known.call
    }

    mutating func move(from call: CallID, to survivor: CallID) {
        guard let legs = byCall.removeValue(forKey: call) else { return }
        for leg in legs { open[leg]?.call = survivor }
        byCall[survivor, default: []].formUnion(legs)
    }

    mutating func end(_ leg: LegID, _ fact: LegEnded, at moment: Moment) -> LegRecord? {
        guard let known = open.removeValue(forKey: leg) else { return nil }
        byCall[known.call]?.remove(leg)
        if byCall[known.call]?.isEmpty == true { byCall[known.call] = nil }
        var record = known.record
        record.ended = moment.time
        record.duration = moment.since(known.started)
        record.answeredDuration = known.answered.map { moment.since($0) } ?? .zero
        if let since = known.heldSince { record.held += moment.since(since) }
        record.cause = fact.cause
        record.endedBy = fact.by
        record.sipStatus = fact.sipStatus
        record.statistics = fact.statistics
        return record
    }
}
