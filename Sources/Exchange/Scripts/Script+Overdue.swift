// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import Site
internal import Timing

/// Scripts that do not end when they should. A task cannot be ended from outside; so its call no longer waits for it, and
/// one that turns in a circle is given no further turn.
extension Script {
    /// How long a script may go on after its leg is gone or another script's (`h`, what a module has to put in order).
    static let farewell = Duration.seconds(60)
    /// How often it may ask to wait although nothing may wait any more. A dialplan is stopped earlier, by its own bound.
    static let mostRefusals = 5_000

    /// As `check`, for what may wait. One that waits thousands of times a second (a dial that fails at once, over and over) is
    /// stopped too: it would leave no turn to anybody.
    func checkWait() async throws {
        waits.append(board.now)
        if waits.areTooMany { await stopForGood() }
        do { try check() } catch {
            refusals += 1
            if refusals > Self.mostRefusals { await stopForGood() }
            throw error
        }
    }

    func startFarewell() { board.setTimer(.farewell(number), after: Self.farewell) }

    /// Its time is up.
    func farewellIsOver() { abandon("has not ended \(Self.farewell.milliseconds / 1000) s after it lost its leg") }

    private func stopForGood() async {
        board.turn {
            leg.hangUp(.temporaryFailure)
            abandon("asks to wait again and again, thousands of times a second or although it is over")
        }
        await withCheckedContinuation { board.stopped.append($0) }
    }

    private func abandon(_ why: String) {
        guard !isFinished else { return }
        board.services.counters.add(.scriptsAbandoned)
        let place =
            step.map { "\($0.file):\($0.line) \($0.application)" } ?? entry.feature?.application ?? entry.dialled
        board.log.error("leg \(leg.id): the script at \(place) \(why); its call goes on without it")
        finished()
    }
}

/// How often a script has waited within a second.
struct WaitPace: Hashable, Sendable {
    static let most = 5_000

    private var since = Instant(nanoseconds: 0)
    private var count = 0

    var areTooMany: Bool { count > Self.most }

    mutating func append(_ now: Instant) {
        if since.duration(to: now) >= .seconds(1) { (since, count) = (now, 0) }
        count += 1
    }
}
