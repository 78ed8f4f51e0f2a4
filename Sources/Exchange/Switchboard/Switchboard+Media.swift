// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import SIPStack
internal import Site

/// What media reports, handed to the leg or instrument concerned.
extension Switchboard {
    func handle(_ event: MediaEvent) {
        switch event {
        case .started(let media):
            guard let leg = leg(of: media) else { return }
            leg.hasSpoken = true
            leg.script?.speechFlows()
        case .digit(let media, let press, let isHeld):
            if let leg = leg(of: media) { pressed(press, on: leg, isRelayed: !isHeld) }
        case .timedOut(let media): leg(of: media)?.handle(.mediaTimedOut)
        case .digitsSent: break
        case .legClosed(let media, let statistics): leg(of: media)?.handle(.mediaClosed(statistics))
        case .finished(let instrument, _):
            switch instruments.removeValue(forKey: instrument) {
            case .script(let script): script.instrumentFinished(instrument)
            case .recording: break
            case .ambience(let leg): leg.ambienceEnded(instrument)
            case nil: break
            }
        case .recording(let instrument, let path):
            if case .recording(let recording) = instruments[instrument] { recording.opened(path: path) }
        case .recorded(let instrument, let outcome):
            if case .recording(let recording) = instruments[instrument] { recording.closed(outcome) }
        }
    }

    private func leg(of media: MediaLeg) -> Leg? { mediaLegs[media].flatMap { legs[$0] } }

    /// The address a peer is told to send its speech to.
    func mediaAddress(towards flow: Flow) -> String {
        services.site.site.mediaAddress(towards: flow.localAddress.flatMap { IPAddress($0) }, listener: flow.listener)
            .description
    }
}
