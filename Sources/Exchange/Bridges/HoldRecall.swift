// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging

/// Rings a party that has hung up while it held somebody, who goes on hearing music until it answers.
final class HoldRecall: OfferOwner {
    private let held: Leg
    private let holder: Party
    private let rules: TalkRules
    /// The held one called, or was first there.
    private let isCaller: Bool
    private unowned let board: Switchboard
    private var offer: Offer?

    private static let ringsFor = Duration.seconds(30)

    init(of holder: Leg, for held: Leg, isCaller: Bool, rules: TalkRules, board: Switchboard) {
        self.held = held
        self.holder = holder.party
        self.rules = rules
        self.isCaller = isCaller
        self.board = board
    }

    func begin() {
        guard held.isUp, let target = holder.dialTarget else { return release(.noAnswer) }
        board.log.info("leg \(held.id): \(holder) hung up while holding and is rung")
        held.recall = self
        held.startMusic(class: held.musicClass())
        let offer = Offer(
            OfferRequest(branches: [OfferBranch(target)], limit: Self.ringsFor), owner: self,
            terms: Offer.Terms(
                call: held.call, caller: CallerIdentity(number: held.caller.number, name: held.caller.name),
                site: held.site, preferring: held.codec.map { [$0] } ?? [], hopsLeft: held.hopsLeft,
                withdrawnBy: .caller, takesPlace: false), board: board)
        self.offer = offer
        offer.begin()
    }

    /// The held one is gone, or does something else.
    func withdraw() {
        guard held.recall === self else { return }
        held.recall = nil
        held.stopMusic()
        offer?.withdraw(by: .caller)
    }

    var waitingLeg: Leg? { held }
    func offerRings(_ offer: Offer) {}
    func offer(_ offer: Offer, hears leg: Leg) {}

    func offer(_ offer: Offer, took leg: Leg) {
        guard held.recall === self else { return leg.hangUp(.normalClearing) }
        held.recall = nil
        board.queue(.talk(isCaller ? held : leg, isCaller ? leg : held, rules, nil))
    }

    func offer(_ offer: Offer, failed status: DialStatus, _ cause: HangupCause) {
        guard held.recall === self else { return }
        held.recall = nil
        release(cause)
    }

    /// What would have followed without the hold.
    private func release(_ cause: HangupCause) {
        guard held.isUp else { return }
        held.stopMusic()
        let after = isCaller ? rules.caller.after : rules.called.after
        switch after {
        case .goOn: if held.script?.bridgeOver(cause) != true { held.hangUp(cause) }
        case .hangUp:
            held.script?.bridgeOverBeforeHangUp(.normalClearing)
            held.hangUp(.normalClearing)
        }
    }
}
