// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging

/// Reminds a party that it holds somebody: by a beep only it hears where it can be spoken to, else by ringing it; whoever
/// answers there has the held party back.
final class HoldReminder: OfferOwner {
    private let holder: Leg
    private unowned let board: Switchboard
    private var offer: Offer?

    private static let ringsFor = Duration.seconds(15)

    init(of holder: Leg, board: Switchboard) {
        self.holder = holder
        self.board = board
    }

    var isRinging: Bool { offer?.isOpen == true }

    /// - Parameter held: who waits, as the telephone is to show.
    func remind(of held: Leg) {
        guard holder.isUp, !isRinging else { return }
        holder.note(Note(name: "hold.reminded", fields: []))
        if !holder.machine.isHeld { return board.beep(into: holder) }
        if let other = board.legs.values.first(where: isElsewhere) { return board.beep(into: other) }
        // A telephone that only holds plays nothing it is sent, so it is rung; one that is about something else is left alone.
        let isBusy = board.legs.values.contains { $0 !== holder && $0.party == holder.party && $0.isUp }
        guard !isBusy, let target = holder.party.dialTarget else { return }
        let offer = Offer(
            OfferRequest(branches: [OfferBranch(target)], limit: Self.ringsFor), owner: self,
            terms: Offer.Terms(
                call: held.call, caller: held.shownToOthers, site: holder.site,
                preferring: held.codec.map { [$0] } ?? [], hopsLeft: held.hopsLeft, withdrawnBy: .system,
                takesPlace: false), board: board)
        self.offer = offer
        offer.begin()
    }

    /// A talk of the same party that it is in now.
    private func isElsewhere(_ leg: Leg) -> Bool {
        leg !== holder && leg.party == holder.party && leg.isAnswered && !leg.machine.isHeld
            && leg.bridge?.isTalking == true
    }

    /// It has come back, or the talk is over.
    func stop() {
        let ringing = offer
        offer = nil
        ringing?.withdraw(by: .system)
    }

    func offerRings(_ offer: Offer) {}
    func offer(_ offer: Offer, hears leg: Leg) {}

    func offer(_ offer: Offer, took leg: Leg) {
        self.offer = nil
        guard holder.isUp, let bridge = holder.bridge, !bridge.isOver else { return leg.hangUp(.normalClearing) }
        board.replace(holder, by: leg)
    }

    func offer(_ offer: Offer, failed status: DialStatus, _ cause: HangupCause) { self.offer = nil }
}

extension Leg {
    /// Whom another phone shows when this leg is what it is called about.
    var shownToOthers: CallerIdentity {
        isIncoming ? caller : CallerIdentity(number: party.number)
    }
}

extension Switchboard {
    /// A beep that this leg hears and nobody else, recordings neither.
    func beep(into leg: Leg) {
        guard let media = leg.media, let room = leg.room, let player = try? door.play(.beep, in: room.media) else {
            return
        }
        door.inOneTurn {
            door.setGain(room.media, speaker: .instrument(player), gain: 0)
            door.setGain(room.media, listener: .leg(media), speaker: .instrument(player), gain: 1)
        }
    }
}
