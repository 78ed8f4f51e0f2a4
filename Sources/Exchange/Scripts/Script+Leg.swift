// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import SDP
internal import Timing

/// The script's hand on its leg. Every waiting operation first looks whether the leg is still the script's, and is resumed
/// by throwing when it no longer is.
extension Script: LegControl {
    var id: LegID { leg.id }
    var callID: CallID { leg.call.id }
    var caller: CallerIdentity {
        get { leg.caller }
        set { leg.caller = newValue }
    }
    var dialled: String { entry.dialled }
    var party: Party { leg.party }
    var now: Instant { board.now }
    var wallTime: WallTime { board.wallNow }
    var isAnswered: Bool { leg.isAnswered }
    var ended: LegGone? { if case .legGone(let ended) = state { ended } else { nil } }

    func ring() throws {
        try check()
        board.turn { leg.handle(.ring) }
        // Who hears us already would hear silence.
        if leg.isAnswered || leg.machine.hasEarlyMedia { try startRingback() }
    }

    /// An unanswered caller that cannot hear it has been told; an answered one knows nothing else.
    private func startRingback() throws {
        if leg.isAnswered { return try beginTone(.ringback) }
        stopTone()
        guard let room = leg.room, let player = try? board.door.play(.ringback, in: room.media) else { return }
        board.instruments[player] = .script(self)
        tone = player
    }

    func progress() throws {
        try check()
        try earlyMedia(preferring: [])
    }

    func answer() async throws {
        try await checkWait()
        guard !leg.isAnswered else { return }
        try answerNow(preferring: [])
        // The first word of a prompt is not to be lost: many phones open their way only after the ACK.
        guard !leg.hasSpoken else { return }
        try await withCheckedThrowingContinuation { continuation in
            waiting = .speech(continuation)
            board.setTimer(.script(number), after: Self.longestWaitForSpeech)
        }
    }

    private static let longestWaitForSpeech = Duration.milliseconds(500)

    func hangUp(_ cause: HangupCause) {
        guard case .running = state else { return }
        board.turn {
            switch purpose {
            case .transfer(let transfer) where cause != .normalClearing:
                // The destination does not want the transferee, who is not hung up for that.
                return transfer.failed(cause)
            case .transfer(let transfer): transfer.taken()
            case .consultation: return endConsultation()
            case .interlude, .acceptance: return
            case .dialplan: break
            }
            leg.call.endedByUs(cause)
            leg.hangUp(cause)
        }
    }

    func sleep(_ duration: Duration) async throws {
        try await checkWait()
        guard duration > .zero else { return }
        try await withCheckedThrowingContinuation { continuation in
            waiting = .sleep(continuation)
            board.setTimer(.script(number), after: duration)
        }
    }

    func nextDigit(within timeout: Duration) async throws -> Character? {
        try await checkWait()
        serves()
        if !keys.isEmpty { return keys.removeFirst() }
        guard timeout > .zero else { return nil }
        return try await withCheckedThrowingContinuation { continuation in
            waiting = .key(continuation)
            board.setTimer(.script(number), after: timeout)
        }
    }

    func discardDigits() { keys.removeAll() }

    func trace(_ step: DialplanStep) {
        setStep(step)
        leg.note(ApplicationStarted(step))
        board.log.debug(
            "leg \(leg.id): \(step.file):\(step.line) [\(step.context)] \(step.exten),\(step.priority) \(step.application)(\(step.arguments))"
        )
    }

    func note(_ name: String, _ fields: [(String, String)]) {
        leg.note(Note(name: name, fields: fields.map { LedgerField($0.0, $0.1) }))
    }

    /// The destination of a transfer does something with the leg, and has taken it with that.
    func serves() {
        noteService()
        if case .transfer(let transfer) = purpose { board.turn { transfer.taken() } }
    }

    // MARK: Steps shared with Dial

    /// 200 to the caller, with `preferring` first among the codecs.
    func answerNow(preferring: [AudioCodec]) throws {
        try openMedia()
        stopTone()
        board.turn { leg.handle(.answer(preferring: preferring)) }
        try check()
    }

    /// 183 with a description for a caller who is not answered.
    func earlyMedia(preferring: [AudioCodec]) throws {
        guard !leg.isAnswered, leg.machine.canHearBeforeAnswer else { return }
        try openMedia()
        board.turn { leg.handle(.progress(preferring: preferring)) }
        try check()
    }

    /// A leg without speech is of no use: it ends with a cause that says so.
    func openMedia() throws { try media { try leg.openMedia() } }

    func media<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch {
            board.services.counters.add(.mediaUnavailable)
            board.log.error("leg \(leg.id): no media: \(error)")
            hangUp(.switchCongestion)
            throw ended ?? LegGone(cause: .switchCongestion)
        }
    }
}
