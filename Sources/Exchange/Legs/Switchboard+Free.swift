// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Timing

/// Taking a leg out of whatever it is in, so that something else can be made of it.
extension Switchboard {
    /// Afterwards the leg is in no talk, no offer and no transfer, dials nobody, and nothing is done aside with it. Whoever
    /// was there is released by the rules, except `other`, whom the leg is to talk to. A script that waits for the end
    /// of a talk goes on waiting: it is told how the next one ends.
    func free(_ leg: Leg, for other: Leg? = nil) {
        timers.cancel(.release(leg.id))
        leg.recall?.withdraw()
        leg.gathering?.leave(leg)
        leg.transfer?.leaves(leg)
        while let script = leg.script, script.isAside || !script.waitsForTalk { script.takenAway() }
        if let script = leg.script { timers.cancel(.script(script.number)) }
        leg.offer?.loses(leg)
        for bridge in leg.suspended + [leg.bridge].compactMap({ $0 }) {
            if bridge.other(than: leg) === other { bridge.dissolve() } else { bridge.leave(leg) }
        }
        leg.stopMusic()
        leg.stopTone()
    }

    /// Takes a leg out of whatever it is in and sends it to a placement.
    func take(
        _ leg: Leg, to placement: Placement, context: String, variables: [String: String] = [:]
    ) throws(CommandRefusal) {
        // Somebody who rings has nothing to be sent to: he has not taken the call.
        guard leg.isIncoming || leg.isAnswered else { throw .notAnswered(leg.id) }
        guard leg.moves.allows(now) else { throw .exhausted("moves of leg \(leg.id) within a minute") }
        free(leg)
        leg.moveToOwnRoom()
        var entry = entry(at: placement, for: leg, context: context)
        entry.variables = variables
        startScript(entry, on: leg)
    }
}
