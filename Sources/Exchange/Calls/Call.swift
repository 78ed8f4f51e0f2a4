// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import SDP
internal import SIPMessage
internal import SIPStack
internal import Site
internal import Timing

/// A call: its legs, its room, and the dialplan's hand on it (`CallControl`, in `Call+Control.swift`).
///
/// Leg 1 is the caller's. Every leg of the call is opened into the call's one room; a leg is silent
/// there until it is configured, so phones that only ring are not heard. Confined to its shard.
final class Call {
    /// What the dialplan waits for. One at a time, because a dialplan is one line of execution.
    enum Waiting {
        case sleep(CheckedContinuation<Void, any Error>)
        case key(CheckedContinuation<Character?, any Error>)
        case player(MediaInstrument, Set<Character>, CheckedContinuation<PlayResult, any Error>)
        case dial(CheckedContinuation<DialResult, any Error>)
    }

    static let mostKeys = 64
    static let mostLegs = 64
    /// Names kept apart within a call; beyond it the last file is written anew.
    static let mostRecordings = 1000

    let id: CallID
    unowned let board: Switchboard
    let first: Leg
    let dialled: String
    let entry: CallEntry?
    var caller: CallerIdentity
    var language: String
    var legs: [Leg]
    /// The index given last; indices are not used again.
    var lastLeg: UInt16 = 1
    var room: MediaRoom?
    var waiting: Waiting?
    var keys: [Character] = []
    var dialling: Dialling?
    var lastDial: DialResult?
    var tone: MediaInstrument?
    /// The recorder that runs, and the paths of all whose files are not closed yet.
    var recording: MediaInstrument?
    var recordings: [MediaInstrument: String] = [:]
    /// The names of all recordings of this call.
    var recorded: Set<String> = []
    /// Set once, when leg 1 is over.
    var ended: CallEnded?
    var endedBy: EndedBy = .system
    /// Why the switch ended it, when it did.
    var causeOfOurs: HangupCause?
    var step: DialplanStep?
    private var scriptIsDone = false

    init(
        id: CallID, board: Switchboard, first: Leg, caller: CallerIdentity, dialled: String, entry: CallEntry,
        language: String
    ) {
        self.id = id
        self.board = board
        self.first = first
        self.caller = caller
        self.dialled = dialled
        self.entry = entry
        self.language = language
        legs = [first]
    }

    func leg(of session: SessionID) -> Leg? { legs.first { $0.session == session } }
    func leg(_ index: UInt16) -> Leg? { legs.first { $0.id.index == index } }

    func note(_ kind: LedgerEventKind, leg: Leg? = nil) {
        board.note(kind, call: id, leg: leg?.id.index)
    }

    func noteStart(of leg: Leg) {
        note(
            .legStarted(
                party: leg.party, incoming: leg.isIncoming, sipCallID: leg.sipCallID,
                address: "\(leg.flow.address):\(leg.flow.port)"), leg: leg)
    }

    /// Carries out SIP actions and sees to the shard's alarm.
    func act(_ actions: [Action]) {
        board.perform(actions)
        board.rearm()
    }

    // MARK: Waiting

    /// Resumes whatever waits by throwing.
    func failWaiting(_ error: CallEnded) {
        guard let waiting else { return }
        self.waiting = nil
        board.timers.cancel(.waiting(id))
        switch waiting {
        case .sleep(let continuation): continuation.resume(throwing: error)
        case .key(let continuation): continuation.resume(throwing: error)
        case .player(let instrument, _, let continuation):
            board.door.stop(instrument)
            continuation.resume(throwing: error)
        case .dial(let continuation): continuation.resume(throwing: error)
        }
    }

    func waitingTimedOut() {
        switch waiting {
        case .sleep(let continuation):
            waiting = nil
            continuation.resume()
        case .key(let continuation):
            waiting = nil
            continuation.resume(returning: nil)
        case .player, .dial, nil: break
        }
    }

    func pressed(_ key: Character, on leg: UInt16) {
        note(.digit(key), leg: self.leg(leg))
        guard leg == first.id.index, ended == nil else { return }
        switch waiting {
        case .key(let continuation):
            waiting = nil
            board.timers.cancel(.waiting(id))
            continuation.resume(returning: key)
        case .player(let instrument, let wanted, let continuation) where wanted.contains(key):
            waiting = nil
            board.door.stop(instrument)
            continuation.resume(returning: .interrupted(key))
        case .dial:
            // A talk takes its keys along; they are not left for the menu that may come after it.
            break
        default:
            // Beyond the bound the newest key is dropped, as a full register does.
            if keys.count < Self.mostKeys { keys.append(key) }
        }
    }

    func instrumentFinished(_ instrument: MediaInstrument) {
        if tone == instrument { tone = nil }
        guard case .player(let playing, _, let continuation) = waiting, playing == instrument else { return }
        waiting = nil
        continuation.resume(returning: .finished)
    }

    // MARK: The end

    /// The dialplan has run to its end, `h` included.
    func scriptFinished() {
        scriptIsDone = true
        if ended == nil { hangUp(.normalClearing) }
        closeIfDone()
    }

    func hangUp(_ cause: HangupCause) {
        guard first.isUp else { return }
        causeOfOurs = cause
        end(first, cause, by: .system)
    }

    func lastedTooLong(_ timer: ShardTimer) {
        if case .answeredLimit = timer, let talking = dialling?.connected {
            end(talking, .recoveryOnTimerExpire, by: .system)
        } else {
            hangUp(.recoveryOnTimerExpire)
        }
    }

    /// Called whenever something ended: when all is over, the call leaves the shard.
    func closeIfDone() {
        guard ended != nil, scriptIsDone, recordings.isEmpty, legs.allSatisfy(\.isClosed) else { return }
        guard board.calls[id] != nil else { return }
        for timer in [ShardTimer.waiting(id), .ringing(id), .duration(id), .answeredLimit(id), .leftover(id)] {
            board.timers.cancel(timer)
        }
        if let room { board.door.close(room) }
        board.calls[id] = nil
        board.services.occupancy.giveBack(.calls)
        let cause = causeOfOurs ?? ended?.cause ?? .normalClearing
        note(.callEnded(cause: cause, disposition: disposition(cause), by: endedBy))
        board.services.log.info("call \(id): ended by \(endedBy.rawValue), \(cause.text) (\(cause.rawValue))")
    }

    private func disposition(_ cause: HangupCause) -> Disposition {
        if first.answeredAt != nil { return .answered }
        if endedBy == .caller { return .cancelled }
        return switch cause {
        case .userBusy: .busy
        case .noAnswer, .noUserResponding: .noAnswer
        default: .failed
        }
    }

    var snapshot: CallSnapshot {
        CallSnapshot(
            id: id, from: first.party, caller: caller, dialled: dialled, startedAt: first.startedAt,
            isAnswered: first.answeredAt != nil, step: step,
            legs: legs.filter { !$0.isClosed }.map { leg in
                LegSnapshot(
                    id: leg.id, party: leg.party, state: leg.isHeld && leg.isUp ? "held" : leg.stateName,
                    codec: leg.negotiated?.codec.rawValue, startedAt: leg.startedAt, answeredAt: leg.answeredAt)
            })
    }
}
