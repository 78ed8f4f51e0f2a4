// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Site

/// A script and what it runs.
struct PendingScript {
    let script: Script
    let body: () async -> Void
}

/// Starting scripts.
extension Switchboard {
    /// Starts a script at an entry of the dialplan; it drives the leg from now on.
    ///
    /// A script for a purpose of its own is put on top of the one that waits; a dialplan takes its place.
    @discardableResult
    func startScript(_ entry: ScriptEntry, on leg: Leg, purpose: Script.Purpose = .dialplan) -> Script {
        let script = Script(entry, on: leg, purpose: purpose, board: self)
        begin(script) { await entry.runner(script, entry) }
        return script
    }

    /// Starts the script that asks whoever has answered whether it wants the call.
    func startAcceptance(
        of leg: Leg, in offer: Offer,
        _ body: @escaping @Sendable (any CallControl) async throws -> AcceptanceVerdict
    ) {
        let entry = ScriptEntry(
            site: leg.site, context: leg.context, exten: "s", dialled: leg.party.number, runner: leg.runner)
        let script = Script(entry, on: leg, purpose: .acceptance(offer), board: self)
        begin(script) { script.judge((try? await body(script)) ?? .declined(.normalClearing)) }
    }

    private func begin(_ script: Script, _ body: @escaping () async -> Void) {
        let leg = script.leg
        if case .dialplan = script.purpose {
            while let old = leg.script { old.takenAway() }
        }
        script.below = leg.script
        leg.script = script
        leg.call.add(script)
        start(PendingScript(script: script, body: body))
    }
}
