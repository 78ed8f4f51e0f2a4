// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Timing

/// Makes call records out of ledger events: a pure fold, so that the records can be made again from the ledger
/// and come out the same.
///
/// An event of a call that is not open (its start was lost, or it is over) changes nothing and is counted.
struct CallDetailFold: Sendable {
    /// Calls open at once. A call whose end was lost would stay for ever; beyond the bound the oldest is closed.
    static let maximumOpenCalls = 65_536

    private(set) var open: [CallID: OpenCall] = [:]
    /// Events that fitted no open call.
    private(set) var strays = 0

    /// What one call has been so far.
    struct OpenCall: Hashable, Sendable {
        var record: CallRecord
        var lastTime: WallTime
        var legs: [UInt16: OpenLeg] = [:]
    }

    struct OpenLeg: Hashable, Sendable {
        var record: LegRecord
        var isEnded = false
        /// Since when it talks with whom, by the other leg.
        var talkingSince: [UInt16: WallTime] = [:]
        /// When it began to talk with the first of them.
        var talkStart: WallTime?
    }

    /// Takes the next event; gives the record of the call that it ended.
    mutating func apply(_ numbered: NumberedLedgerEvent) -> CallRecord? {
        let event = numbered.event
        guard let id = event.call else { return nil }
        if case .callStarted(let from, let caller, let dialled, let context) = event.kind {
            guard open[id] == nil else {
                strays += 1
                return nil
            }
            open[id] = OpenCall(
                record: CallRecord(
                    call: id, firstSequence: numbered.sequence, lastSequence: numbered.sequence, started: event.time,
                    answered: nil, connected: nil, ended: event.time, from: from, callerNumber: caller.number,
                    callerName: caller.name, dialled: dialled, context: context, to: nil, disposition: .failed,
                    cause: .normalUnspecified, endedBy: .system, talk: .zero, recording: nil, legs: []),
                lastTime: event.time)
            return closeOldestIfFull(at: numbered)
        }
        guard let lastTime = open[id]?.lastTime else {
            strays += 1
            return nil
        }
        open[id]?.lastTime = max(lastTime, event.time)
        guard case .callEnded(let cause, let disposition, let by) = event.kind else {
            open[id]?.apply(event)
            return nil
        }
        var call = open.removeValue(forKey: id)
        return call?.closed(
            at: event.time, sequence: numbered.sequence, cause: cause, disposition: disposition, by: by)
    }

    /// The events that end every open call as a restart does, for the ledger: legs first, then their call.
    /// `time` is when the process was last known alive.
    func eventsEndingAll(at time: WallTime) -> [LedgerEvent] {
        open.values.sorted { $0.record.firstSequence < $1.record.firstSequence }.flatMap { call in
            let id = call.record.call
            let end = max(time, call.lastTime)
            let legs = call.legs.filter { !$0.value.isEnded }.keys.sorted().map { index in
                LedgerEvent(
                    time: end, call: id, leg: index,
                    kind: .legEnded(
                        cause: .temporaryFailure, by: .restart, sipStatus: nil, statistics: LegStatistics()))
            }
            let isAnswered = call.record.answered != nil
            let last = LedgerEvent(
                time: end, call: id,
                kind: .callEnded(
                    cause: .temporaryFailure, disposition: isAnswered ? .answered : .failed, by: .restart))
            return legs + [last]
        }
    }

    private mutating func closeOldestIfFull(at numbered: NumberedLedgerEvent) -> CallRecord? {
        guard open.count > CallDetailFold.maximumOpenCalls,
            let oldest = open.values.min(by: { $0.record.firstSequence < $1.record.firstSequence })
        else { return nil }
        open[oldest.record.call] = nil
        var call = oldest
        return call.closed(
            at: oldest.lastTime, sequence: numbered.sequence, cause: .normalUnspecified,
            disposition: oldest.record.answered != nil ? .answered : .failed, by: .system)
    }
}

extension CallDetailFold.OpenCall {
    fileprivate mutating func apply(_ event: LedgerEvent) {
        if case .recordingStarted(let path) = event.kind { record.recording = path }
        guard let index = event.leg else { return }
        if case .legStarted(let party, let incoming, let sipCallID, let address) = event.kind {
            start(index, party, incoming, sipCallID, address, at: event.time)
            return
        }
        guard var leg = legs[index] else { return }
        switch event.kind {
        case .legRinging:
            if leg.record.ringing == nil { leg.record.ringing = event.time }
        case .legAnswered(let codec):
            leg.record.codec = codec
            if leg.record.answered == nil { leg.record.answered = event.time }
            // The first leg is the caller's.
            if index == 1, record.answered == nil { record.answered = event.time }
        case .bridged(let peer):
            leg.talks(with: peer, since: event.time)
            legs[peer]?.talks(with: index, since: event.time)
            if record.connected == nil {
                record.connected = event.time
                record.to = index == 1 ? legs[peer]?.record.party : leg.record.party
            }
        case .unbridged(let peer):
            leg.stopsTalking(with: peer, at: event.time)
            legs[peer]?.stopsTalking(with: index, at: event.time)
        case .legEnded(let cause, let by, let status, let statistics):
            for peer in leg.talkingSince.keys { legs[peer]?.stopsTalking(with: index, at: event.time) }
            leg.end(at: event.time, cause: cause, by: by)
            leg.record.sipStatus = status
            leg.record.statistics = statistics
        default:
            return
        }
        legs[index] = leg
    }

    private mutating func start(
        _ index: UInt16, _ party: Party, _ incoming: Bool, _ sipCallID: String, _ address: String, at time: WallTime
    ) {
        guard legs[index] == nil else { return }
        legs[index] = CallDetailFold.OpenLeg(
            record: LegRecord(
                leg: LegID(call: record.call, index: index), party: party, isIncoming: incoming, sipCallID: sipCallID,
                address: address, started: time, ringing: nil, answered: nil, ended: time, cause: .normalUnspecified,
                endedBy: .system, sipStatus: nil, codec: nil, talk: .zero, statistics: LegStatistics()))
        if !incoming, record.connected == nil { record.to = party }
    }

    /// Ends what is still open with the call, and gives the record.
    fileprivate mutating func closed(
        at time: WallTime, sequence: UInt64, cause: HangupCause, disposition: Disposition, by: EndedBy
    ) -> CallRecord {
        for index in legs.keys where legs[index]?.isEnded == false {
            legs[index]?.end(at: time, cause: cause, by: by)
        }
        record.lastSequence = sequence
        record.ended = time
        record.cause = cause
        record.disposition = disposition
        record.endedBy = by
        record.talk = legs[1]?.record.talk ?? .zero
        record.legs = legs.values.map(\.record).sorted { $0.leg < $1.leg }
        return record
    }
}

extension CallDetailFold.OpenLeg {
    fileprivate mutating func talks(with peer: UInt16, since time: WallTime) {
        guard !isEnded, talkingSince[peer] == nil else { return }
        if talkingSince.isEmpty { talkStart = time }
        talkingSince[peer] = time
    }

    /// Time with several others at once counts once.
    fileprivate mutating func stopsTalking(with peer: UInt16, at time: WallTime) {
        guard talkingSince.removeValue(forKey: peer) != nil, talkingSince.isEmpty, let start = talkStart else { return }
        talkStart = nil
        // The wall clock may have been set back in between.
        record.talk += .microseconds(max(0, time.microseconds &- start.microseconds))
    }

    fileprivate mutating func end(at time: WallTime, cause: HangupCause, by: EndedBy) {
        guard !isEnded else { return }
        for peer in Array(talkingSince.keys) { stopsTalking(with: peer, at: time) }
        isEnded = true
        record.ended = time
        record.cause = cause
        record.endedBy = by
    }
}
