// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import SDP
internal import SIPMessage
internal import SIPStack
internal import Site
internal import Timing

/// Numbers an offer for its timers; never told outside.
struct OfferID: Hashable, Sendable {
    let rawValue: UInt64
}

/// Whoever wants somebody rung: a script that dials, a command, a transfer.
protocol OfferOwner: AnyObject {
    /// The leg that waits for whoever answers; nil when nobody does.
    var waitingLeg: Leg? { get }
    /// Somebody rings.
    func offerRings(_ offer: Offer)
    /// The one leg that rings can be heard before its answer.
    func offer(_ offer: Offer, hears leg: Leg)
    /// The offer is over: this leg is the owner's.
    func offer(_ offer: Offer, took leg: Leg)
    /// The offer is over without a leg.
    func offer(_ offer: Offer, failed status: DialStatus, _ cause: HangupCause)
}

extension OfferOwner {
    var waitingLeg: Leg? { nil }
}

/// An offer at work: performs what its `OfferMachine` decides.
final class Offer {
    /// Whose offer it is, as far as the called are concerned.
    struct Terms {
        var call: Call
        var caller: CallerIdentity
        var site: Site
        /// Codecs of the owner's side, so that a relay needs no conversion.
        var preferring: [AudioCodec]
        /// Max-Forwards of the INVITEs.
        var hopsLeft: Int
        /// Who is said to have hung up when the offer is withdrawn.
        var withdrawnBy: EndedBy = .caller
        /// False for a call that is about one the seat has already: it needs no place of its own.
        var takesPlace = true
    }

    let id: OfferID
    let request: OfferRequest
    private(set) var terms: Terms
    private unowned let board: Switchboard
    private weak var owner: (any OfferOwner)?
    private var machine: OfferMachine
    private(set) var legs: [LegID: Leg] = [:]

    init(_ request: OfferRequest, owner: any OfferOwner, terms: Terms, board: Switchboard) {
        id = board.makeOfferID()
        self.request = request
        self.owner = owner
        self.terms = terms
        self.board = board
        let asks = if case .script = request.acceptance { true } else { false }
        machine = OfferMachine(
            branches: request.branches.map { .init(startsAfter: $0.startsAfter, ringsFor: $0.ringsFor) },
            limit: request.limit ?? terms.site.limits.ringTimeout, asks: asks)
        board.offers[id] = self
    }

    func begin() { handle(.begin) }

    /// The owner wants nobody any more; it is told `failed` with the status CANCEL.
    func withdraw(by: EndedBy) {
        terms.withdrawnBy = by
        handle(.withdrawn)
    }

    var isOpen: Bool { !machine.isOver }

    /// Somebody else is the owner from now on; the one before hears nothing more.
    func passes(to owner: any OfferOwner, call: Call) {
        self.owner = owner
        Call.link(terms.call, call, .transfer)
    }

    /// The call that new legs count for; it may have been linked into another one since the offer began.
    var call: Call { terms.call.current }
    var waitingLeg: Leg? { owner?.waitingLeg }
    /// Who is shown to the called.
    var caller: CallerIdentity { terms.caller }
    var ringing: [LegID] { machine.ringing }

    /// An answered leg takes the call in place of those that ring.
    func pickedUp(by leg: Leg) {
        guard !machine.isOver else { return leg.hangUp(.normalClearing) }
        legs[leg.id] = leg
        handle(.pickedUp(leg.id))
    }

    func due(_ timer: OfferMachine.Timer) { handle(.due(timer)) }

    /// What a leg of the offer has told.
    func heard(_ report: LegReport, from leg: Leg) {
        switch report {
        case .rings(let status, let media): handle(.rings(leg.id, status: status, media: media))
        case .answered: handle(.answered(leg.id))
        case .held, .resumed, .negotiated: break
        case .ended(let cause, _, _, _):
            release(leg)
            handle(.failed(leg.id, cause))
        }
    }

    /// The script on a leg that has answered has come to its verdict.
    func judged(_ leg: Leg, _ verdict: AcceptanceVerdict) {
        switch verdict {
        case .accepted: handle(.accepted(leg.id))
        case .declined: handle(.declined(leg.id))
        }
    }

    private func handle(_ input: OfferMachine.Input) {
        for action in machine.handle(input) { board.queue(.offer(self, action)) }
    }

    func perform(_ action: OfferMachine.Action) {
        switch action {
        case .reach(let branch): reach(branch)
        case .timer(let timer, let delay): board.setTimer(.offer(id, timer), after: delay)
        case .rings: owner?.offerRings(self)
        case .earlyMedia(let leg):
            if let leg = legs[leg] { owner?.offer(self, hears: leg) }
        case .accept(let leg):
            guard let leg = legs[leg], case .script(let body) = request.acceptance else { return }
            board.startAcceptance(of: leg, in: self, body)
        case .cancel(let leg): end(leg, .cause(.normalClearing), by: terms.withdrawnBy)
        case .dismiss(let leg): end(leg, .answeredElsewhere, by: .system)
        case .take(let leg):
            close()
            guard let leg = legs[leg] else { return }
            release(leg)
            owner?.offer(self, took: leg)
        case .fail(let status, let cause):
            close()
            owner?.offer(self, failed: status, cause)
        }
    }

    private func close() {
        board.timers.cancel(.offer(id, .limit))
        for branch in request.branches.indices {
            board.timers.cancel(.offer(id, .starts(branch)))
            board.timers.cancel(.offer(id, .ends(branch)))
        }
        board.offers[id] = nil
    }

    /// Somebody makes something else of a leg that has answered; for the offer it is one that did not win.
    func loses(_ leg: Leg) {
        guard legs[leg.id] != nil else { return }
        release(leg)
        handle(.failed(leg.id, .normalClearing))
    }

    private func release(_ leg: Leg) {
        legs[leg.id] = nil
        leg.offer = nil
    }

    private func end(_ id: LegID, _ reason: LegReason, by: EndedBy) {
        guard let leg = legs[id] else { return }
        release(leg)
        leg.hangUp(.normalClearing, by: by == .caller ? .caller : .system, reason: reason)
    }

    // MARK: Reaching

    /// Calls every phone of a branch.
    private func reach(_ branch: Int) {
        let routes: [Route]
        do throws(NoRoute) {
            routes = try board.routes(
                to: request.branches[branch].target, caller: terms.caller, site: terms.site,
                takesPlace: terms.takesPlace)
        } catch { return handle(.unreachable(branch, error.cause)) }
        let called = routes.compactMap(invite)
        // The phones are there; what lacks is our own: ports, sessions.
        guard !called.isEmpty else { return handle(.unreachable(branch, .switchCongestion)) }
        for leg in called { legs[leg.id] = leg }
        handle(.calling(branch, called.map(\.id)))
    }

    /// Sends an INVITE; nil when there is no media or no place for another session.
    private func invite(_ route: Route) -> Leg? {
        var terms = terms
        terms.call = call
        guard let leg = board.call(route, for: terms) else {
            for place in route.places { board.services.occupancy.giveBack(place) }
            return nil
        }
        leg.offer = self
        return leg
    }
}
