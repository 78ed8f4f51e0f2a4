// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import Timing

/// A recording that follows a leg from room to room and ends with it, at the latest.
///
/// It can fail without touching the call; what it came to is told to the ledger once, when its file is closed.
final class Recording {
    /// The true name once the file is made; till then what was asked for.
    private(set) var path: String
    let instrument: MediaInstrument
    private let leg: Leg
    private unowned let board: Switchboard
    private var call: Call
    private var state = State.running

    private enum State {
        case running
        /// Stopped; the file is about to be closed, and the call waits for it.
        case closing
        /// The disk is slow; the call is no longer kept waiting, and the recording is not called failed.
        case late
        case over
    }

    /// How long a call that is over waits for the end of its recording.
    private static let patienceOfCall = Duration.seconds(5)
    /// How long a stalled disk may take before nothing is expected any more.
    private static let patience = Duration.seconds(600)

    /// Starts at once.
    /// - Throws: `RecordingRefused` for a name that leaves the folder, or when media has no recorder left.
    init(_ wanted: RecorderSettings, of leg: Leg, board: Switchboard) throws(RecordingRefused) {
        guard let room = leg.room else { throw RecordingRefused(reason: "the leg has no media") }
        guard let asked = RecordingNames.path(of: wanted.path, in: board.services.recordingsFolder) else {
            throw RecordingRefused(reason: "a recording cannot be named \(wanted.path)")
        }
        let path = board.recordingNames.claim(asked)
        var settings = wanted
        settings.path = path
        do {
            instrument = try board.door.record(settings, in: room.media, left: leg.media)
        } catch { throw RecordingRefused(reason: "there is no recorder: \(error)") }
        self.path = path
        self.leg = leg
        self.board = board
        call = leg.call
        leg.recordings[instrument] = self
        board.instruments[instrument] = .recording(self)
        call.recordingStarted()
        leg.note(RecordingStarted(path: path))
    }

    /// Counts for another call from now on; false when no call waits for it.
    func move(to other: Call) -> Bool {
        guard state == .running || state == .closing else { return false }
        call = other
        return true
    }

    /// Ends it; its file is closed a little later.
    func stop() {
        guard state == .running else { return }
        state = .closing
        board.door.stop(instrument)
        board.setTimer(.recording(instrument), after: Self.patienceOfCall)
    }

    /// The recorder has made its file, under a name that was free.
    func opened(path: String) {
        guard path != self.path else { return }
        self.path = path
        leg.note(Note(name: "recording.renamed", fields: [LedgerField("path", path)]))
    }

    /// The recorder has closed its file, or failed.
    func closed(_ outcome: RecordingOutcome) {
        guard state != .over else { return }
        let callWaits = state != .late
        state = .over
        board.timers.cancel(.recording(instrument))
        board.instruments[instrument] = nil
        leg.recordings[instrument] = nil
        if let path = outcome.path { self.path = path }
        board.note(
            RecordingStopped(
                path: path, milliseconds: outcome.length.milliseconds, lostMilliseconds: outcome.lost.milliseconds,
                error: outcome.error), call: call.id, leg: leg.id)
        if let error = outcome.error { board.log.error("leg \(leg.id): recording \(path): \(error)") }
        if outcome.lost > .zero {
            board.log.warning(
                "leg \(leg.id): recording \(path) has \(outcome.lost.milliseconds) ms of silence: the disk stalled")
        }
        if callWaits { call.recordingClosed() }
    }

    func overdue() {
        if state == .closing {
            state = .late
            call.recordingClosed()
            board.setTimer(.recording(instrument), after: Self.patience)
            board.log.warning("leg \(leg.id): the disk is slow to close \(path)")
        } else {
            closed(
                RecordingOutcome(
                    path: path, length: .zero, error: "the disk did not confirm the end of the file"))
        }
    }
}
