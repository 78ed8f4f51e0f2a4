// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Timing

/// How a call was ended, by a fact or for want of one.
struct CallEnd: Sendable {
    var moment: Moment
    var sequence: UInt64
    var cause: HangupCause
    var by: EndedBy
    /// nil: from what is known of the call.
    var disposition: Disposition?
}

/// The calls that are open, as lines of the call detail records to be.
struct CallFold: Sendable {
    /// Calls open at once; beyond the bound the oldest is closed.
    static let maximumOpenCalls = 65_536

    struct OpenCall: Sendable {
        var record: CallRecord
        /// The switch began it: it is the call of who answers.
        var isBegunByUs: Bool
        /// Monotonic, in microseconds.
        var started: Int64
        var answered: Int64?
        /// When its last leg ended: for those who talked the call was over then, whatever a recorder's disk or an `h` extension
        /// still had to do.
        var lastLegEnded: Moment?
        /// Of its last event: a call whose end was lost ended about then.
        var last: Moment
    }

    private(set) var open: [CallID: OpenCall] = [:]

    /// In the order in which they began.
    var inOrder: [OpenCall] { open.values.sorted { $0.record.firstSequence < $1.record.firstSequence } }

    var oldestBeyondBound: OpenCall? {
        guard open.count > CallFold.maximumOpenCalls else { return nil }
        return open.values.min { $0.record.firstSequence < $1.record.firstSequence }
    }

    mutating func start(_ call: CallID, _ fact: CallStarted, _ numbered: NumberedLedgerEvent) {
        let moment = Moment(numbered.event)
        open[call] = OpenCall(
            record: CallRecord(
                call: call, firstSequence: numbered.sequence, lastSequence: numbered.sequence, started: moment.time,
                answered: nil, connected: nil, ended: moment.time, duration: .zero, answeredDuration: .zero,
                from: fact.from, callerNumber: fact.caller.number, callerName: fact.caller.name,
                dialled: fact.dialled, context: fact.context, to: nil, disposition: .failed, cause: .normalUnspecified,
                endedBy: .system, talk: .zero, recording: nil, origin: fact.origin, into: nil),
            isBegunByUs: fact.origin == nil, started: moment.elapsed, last: moment)
    }

    mutating func heard(of call: CallID, at moment: Moment) { open[call]?.last.advance(to: moment) }

    mutating func legStarted(_ call: CallID, _ leg: LegID, _ fact: LegStarted) {
        guard let record = open[call]?.record else { return }
        if record.origin == nil {
            open[call]?.record.origin = leg
        } else if leg != record.origin, !fact.incoming, record.connected == nil {
            open[call]?.record.to = fact.party
        }
    }

    mutating func legAnswered(_ call: CallID, _ leg: LegID, at moment: Moment) {
        guard let known = open[call], known.answered == nil else { return }
        if known.isBegunByUs, known.record.origin != leg {
            // What was rung besides is not whom the call was for.
            open[call]?.record.origin = leg
            open[call]?.record.to = nil
        } else if known.record.origin != leg {
            return
        }
        open[call]?.record.answered = moment.time
        open[call]?.answered = moment.elapsed
    }

    mutating func legEnded(_ call: CallID, at moment: Moment) { open[call]?.lastLegEnded = moment }

    /// Two legs talk; the first time the one that is not the caller's is who the call was for.
    mutating func connected(
        _ call: CallID, _ leg: LegID, _ party: Party, _ peer: LegID, _ peerParty: Party, at moment: Moment
    ) {
        guard let record = open[call]?.record, record.connected == nil else { return }
        open[call]?.record.connected = moment.time
        open[call]?.record.to = peer == record.origin ? party : peerParty
    }

    mutating func recorded(_ call: CallID, to path: String) { open[call]?.record.recording = path }

    mutating func end(_ call: CallID, _ end: CallEnd) -> CallRecord? {
        guard let known = open.removeValue(forKey: call) else { return nil }
        var record = known.record
        record.lastSequence = end.sequence
        let over = known.lastLegEnded ?? end.moment
        record.ended = over.time
        record.duration = over.since(known.started)
        record.answeredDuration = known.answered.map { over.since($0) } ?? .zero
        record.cause = end.cause
        record.endedBy = end.by
        record.disposition = end.disposition ?? (known.answered != nil ? .answered : .failed)
        return record
    }

    /// It is over with its link, having come to somebody or not.
    mutating func absorb(_ call: CallID, into survivor: CallID, _ numbered: NumberedLedgerEvent) -> CallRecord? {
        guard let record = open[call]?.record else { return nil }
        let isAnswered = record.answered != nil || record.connected != nil
        // Its legs go on in the other one.
        open[call]?.lastLegEnded = nil
        var ended = end(
            call,
            CallEnd(
                moment: Moment(numbered.event), sequence: numbered.sequence, cause: .normalClearing, by: .system,
                disposition: isAnswered ? .answered : .noAnswer))
        ended?.into = survivor
        return ended
    }
}
