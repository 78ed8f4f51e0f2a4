// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import Timing

struct BridgeID: Hashable, Sendable {
    let rawValue: UInt64
}

/// Two legs that talk: performs what its `BridgeMachine` decides, and keeps the ledger's account of the talk.
final class Bridge {
    let id: BridgeID
    let a: Leg
    let b: Leg
    let rules: TalkRules
    private unowned let board: Switchboard
    private var machine: BridgeMachine
    private let startedAt: Instant
    private var agreement = CodecAgreement()
    private var reminders: [BridgeMachine.Side: HoldReminder] = [:]
    /// The ledger has the beginning of a talk and not its end.
    private var isTold = false

    /// Joins two answered legs: `b` moves into the room of `a`.
    init(_ a: Leg, _ b: Leg, rules: TalkRules, board: Switchboard) {
        id = board.makeBridgeID()
        self.a = a
        self.b = b
        self.rules = rules
        self.board = board
        startedAt = board.now
        machine = BridgeMachine(rules: rules, habits: [.a: a.holdHabit, .b: b.holdHabit])
        board.bridges[id] = self
        a.bridge = self
        b.bridge = self
        handle(.begin)
        // Who came here while its telephone held goes on holding.
        for leg in [a, b] where leg.machine.isHeld { handle(.held(side(of: leg), true, .phone)) }
    }

    func other(than leg: Leg) -> Leg { leg === a ? b : a }
    /// Neither does something else meanwhile, so that it can be made into another talk.
    var isAttended: Bool { a.bridge === self && b.bridge === self }
    func rule(of leg: Leg) -> SideRules { machine.rule(of: side(of: leg)) }
    func side(of leg: Leg) -> BridgeMachine.Side { leg === a ? .a : .b }
    private func leg(of side: BridgeMachine.Side) -> Leg { side == .a ? a : b }
    var isOver: Bool { machine.isOver }
    /// nil: as long as it likes.
    var timeLeft: Duration? { rules.limit.map { max(.zero, $0 - startedAt.duration(to: board.now)) } }
    var isTalking: Bool { machine.state == .talking }

    func heard(_ report: LegReport, from leg: Leg) {
        switch report {
        case .held: handle(.held(side(of: leg), true, .phone))
        case .resumed: handle(.held(side(of: leg), false, .phone))
        case .negotiated(let isOurs):
            agreement.negotiated(side(of: leg), isOurs: isOurs)
            if isJoined { agreeOnCodec() }
        case .ended(let cause, let by, _, _): handle(.ended(side(of: leg), cause, by: by))
        case .rings, .answered: break
        }
    }

    func pressed(_ press: KeyPress, by leg: Leg, isRelayed: Bool) {
        handle(.key(side(of: leg), press, isRelayed: isRelayed))
    }

    /// The leg goes on without the talk; what becomes of the other one is the rules'.
    func leave(_ leg: Leg) { handle(.left(side(of: leg))) }

    /// Both legs are taken; the caller of this decides about them once the queue is drained.
    func dissolve() { handle(.dissolve) }

    /// The leg does something else for a while; the other one hears music.
    func suspend(by leg: Leg) {
        handle(.suspend(by: side(of: leg)))
    }

    func resume() { handle(.resume) }

    /// A command has the leg hold the other one, or come back.
    func hold(by leg: Leg, _ on: Bool) { handle(.held(side(of: leg), on, .command)) }

    private var isJoined: Bool { machine.state == .talking && !machine.holds(.a) && !machine.holds(.b) }

    func due(_ timer: BridgeMachine.Timer) { handle(.due(timer)) }

    private func handle(_ input: BridgeMachine.Input) {
        for action in machine.handle(input) { board.queue(.bridge(self, action)) }
    }

    func perform(_ action: BridgeMachine.Action) {
        switch action {
        case .timer(let timer, let delay): board.setTimer(.bridge(id, timer), after: delay)
        case .cancel(let timer): board.timers.cancel(.bridge(id, timer))
        case .join: join()
        case .part: part()
        case .holdKeys(let side, let on): leg(of: side).handle(.holdKeys(on))
        case .sendKeys(let keys, let side):
            if let media = leg(of: side).media { board.door.sendKeys(keys, to: media) }
        case .code(let side, let code): board.pressedCode(code, by: leg(of: side), in: self)
        case .music(let side, let on):
            let (held, holder) = (leg(of: side), leg(of: side.other))
            if on { held.startMusic(class: held.musicClass(heldBy: holder)) } else { held.stopMusic() }
            if !on { reminders.removeValue(forKey: side.other)?.stop() }
        case .remind(let side):
            let reminder = reminders[side] ?? HoldReminder(of: leg(of: side), board: board)
            reminders[side] = reminder
            reminder.remind(of: leg(of: side.other))
        case .recall(let side):
            HoldRecall(of: leg(of: side.other), for: leg(of: side), isCaller: side == .a, rules: rules, board: board)
                .begin()
        case .over: close()
        case .release(let side, let after, let cause, let by): release(leg(of: side), after, cause, by: by)
        }
    }

    private func join() {
        guard a.isUp, b.isUp else { return }
        if let room = a.room { for leg in [a, b] { leg.move(to: room) } }
        tell(true)
        agreeOnCodec()
    }

    /// Asks one of the two for the other's codec where they differ. A telephone of the house rather than a trunk.
    private func agreeOnCodec() {
        let first: BridgeMachine.Side = b.party.isSeat || !a.party.isSeat ? .b : .a
        let asked = agreement.next(
            { side in
                let (own, other) = (leg(of: side), leg(of: side.other))
                return .init(codec: own.codec, canChange: other.codec.map { own.machine.canPrefer($0) } ?? false)
            }, first: first)
        guard let asked, let codec = leg(of: asked.other).codec else { return }
        leg(of: asked).handle(.prefer(codec))
    }

    /// Each in a room of its own.
    private func part() {
        b.moveToOwnRoom()
        if machine.state != .talking { tell(false) }
    }

    private func tell(_ talks: Bool) {
        guard talks != isTold else { return }
        isTold = talks
        if talks {
            board.note(TalkStarted(peer: b.id), call: a.call.id, leg: a.id)
        } else {
            board.note(TalkEnded(peer: b.id), call: a.call.id, leg: a.id)
        }
    }

    private func close() {
        board.bridges[id] = nil
        for reminder in reminders.values { reminder.stop() }
        reminders = [:]
        tell(false)
        for leg in [a, b] {
            if leg.bridge === self { leg.bridge = nil }
            leg.suspended.removeAll { $0 === self }
        }
    }

    private func release(_ leg: Leg, _ after: AfterTalk, _ cause: HangupCause, by: EndedBy) {
        guard leg.isUp, !board.returnsFromSwap(leg, from: self) else { return }
        // A talk that was aside ends without the one in front.
        if leg.bridge == nil { leg.moveToOwnRoom() }
        switch after {
        case .goOn:
            guard let script = leg.script, script.bridgeOver(cause) else { return leg.hangUp(cause, by: by) }
        case .hangUp where leg.script?.isConsultation == true:
            // The second line is over, not the party.
            leg.script?.bridgeOverBeforeHangUp(cause)
            leg.script?.endConsultation()
        case .hangUp:
            leg.script?.bridgeOverBeforeHangUp(cause)
            leg.hangUp(cause, by: by)
        }
    }
}
