// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Dialplan
internal import Site
internal import Timing

/// What a script asks of the rest of the switch.
extension Script {
    var partner: LegID? {
        var script: Script? = self
        while let one = script {
            if case .interlude(let bridge) = one.purpose { return bridge.other(than: leg).id }
            script = one.below
        }
        return leg.bridge.map { $0.other(than: leg).id }
    }

    func perform(_ command: Command) throws -> CommandResult {
        try check()
        return try board.perform(command, by: "leg \(leg.id)")
    }

    func module(named name: String) -> (any RunningModule)? { board.modules[name]?.running }

    // MARK: Resting

    func rest(for timeout: Duration?) async throws -> RestOutcome {
        try await checkWait()
        serves()
        try openMedia()
        stopTone()
        leg.startMusic(class: leg.musicClass())
        return try await withCheckedThrowingContinuation { continuation in
            waiting = .rest(continuation)
            if let timeout { board.setTimer(.script(number), after: timeout) }
        }
    }

    var rests: Bool {
        if case .rest = waiting, leg.bridge == nil, case .running = state { true } else { false }
    }

    func join(_ id: LegID) async throws {
        try await checkWait()
        try openMedia()
        guard let other = board.legs[id], other !== leg, let resting = other.script, resting.rests else {
            throw CommandRefusal.notRinging(id)
        }
        if !leg.isAnswered { try answerNow(preferring: other.codec.map { [$0] } ?? []) }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            waiting = .join(continuation)
            board.turn {
                board.timers.cancel(.script(resting.number))
                other.stopMusic()
                board.queue(
                    .talk(
                        leg, other, TalkRules(caller: SideRules(after: .goOn), called: SideRules(after: .goOn)), .park))
            }
        }
    }

    // MARK: Consulting

    func consult(_ destination: Destination) async throws -> ConsultOutcome {
        try await checkWait()
        guard case .interlude = purpose else { throw CommandRefusal.noTalk(leg.id) }
        let placement = try board.placement(destination, site: leg.site)
        stopTone()
        return try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<ConsultOutcome, any Error>) in
            waiting = .consult(continuation)
            board.turn {
                let entry = board.entry(at: placement, for: leg, context: board.transferContext(of: leg))
                board.startScript(entry, on: leg, purpose: .consultation)
            }
        }
    }

    /// It does something beside a talk that waits: in its middle, or as from a second line.
    var isAside: Bool {
        switch purpose {
        case .interlude, .consultation: true
        case .dialplan, .acceptance, .transfer: false
        }
    }

    var isConsultation: Bool { if case .consultation = purpose { true } else { false } }

    /// The second line is over: what was consulted for goes on.
    func endConsultation() {
        guard isConsultation, let under = below else { return }
        takenAway()
        guard case .consult(let continuation) = under.waiting else { return }
        under.waiting = nil
        let isTalk = lastDial.map { $0.answered > .zero } ?? isServed
        continuation.resume(returning: isTalk ? .talked : .failed(lastDial?.cause ?? .normalUnspecified))
    }

    // MARK: Numbers

    func lookUp(_ number: String) -> NumberMatch {
        guard DialledNumber.isSafe(number), !number.isEmpty else { return .none }
        let context = leg.interludeBridge == nil ? leg.context : board.transferContext(of: leg)
        let site = entry.site
        let caller = leg.caller.number
        let isNumber =
            site.feature(dialled: number) != nil
            || site.dialplan.match(context: context, extension: number, callerID: caller) != nil
        let canGrow =
            site.dialplan.canMatchMore(context: context, extension: number, callerID: caller)
            || site.hasLongerCode(than: number)
        return isNumber ? (canGrow ? .ambiguous : .complete) : canGrow ? .partial : .none
    }
}
