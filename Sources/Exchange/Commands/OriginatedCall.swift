// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import Site

/// A call that the switch makes: rings somebody, and sends whoever answers to a destination.
final class OriginatedCall: OfferOwner {
    private let origination: Origination
    private let placement: Placement
    private let call: Call
    private let site: Site
    private unowned let board: Switchboard
    /// Keeps itself until the offer is over.
    private var own: OriginatedCall?

    init(_ origination: Origination, placement: Placement, call: Call, site: Site, board: Switchboard) {
        self.origination = origination
        self.placement = placement
        self.call = call
        self.site = site
        self.board = board
    }

    func begin() {
        own = self
        let offer = Offer(
            origination.offer, owner: self,
            terms: Offer.Terms(
                call: call, caller: origination.offer.shown ?? call.caller, site: site, preferring: [], hopsLeft: 70,
                withdrawnBy: .system), board: board)
        call.hold(offer)
        offer.begin()
    }

    func offerRings(_ offer: Offer) {}
    func offer(_ offer: Offer, hears leg: Leg) {}

    func offer(_ offer: Offer, took leg: Leg) {
        own = nil
        var entry = board.entry(at: placement, for: leg, context: origination.context ?? leg.context)
        entry.variables = origination.variables
        board.startScript(entry, on: leg)
        call.letGo(offer)
    }

    func offer(_ offer: Offer, failed status: DialStatus, _ cause: HangupCause) {
        own = nil
        call.endedByUs(cause)
        board.log.info("call \(call.id): nobody answered: \(status.rawValue)")
        call.letGo(offer)
    }
}

extension Switchboard {
    func originate(_ origination: Origination, by origin: String) throws(CommandRefusal) -> CommandResult {
        let site = services.site.site
        let placement = try placement(origination.then, site: site)
        guard !origination.offer.branches.isEmpty else { throw .unknownDestination("") }
        guard !isDraining, services.occupancy.take(.calls, limit: site.limits.calls) else {
            throw .exhausted("calls")
        }
        let caller = origination.offer.shown ?? CallerIdentity(number: origination.then.shownNumber)
        let call = Call(
            id: makeCallID(), from: .other(origin), caller: caller, dialled: origination.then.description,
            context: origination.context ?? "", origin: nil, board: self)
        setTimer(.call(call.id), after: site.limits.callDuration)
        OriginatedCall(origination, placement: placement, call: call, site: site, board: self).begin()
        return .call(call.id)
    }
}

extension Destination {
    /// What a phone shows that is rung to be connected with this.
    var shownNumber: String {
        switch self {
        case .seat(let number), .trunk(_, let number), .number(let number): number
        case .context(_, let exten, _): exten
        case .hangUp: ""
        case .other(_, let name): name
        }
    }
}
