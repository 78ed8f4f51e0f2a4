// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import SDP
internal import Site
internal import Timing

struct ScriptID: Hashable, Sendable {
    let rawValue: UInt64
}

/// One line of execution that drives one leg, incoming or outgoing: a dialplan, an acceptance, a module's own.
///
/// It owns its one continuation: whatever it waits for is resumed by the exchange, or interrupted with a reason. After
/// `LegTaken` the object is dead: another script has the leg.
final class Script {
    enum State: Hashable {
        case running
        /// The leg is gone; what still runs is the `h` extension and the like.
        case legGone(LegGone)
        /// Another script has the leg.
        case taken
    }

    /// What the script is there for.
    enum Purpose {
        /// To say what becomes of the leg: when it ends, the leg is hung up.
        case dialplan
        /// To ask whether an offer is wanted; the leg waits for the verdict.
        case acceptance(Offer)
        /// To take the leg of a transfer to its destination.
        case transfer(Transfer)
        /// To do something in the middle of a talk, which then goes on.
        case interlude(Bridge)
        /// To dial as from a second line, on top of an interlude.
        case consultation
    }

    /// What the script waits for. One at a time, because it is one line of execution.
    enum Waiting {
        case sleep(CheckedContinuation<Void, any Error>)
        case speech(CheckedContinuation<Void, any Error>)
        case key(CheckedContinuation<Character?, any Error>)
        case player(MediaInstrument, Set<Character>, CheckedContinuation<PlayResult, any Error>)
        case dial(CheckedContinuation<DialResult, any Error>)
        case rest(CheckedContinuation<RestOutcome, any Error>)
        /// A talk with a leg that rested.
        case join(CheckedContinuation<Void, any Error>)
        case consult(CheckedContinuation<ConsultOutcome, any Error>)
    }

    static let mostKeys = 64

    let number: ScriptID
    let leg: Leg
    let entry: ScriptEntry
    unowned let board: Switchboard
    private(set) var purpose: Purpose
    private(set) var state = State.running
    /// The script that waits under this one, for the end of a dial.
    var below: Script?
    var waiting: Waiting?
    var keys: [Character] = []
    var language: String
    /// A tone or music that goes on until something else is heard.
    var tone: MediaInstrument?
    var recording: Recording?
    var dialling: Dialling?
    var lastDial: DialResult?
    var waits = WaitPace()
    /// A service of ours took the leg (a menu, a queue) instead of a dial.
    private(set) var isServed = false
    private(set) var step: DialplanStep?
    /// When the script's time is over.
    var deadline: Instant? {
        didSet {
            if let deadline {
                board.timers.set(.deadline(number), at: deadline)
                board.rearm()
            } else {
                board.timers.cancel(.deadline(number))
            }
        }
    }
    /// Its task has ended, or is not waited for any more.
    private(set) var isFinished = false
    /// How often it asked to wait when nothing might.
    var refusals = 0

    init(_ entry: ScriptEntry, on leg: Leg, purpose: Purpose, board: Switchboard) {
        number = board.makeScriptID()
        self.entry = entry
        self.leg = leg
        self.purpose = purpose
        self.board = board
        language = leg.language
        board.scripts[number] = self
    }

    /// Why nothing may wait any more; nil while all is well.
    private var interruption: (any Error)? {
        switch state {
        case .running:
            if let deadline, board.now >= deadline { DeadlinePassed() } else { nil }
        case .legGone(let gone): gone
        case .taken: LegTaken()
        }
    }

    /// Throws when the leg is no longer this script's, or its time is over.
    func check() throws { if let interruption { throw interruption } }

    func setStep(_ step: DialplanStep) { self.step = step }
    func noteService() { isServed = true }

    // MARK: Interruption

    /// The leg is gone: what waits throws, what was dialled is withdrawn.
    func legGone(_ cause: HangupCause) {
        guard case .running = state else { return }
        let ended = LegGone(cause: cause)
        state = .legGone(ended)
        startFarewell()
        stopTone()
        if !dialInterrupted(cause, by: .caller) { failWaiting(ended) }
    }

    /// The leg is no longer this script's.
    func takenAway() {
        leave()
        guard case .running = state else { return }
        state = .taken
        startFarewell()
        stopTone()
        if !dialInterrupted(.normalClearing, by: .system) { failWaiting(LegTaken()) }
    }

    private func leave() {
        board.timers.cancel(.deadline(number))
        board.timers.cancel(.script(number))
        if leg.script === self {
            leg.script = below
        } else {
            var upper = leg.script
            while let script = upper {
                if script.below === self { script.below = below }
                upper = script.below
            }
        }
        below = nil
    }

    /// What waited under it is over: the leg is this script's alone.
    func becomesOnlyOne() {
        purpose = .dialplan
        while let below { below.takenAway() }
    }

    private func failWaiting(_ error: any Error) {
        guard let waiting else { return }
        leg.recall?.withdraw()
        self.waiting = nil
        board.timers.cancel(.script(number))
        switch waiting {
        case .sleep(let continuation): continuation.resume(throwing: error)
        case .speech(let continuation): continuation.resume(throwing: error)
        case .key(let continuation): continuation.resume(throwing: error)
        case .player(let instrument, _, let continuation):
            board.door.stop(instrument)
            continuation.resume(throwing: error)
        case .dial(let continuation): continuation.resume(throwing: error)
        case .rest(let continuation):
            leg.stopMusic()
            continuation.resume(throwing: error)
        case .join(let continuation): continuation.resume(throwing: error)
        case .consult(let continuation): continuation.resume(throwing: error)
        }
    }

    /// What waits and cannot go on throws; false when it can.
    @discardableResult
    func failIfInterrupted() -> Bool {
        guard let interruption else { return false }
        failWaiting(interruption)
        return true
    }

    /// The deadline has come: what waits throws, whoever was dialled is let go, and the leg goes on.
    func deadlinePassed() {
        guard case .running = state else { return }
        let talk = leg.bridge
        if dialInterrupted(.normalClearing, by: .system) { return }
        talk?.leave(leg)
        leg.gathering?.leave(leg)
        failIfInterrupted()
    }

    /// The time of a waiting operation is up.
    func timedOut() {
        switch waiting {
        case .sleep(let continuation):
            waiting = nil
            continuation.resume()
        case .speech(let continuation):
            waiting = nil
            continuation.resume()
        case .key(let continuation):
            waiting = nil
            continuation.resume(returning: nil)
        case .rest(let continuation):
            waiting = nil
            leg.stopMusic()
            continuation.resume(returning: .timedOut)
        case .player, .dial, .join, .consult, nil: break
        }
    }

    // MARK: What the leg hears of its party

    /// Speech flows from the leg.
    func speechFlows() {
        guard case .speech(let continuation) = waiting else { return }
        waiting = nil
        board.timers.cancel(.script(number))
        continuation.resume()
    }

    func pressed(_ key: Character) {
        guard case .running = state else { return }
        switch waiting {
        case .key(let continuation):
            waiting = nil
            board.timers.cancel(.script(number))
            continuation.resume(returning: key)
        case .player(let instrument, let wanted, let continuation) where wanted.contains(key):
            waiting = nil
            board.door.stop(instrument)
            continuation.resume(returning: .interrupted(key))
        case .dial, .rest, .join, .consult:
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

    /// The script has run to its end, `h` included.
    func finished() {
        guard !isFinished else { return }
        isFinished = true
        board.scripts[number] = nil
        board.timers.cancel(.farewell(number))
        if case .running = state { endConsultation() }
        let call = leg.call
        leave()
        if state == .running {
            switch purpose {
            case .dialplan: leg.hangUp(.normalClearing)
            case .acceptance: break
            case .transfer(let transfer): transfer.failed(.normalUnspecified)
            case .interlude(let bridge): board.endInterlude(bridge, of: leg)
            case .consultation: break
            }
        }
        call.scriptFinished(self)
    }

    /// The verdict of an acceptance.
    func judge(_ verdict: AcceptanceVerdict) {
        guard case .acceptance(let offer) = purpose, case .running = state else { return }
        board.turn { offer.judged(leg, verdict) }
    }
}
