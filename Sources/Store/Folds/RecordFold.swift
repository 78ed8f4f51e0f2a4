// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Timing

/// Makes the records out of ledger events: a pure fold, so that they can be made again from the ledger and come out
/// the same. Each concern keeps its own books; here is which fact concerns whom, in which order.
///
/// A fact of a call or leg that is not open (its start was lost, or it is over) changes nothing and is counted.
struct RecordFold: Sendable {
    private(set) var calls = CallFold()
    private(set) var legs = LegFold()
    private(set) var talks = TalkFold()
    private(set) var links = LinkFold()
    /// Facts that fitted nothing that is open.
    private(set) var strays = 0
    /// What has come to its end since `takeRows`.
    private var rows = RecordRows()

    mutating func takeRows() -> RecordRows {
        defer { rows = RecordRows() }
        guard !rows.opened.isEmpty, !rows.closed.isEmpty else { return rows }
        // A call that began and ended since the last time never was in the table of open ones.
        let brief = Set(rows.opened).intersection(rows.closed)
        rows.opened.removeAll { brief.contains($0) }
        rows.closed.removeAll { brief.contains($0) }
        return rows
    }

    mutating func apply(_ numbered: NumberedLedgerEvent) {
        let event = numbered.event
        if let call = event.call { calls.heard(of: links.survivor(of: call), at: Moment(event)) }
        switch event.name {
        case CallStarted.name: callStarted(numbered)
        case CallEnded.name: callEnded(numbered)
        case CallLinked.name: callLinked(numbered)
        case LegStarted.name: legStarted(event)
        case LegEnded.name: legEnded(event)
        case TalkStarted.name: talkStarted(event)
        case TalkEnded.name: talkEnded(event)
        case LegAnswered.name: legAnswered(event)
        case LegRinging.name: count(event.leg.map { legs.ring($0, at: Moment(event)) } ?? false)
        case LegHeld.name: count(event.leg.map { legs.hold($0, at: Moment(event)) } ?? false)
        case LegResumed.name: count(event.leg.map { legs.resume($0, at: Moment(event)) } ?? false)
        case RecordingStarted.name:
            guard let call = openCall(of: event), let fact = event.read(RecordingStarted.self) else {
                return count(false)
            }
            calls.recorded(call, to: fact.path)
        default: return
        }
    }

    private mutating func count(_ fits: Bool) {
        if !fits { strays += 1 }
    }

    /// The call an event counts for, if it is open; of an absorbed call's number the surviving one.
    private func openCall(of event: LedgerEvent) -> CallID? {
        guard let call = event.call.map({ links.survivor(of: $0) }), calls.open[call] != nil else { return nil }
        return call
    }

    // MARK: Calls

    private mutating func callStarted(_ numbered: NumberedLedgerEvent) {
        let event = numbered.event
        guard let call = event.call, calls.open[call] == nil, !links.isAbsorbed(call),
            let fact = event.read(CallStarted.self)
        else { return count(false) }
        calls.start(call, fact, numbered)
        rows.opened.append(call)
        // A call whose end was lost would stay for ever.
        if let oldest = calls.oldestBeyondBound {
            close(
                oldest.record.call,
                CallEnd(
                    moment: oldest.last, sequence: numbered.sequence, cause: .normalUnspecified, by: .system,
                    disposition: nil))
        }
    }

    private mutating func callEnded(_ numbered: NumberedLedgerEvent) {
        guard let call = openCall(of: numbered.event), let fact = numbered.event.read(CallEnded.self) else {
            return count(false)
        }
        close(
            call,
            CallEnd(
                moment: Moment(numbered.event), sequence: numbered.sequence, cause: fact.cause, by: fact.by,
                disposition: fact.disposition))
    }

    /// Ends what is still open of the call, then the call.
    private mutating func close(_ call: CallID, _ end: CallEnd) {
        for leg in legs.open(of: call) {
            endTalks(of: leg, at: end.moment)
            let fact = LegEnded(cause: end.cause, by: end.by, sipStatus: nil, statistics: LegStatistics())
            finish(leg, fact, at: end.moment)
        }
        for talk in talks.open(of: call) { endTalk(talk, at: end.moment) }
        if let record = calls.end(call, end) { rows.calls.append(record) }
        rows.closed.append(call)
        rows.closed += links.forgetAll(absorbedBy: call)
    }

    private mutating func callLinked(_ numbered: NumberedLedgerEvent) {
        let event = numbered.event
        guard let call = event.call, calls.open[call] != nil, let fact = event.read(CallLinked.self) else {
            return count(false)
        }
        let survivor = links.survivor(of: fact.into)
        guard survivor != call, calls.open[survivor] != nil else { return count(false) }
        // What is being said counts for the one call until now and for the other from now.
        let moment = Moment(event)
        for talk in talks.open(of: call) {
            endTalk(talk, at: moment)
            talks.start(talk, of: survivor, at: moment)
        }
        legs.move(from: call, to: survivor)
        rows.links.append(LinkRecord(call: call, into: survivor, reason: fact.reason, time: event.time))
        if let record = calls.absorb(call, into: survivor, numbered) { rows.calls.append(record) }
        // Its legs may live on in the other call: a restart has to read of them in this one's events.
        if let forgotten = links.absorb(call, into: survivor) { rows.closed.append(forgotten) }
    }

    // MARK: Legs

    private mutating func legStarted(_ event: LedgerEvent) {
        guard let call = openCall(of: event), let leg = event.leg, legs.open[leg] == nil,
            let fact = event.read(LegStarted.self)
        else { return count(false) }
        legs.start(leg, fact, of: call, at: Moment(event))
        calls.legStarted(call, leg, fact)
    }

    private mutating func legAnswered(_ event: LedgerEvent) {
        guard let leg = event.leg, let fact = event.read(LegAnswered.self),
            let call = legs.answer(leg, codec: fact.codec, at: Moment(event))
        else { return count(false) }
        calls.legAnswered(call, leg, at: Moment(event))
    }

    private mutating func legEnded(_ event: LedgerEvent) {
        guard let leg = event.leg, legs.open[leg] != nil, let fact = event.read(LegEnded.self) else {
            return count(false)
        }
        endTalks(of: leg, at: Moment(event))
        finish(leg, fact, at: Moment(event))
    }

    private mutating func finish(_ leg: LegID, _ fact: LegEnded, at moment: Moment) {
        guard var record = legs.end(leg, fact, at: moment) else { return }
        record.talk = talks.total(of: leg)
        talks.forget(leg)
        calls.legEnded(links.survivor(of: record.call), at: moment)
        rows.legs.append(record)
    }

    // MARK: Talks

    private mutating func talkStarted(_ event: LedgerEvent) {
        guard let leg = event.leg, let fact = event.read(TalkStarted.self), leg != fact.peer,
            let mine = legs.open[leg], let other = legs.open[fact.peer]
        else { return count(false) }
        let talk = TalkFold.Pair(leg, fact.peer)
        guard !talks.isOpen(talk) else { return count(false) }
        let call = openCall(of: event) ?? mine.call
        talks.start(talk, of: call, at: Moment(event))
        calls.connected(call, leg, mine.record.party, fact.peer, other.record.party, at: Moment(event))
    }

    private mutating func talkEnded(_ event: LedgerEvent) {
        guard let leg = event.leg, let fact = event.read(TalkEnded.self) else { return count(false) }
        let talk = TalkFold.Pair(leg, fact.peer)
        guard talks.isOpen(talk) else { return count(false) }
        endTalk(talk, at: Moment(event))
    }

    private mutating func endTalks(of leg: LegID, at moment: Moment) {
        for peer in talks.peers(of: leg) { endTalk(TalkFold.Pair(leg, peer), at: moment) }
    }

    private mutating func endTalk(_ talk: TalkFold.Pair, at moment: Moment) {
        if let record = talks.end(talk, at: moment) { rows.talks.append(record) }
    }

    // MARK: Restart

    /// The events that end every open call as a restart does, for the ledger: legs first, then their call. `alive` is
    /// when the process was last known alive.
    func eventsEndingAll(at alive: Moment) -> [LedgerEvent] {
        calls.inOrder.flatMap { call in
            let id = call.record.call
            var end = call.last
            end.advance(to: alive)
            func event(_ leg: LegID?, _ fact: any LedgerFact) -> LedgerEvent {
                LedgerEvent(time: end.time, at: end.at, call: id, leg: leg, fact)
            }
            let ends = legs.open(of: id).map { leg in
                event(
                    leg,
                    LegEnded(cause: .temporaryFailure, by: .restart, sipStatus: nil, statistics: LegStatistics()))
            }
            let disposition: Disposition = call.record.answered != nil ? .answered : .failed
            return ends + [event(nil, CallEnded(cause: .temporaryFailure, disposition: disposition, by: .restart))]
        }
    }
}

/// A moment by both clocks.
struct Moment: Hashable, Sendable {
    var time: WallTime
    /// The monotonic clock in microseconds, as it is stored: records made from the stored ledger come out the same.
    var elapsed: Int64

    var at: Instant { Instant(nanoseconds: elapsed &* 1000) }

    /// Never negative: events of several threads need not come in the order of their times.
    func since(_ start: Int64) -> Duration { .microseconds(max(0, elapsed &- start)) }

    /// Each clock by itself: the one may have been set.
    mutating func advance(to later: Moment) {
        time = max(time, later.time)
        elapsed = max(elapsed, later.elapsed)
    }
}

extension Moment {
    init(_ event: LedgerEvent) { self.init(time: event.time, elapsed: event.at.nanoseconds / 1000) }
}
