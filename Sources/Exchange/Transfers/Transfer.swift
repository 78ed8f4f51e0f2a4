// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import SIPStack
internal import Site

/// A transfer at work: performs what its `TransferMachine` decides.
final class Transfer {
    /// Where the transferee is sent.
    enum Target {
        case place(Placement)
        /// The other talk of the transferor, by his leg there.
        case talk(of: Leg)
        /// Somebody the transferor has called with this leg and who still rings.
        case ringing(Offer, calledBy: Leg)

        var text: String {
            switch self {
            case .place(let placement): placement.description
            case .ringing(_, let leg): leg.script?.entry.dialled ?? "leg \(leg.id)"
            case .talk(let leg): leg.bridge.map { "leg \($0.other(than: leg).id)" } ?? "leg \(leg.id)"
            }
        }
    }

    let transferor: Leg
    let transferee: Leg
    private let target: Target
    /// Of the talk that was; it holds again when the two come back together.
    private let rules: TalkRules
    private let transferorSide: BridgeMachine.Side
    /// The REFER whose sender is told of the progress.
    private let refer: ReferID?
    private unowned let board: Switchboard
    private var machine: TransferMachine
    private var recall: Offer?
    /// Rings on for the transferee, who has it from the transferor.
    private var inherited: Offer?
    /// The script that takes the transferee to the destination.
    private weak var script: Script?

    /// Takes the talk apart and begins.
    init(_ bridge: Bridge, by transferor: Leg, to target: Target, refer: ReferID?, board: Switchboard) {
        self.transferor = transferor
        transferee = bridge.other(than: transferor)
        self.target = target
        rules = bridge.rules
        transferorSide = bridge.side(of: transferor)
        self.refer = refer
        self.board = board
        let kind: TransferMachine.Kind = if case .talk = target { .attended } else { .blind }
        machine = TransferMachine(kind: kind)
        transferor.transfer = self
        transferee.transfer = self
        transferee.note(
            TransferStarted(kind: kind == .blind ? .blind : .attended, to: target.text, by: transferor.id))
        if kind == .blind { bridge.dissolve() }
        // Taken over at once: the leg that calls may be on its way out, and would withdraw it.
        if case .ringing(let offer, let second) = target, offer.isOpen {
            inherited = offer
            offer.passes(to: self, call: transferee.call)
            second.script?.lostOffer()
        }
        handle(.begin)
    }

    // MARK: Inputs

    func legGone(_ leg: Leg) {
        if leg === transferor { handle(.transferorGone) }
        if leg === transferee { handle(.transfereeGone) }
    }

    /// Something else is made of the leg, as if it were gone.
    func leaves(_ leg: Leg) {
        legGone(leg)
        leg.transfer = nil
    }

    /// What the script at the destination does.
    func rings() { handle(.rings) }
    func taken() { handle(.taken) }
    func failed(_ cause: HangupCause) { handle(.failed(cause)) }

    private func handle(_ input: TransferMachine.Input) {
        for action in machine.handle(input) { board.queue(.transfer(self, action)) }
    }

    // MARK: Actions

    func perform(_ action: TransferMachine.Action) {
        switch action {
        case .progress(let status): notify(status, isFinal: false)
        case .result(let status): notify(status, isFinal: true)
        case .move: move()
        case .join: join()
        case .letGo: letGo()
        case .releaseTransferor: release(transferor)
        case .rejoin: rejoin()
        case .recall: ring()
        case .resume(let cause): resume(cause)
        case .over(let succeeded, let cause): over(succeeded, cause)
        }
    }

    private func notify(_ status: Int, isFinal: Bool) {
        guard let refer else { return }
        board.act { $0.notifyRefer(refer, status: status, reason: nil, isFinal: isFinal, now: self.board.now) }
    }

    private func move() {
        transferee.moveToOwnRoom()
        transferor.moveToOwnRoom()
        guard transferee.isUp else { return }
        if case .ringing(let offer, let second) = target { return inherit(offer, from: second) }
        guard case .place(let placement) = target else { return handle(.failed(.destinationOutOfOrder)) }
        var entry = board.entry(at: placement, for: transferee, context: board.transferContext(of: transferor))
        entry.variables["BLINDTRANSFER"] = transferor.channelName
        script = board.startScript(entry, on: transferee, purpose: .transfer(self))
    }

    /// Whom the transferor has called rings on, for the transferee.
    private func inherit(_ offer: Offer, from second: Leg) {
        guard inherited === offer, offer.isOpen else { return handle(.failed(.noAnswer)) }
        release(second)
        try? transferee.playTone(.ringback)
        handle(.rings)
    }

    /// Attended: two talks become one. What waits on a leg that stays goes on with the new talk.
    private func join() {
        guard case .talk(let second) = target, let first = transferor.bridge, let other = second.bridge else {
            return handle(.failed(.destinationOutOfOrder))
        }
        let target = other.other(than: second)
        guard transferee.isUp, target.isUp, transferee !== target else {
            return handle(.failed(.destinationOutOfOrder))
        }
        let calls = transferee.isIncoming || !target.isIncoming
        let after = (first.rule(of: transferee), other.rule(of: target))
        first.dissolve()
        other.dissolve()
        second.transfer = self
        talk(target, calls: !calls, rules: (after.0, after.1))
        handle(.joined)
        release(second)
    }

    /// A phone that sent REFER hangs up by itself when it has read that it worked (RFC 5589 §6.1); a BYE of ours that
    /// overtook the NOTIFY would keep it from reading. It is waited for a moment.
    private func release(_ leg: Leg) {
        if refer == nil {
            board.queue(.release(leg))
        } else {
            board.setTimer(.release(leg.id), after: Self.patience)
        }
    }

    private static let patience = Duration.seconds(2)

    private func letGo() { script?.becomesOnlyOne() }

    private func rejoin() {
        script?.takenAway()
        guard transferor.isUp, transferee.isUp else { return }
        talk(transferor)
    }

    /// The transferee and another leg, which `calls` or is called, each with its rules.
    private func talk(_ other: Leg, calls: Bool, rules: (SideRules, SideRules)) {
        board.queue(
            .talk(
                calls ? other : transferee, calls ? transferee : other,
                calls ? TalkRules(caller: rules.1, called: rules.0) : TalkRules(caller: rules.0, called: rules.1),
                .transfer))
    }

    private func talk(_ leg: Leg) {
        let isCaller = transferorSide == .a
        board.queue(.talk(isCaller ? leg : transferee, isCaller ? transferee : leg, rules, nil))
    }

    /// Rings the transferor, who has hung up.
    private func ring() {
        script?.takenAway()
        guard transferee.isUp, let target = transferor.party.dialTarget else { return handle(.recallFailed(.noAnswer)) }
        let offer = Offer(
            OfferRequest(branches: [OfferBranch(target)], limit: .seconds(30)), owner: self,
            terms: Offer.Terms(
                call: transferee.call, caller: transferee.caller, site: transferee.site,
                preferring: transferee.codec.map { [$0] } ?? [], hopsLeft: transferee.hopsLeft), board: board)
        recall = offer
        try? transferee.playTone(.ringback)
        offer.begin()
    }

    private func resume(_ cause: HangupCause) {
        guard transferee.isUp else { return }
        if transferee.script?.bridgeOver(cause) != true { transferee.hangUp(cause) }
    }

    private func over(_ succeeded: Bool, _ cause: HangupCause) {
        recall?.withdraw(by: .system)
        inherited?.withdraw(by: .system)
        transferee.note(TransferEnded(status: succeeded ? "SUCCESS" : "FAILURE", cause: succeeded ? nil : cause))
        if transferor.transfer === self { transferor.transfer = nil }
        if transferee.transfer === self { transferee.transfer = nil }
        if case .talk(let leg) = target, leg.transfer === self { leg.transfer = nil }
    }
}

extension Transfer: OfferOwner {
    var waitingLeg: Leg? { transferee }

    func offerRings(_ offer: Offer) {}
    func offer(_ offer: Offer, hears leg: Leg) {}

    func offer(_ offer: Offer, took leg: Leg) {
        transferee.stopTone()
        let isInherited = offer === inherited
        (recall, inherited) = (nil, nil)
        guard transferee.isUp else { return leg.hangUp(.normalClearing) }
        if isInherited {
            talk(leg, calls: false, rules: (transferorSide == .a ? rules.called : rules.caller, SideRules()))
            handle(.taken)
        } else {
            talk(leg)
            handle(.recalled)
        }
    }

    func offer(_ offer: Offer, failed status: DialStatus, _ cause: HangupCause) {
        transferee.stopTone()
        let isInherited = offer === inherited
        (recall, inherited) = (nil, nil)
        handle(isInherited ? .failed(cause) : .recallFailed(cause))
    }
}
