// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import SDP
internal import Timing

/// Accounting: which legs had to do with each other, how it began and how it ended. It decides nothing.
///
/// A call is over when its last leg, its last script and its last recording are. When two calls meet, one is linked into
/// the other and what happens later counts for that one.
final class Call {
    let id: CallID
    let from: Party
    let caller: CallerIdentity
    let dialled: String
    let startedAt: WallTime
    private unowned let board: Switchboard

    /// Those that are not forgotten yet.
    private(set) var legs: [Leg] = []
    private var scripts: [Script] = []
    private var openRecordings = 0
    /// Offers of the switch's own that ring for it, or are yet to.
    private var pending: [Offer] = []
    /// The leg that began it; of a call that the switch began the one that answered, and till then the first.
    private(set) var first: LegID?
    private let isBegunByUs: Bool
    /// The call that goes on for this one.
    private var survivor: Call?
    private var isAnswered = false
    private var end: (cause: HangupCause, by: EndedBy)?
    /// Why the switch ended it, when it did.
    private var causeOfOurs: HangupCause?
    private var isOver = false

    /// At once: a call that rings dozens of phones is somebody's mistake.
    static let mostLegs = 64

    /// - Parameter origin: the leg that begins it; nil for a call of the switch's own.
    init(
        id: CallID, from: Party, caller: CallerIdentity, dialled: String, context: String, origin: LegID?,
        board: Switchboard
    ) {
        self.id = id
        first = origin
        isBegunByUs = origin == nil
        self.from = from
        self.caller = caller
        self.dialled = dialled
        self.board = board
        startedAt = board.wallNow
        board.calls[id] = self
        board.note(
            CallStarted(from: from, caller: caller, dialled: dialled, context: context, origin: origin), call: id)
    }

    var hasRoomForLeg: Bool { legs.count < Self.mostLegs }

    func add(_ leg: Leg) {
        if first == nil { first = leg.id }
        legs.append(leg)
    }

    /// The call that counts: another one when this one was linked into it.
    var current: Call {
        var call = self
        while let next = call.survivor { call = next }
        return call
    }

    /// What rings for nobody's leg keeps the call, and ends with it.
    func hold(_ offer: Offer) { current.pending.append(offer) }

    func letGo(_ offer: Offer) {
        let call = current
        call.pending.removeAll { $0 === offer }
        call.closeIfOver()
    }

    func add(_ script: Script) { scripts.append(script) }

    func answered(_ leg: Leg) {
        if isBegunByUs, !isAnswered, leg.id != first {
            // Others were rung before; what became of them is not how the call ended.
            first = leg.id
            end = nil
        }
        if leg.id == first { isAnswered = true }
    }

    /// The switch ends it: its cause says more than that of the leg.
    func endedByUs(_ cause: HangupCause) { causeOfOurs = causeOfOurs ?? cause }

    func ended(_ leg: Leg, _ cause: HangupCause, by: EndedBy) {
        if leg.id == first, end == nil { end = (causeOfOurs ?? cause, by) }
    }

    func closed(_ leg: Leg) {
        legs.removeAll { $0 === leg }
        closeIfOver()
    }

    /// Two calls have met: the older one goes on for both, and what happens later counts for it.
    static func link(_ one: Call, _ other: Call, _ reason: LinkReason) {
        let (one, other) = (one.current, other.current)
        guard one !== other, !one.isOver, !other.isOver else { return }
        let (survivor, absorbed) = one.id < other.id ? (one, other) : (other, one)
        survivor.absorb(absorbed, reason)
    }

    private func absorb(_ other: Call, _ reason: LinkReason) {
        board.note(CallLinked(into: id, reason: reason), call: other.id)
        for leg in other.legs {
            leg.call = self
            for recording in leg.recordings.values where recording.move(to: self) {
                other.openRecordings -= 1
                openRecordings += 1
            }
        }
        legs += other.legs
        scripts += other.scripts
        pending += other.pending
        other.legs = []
        other.scripts = []
        other.pending = []
        other.survivor = self
        // Its link ended it: a `call.ended` of its own would be read as one of the survivor.
        other.leave()
    }

    func scriptFinished(_ script: Script) {
        let call = current
        call.scripts.removeAll { $0 === script }
        call.closeIfOver()
    }

    func recordingStarted() { openRecordings += 1 }

    func recordingClosed() {
        openRecordings -= 1
        closeIfOver()
    }

    /// Ends every leg.
    func hangUp(_ cause: HangupCause) {
        endedByUs(cause)
        for offer in pending { offer.withdraw(by: .system) }
        for leg in legs { leg.hangUp(cause) }
    }

    private func closeIfOver() {
        guard !isOver, legs.isEmpty, scripts.isEmpty, openRecordings == 0, pending.isEmpty else { return }
        leave()
        let (cause, by) = end ?? (causeOfOurs ?? .normalClearing, .system)
        board.note(CallEnded(cause: cause, disposition: disposition(cause, by), by: by), call: id)
        board.log.info("call \(id): ended by \(by.rawValue), \(cause.text) (\(cause.rawValue))")
    }

    private func leave() {
        isOver = true
        board.timers.cancel(.call(id))
        board.calls[id] = nil
        board.services.occupancy.giveBack(.calls)
    }

    private func disposition(_ cause: HangupCause, _ by: EndedBy) -> Disposition {
        if isAnswered { return .answered }
        if by == .caller { return .cancelled }
        return switch cause {
        case .userBusy: .busy
        case .noAnswer, .noUserResponding: .noAnswer
        default: .failed
        }
    }

    var snapshot: CallSnapshot {
        CallSnapshot(
            id: id, from: from, caller: legs.first { $0.id == first }?.caller ?? caller, dialled: dialled,
            startedAt: startedAt, isAnswered: isAnswered, step: scripts.last?.step,
            legs: legs.map { leg in
                LegSnapshot(
                    id: leg.id, party: leg.party, state: leg.stateName, codec: leg.codec?.rawValue,
                    startedAt: leg.startedAt, answeredAt: leg.answeredAt)
            })
    }
}
