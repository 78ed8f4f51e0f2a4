// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import SDP
internal import SIPMessage
internal import SIPStack
internal import Site
internal import Timing

/// One party's connection: a SIP session and its speech under one identity for life.
///
/// What happens to it is decided by its `LegMachine`; this shell performs the actions and tells whoever drives the leg: a
/// bridge while it talks, an offer while it rings, else its script. Confined to the exchange's executor.
final class Leg {
    let id: LegID
    let party: Party
    /// The party called us.
    let isIncoming: Bool
    let sipCallID: String
    let flow: Flow
    let session: SessionID
    let startedAt: WallTime
    unowned let board: Switchboard
    private(set) var machine: LegMachine

    /// What its scripts run on, where its dialling enters, and in which language it is spoken to.
    let site: Site
    let runner: ScriptRunner
    let context: String
    let language: String

    /// The call it counts for. Another one when two calls have met.
    var call: Call
    /// Who is shown when this party calls somebody.
    var caller: CallerIdentity
    private(set) var answeredAt: WallTime?
    /// A packet of speech has come from it.
    var hasSpoken = false
    /// What an incoming leg's INVITE leaves to those it causes, so that a call that goes round in circles ends
    /// (Max-Forwards, RFC 3261 §8.1.1.6).
    var hopsLeft = 70

    private(set) var media: MediaLeg?
    private(set) var room: Room?
    /// What it is among others, wherever it goes: a party, or one who was muted.
    var role = Role.party
    /// How often it was sent elsewhere of late.
    var moves = LoopGuard()
    /// Follow the leg from room to room and end with it.
    var recordings: [MediaInstrument: Recording] = [:]
    /// Given back when the leg ends.
    var places: [Occupancy.Place] = []

    /// The script that drives the leg, or waits while a bridge does.
    var script: Script?
    /// The offer it rings for.
    var offer: Offer?
    var bridge: Bridge?
    /// The talk of three or more it is in.
    var gathering: Gathering?
    /// Talks that wait while the leg does something else, the latest last.
    var suspended: [Bridge] = []
    var transfer: Transfer?
    /// The called one rings for it again: it was held when the other side hung up.
    var recall: HoldRecall?
    /// Music or a tone that no script plays.
    var ambience: Ambience?
    /// The class its dialplan wants it to hear; nil: the holder's or the site's.
    var musicClass: String?
    var musicPlace: MusicPlace?

    init(
        id: LegID, party: Party, isIncoming: Bool, sipCallID: String, flow: Flow, session: SessionID, call: Call,
        caller: CallerIdentity, site: Site, runner: @escaping ScriptRunner, context: String, language: String,
        machine: LegMachine, board: Switchboard
    ) {
        self.id = id
        self.party = party
        self.isIncoming = isIncoming
        self.sipCallID = sipCallID
        self.flow = flow
        self.session = session
        self.call = call
        self.caller = caller
        self.site = site
        self.runner = runner
        self.context = context
        self.language = language
        self.machine = machine
        self.board = board
        startedAt = board.wallNow
    }

    var isUp: Bool { machine.isUp }
    var isAnswered: Bool { machine.isAnswered }
    var codec: AudioCodec? { machine.negotiation.settled?.codec }

    /// Takes an input; what it asks for is performed in its turn.
    func handle(_ input: LegInput) {
        for action in machine.handle(input) { board.queue(.leg(self, action)) }
    }

    func hangUp(_ cause: HangupCause, by: EndedBy = .system, reason: LegReason? = nil) {
        handle(.hangUp(cause, by: by, reason: reason))
    }

    func note(_ fact: any LedgerFact) { board.note(fact, call: call.id, leg: id) }

    func noteStart() {
        note(
            LegStarted(
                party: party, incoming: isIncoming, sipCallID: sipCallID, address: "\(flow.address):\(flow.port)"))
    }

    // MARK: Media and rooms

    /// Opens media in a room of the leg's own, once.
    func openMedia() throws(MediaError) {
        guard media == nil else { return }
        let room = try Room(door: board.door, affinity: call.id.rawValue)
        do {
            let (opened, port) = try board.door.openLeg(in: room.media)
            adopt(opened, in: room)
            handle(.mediaOpened(LocalMedia(address: board.mediaAddress(towards: flow), port: port)))
        } catch {
            board.door.close(room.media)
            throw error
        }
    }

    /// Media that was opened before there was a leg.
    func adopt(_ media: MediaLeg, in room: Room) {
        self.media = media
        self.room = room
        board.mediaLegs[media] = id
        room.add(id, media)
    }

    /// Moves to another room; what follows the leg moves along. One that is there already, and was on hold there for want
    /// of another room, is so no more.
    func move(to other: Room, role: Role? = nil) {
        guard let media, let room else { return }
        guard room !== other else { return room.setRole(role ?? self.role, of: id) }
        board.door.inOneTurn {
            other.take(id, media, role: role ?? self.role)
            for recorder in recordings.keys { board.door.move(recorder, to: other.media) }
            room.remove(id)
        }
        self.room = other
    }

    /// Moves out to a room of its own; false when there is none to be had, and the leg then hears silence with others.
    @discardableResult
    func moveToOwnRoom() -> Bool {
        guard media != nil, let room, room.members[id] != nil, room.members.count > 1 else { return true }
        guard let own = try? Room(door: board.door, affinity: call.id.rawValue) else {
            room.setRole(.onHold, of: id)
            return false
        }
        move(to: own)
        return true
    }

    // MARK: Actions

    func perform(_ action: LegAction) {
        let now = board.now
        switch action {
        case .ring(let body):
            board.act { $0.progress(self.session, status: 180, body: body?.serialize(), now: now) }
        case .progress(let body):
            board.act { $0.progress(self.session, status: 183, body: body.serialize(), now: now) }
        case .accept(let body):
            answeredAt = board.wallNow
            board.act { $0.accept(self.session, body: body.serialize(), now: now) }
        case .reject(let status, let reason):
            board.act { $0.reject(self.session, status: status, headers: [reason.header], now: now) }
        case .bye(let reason): board.act { $0.hangUp(self.session, headers: [reason.header], now: now) }
        case .acceptOffer(let body):
            board.act { $0.acceptOffer(self.session, body: body.serialize(), now: now) }
        case .rejectOffer(let status): board.act { $0.rejectOffer(self.session, status: status, now: now) }
        case .reoffer(let body): board.act { $0.reoffer(self.session, body: body.serialize(), now: now) }
        case .withdrawOffer: board.act { $0.withdrawOffer(self.session) }
        case .configure(let settings):
            if let media { board.door.configure(media, settings) }
        case .closeMedia:
            if let media { board.door.close(media) }
        case .overdue(let delay): board.setTimer(.leg(id), after: delay)
        case .fact(let fact): note(fact)
        case .report(let report): take(report)
        case .forget: forget()
        }
    }

    private func note(_ fact: LegFact) {
        switch fact {
        case .ringing: note(LegRinging())
        case .answered(let codec):
            answeredAt = answeredAt ?? board.wallNow
            call.answered(self)
            note(LegAnswered(codec: codec))
        case .held: note(LegHeld())
        case .resumed: note(LegResumed())
        case .mediaTimedOut:
            note(MediaTimedOut())
            board.log.warning("leg \(id): no RTP from \(party) at \(flow.address), leg ended")
        case .ended(let end, let statistics):
            note(LegEnded(cause: end.cause, by: end.by, sipStatus: end.status, statistics: statistics))
        }
    }

    /// Tells whoever is concerned.
    private func take(_ report: LegReport) {
        switch report {
        case .rings, .answered: offer?.heard(report, from: self)
        case .held, .resumed, .negotiated:
            bridge?.heard(report, from: self)
            gathering?.heard(report, from: self)
        case .ended(let cause, let by, _, _):
            board.completeConsultation(of: self)
            passOnPlaces()
            for recording in recordings.values { recording.stop() }
            room?.remove(id)
            bridge?.heard(report, from: self)
            gathering?.heard(report, from: self)
            for bridge in suspended { bridge.heard(report, from: self) }
            offer?.heard(report, from: self)
            transfer?.legGone(self)
            recall?.withdraw()
            call.ended(self, cause, by: by)
            var waiting = script
            while let script = waiting {
                waiting = script.below
                script.legGone(cause)
            }
        }
    }

    /// A seat's or trunk's place belongs to the party, not to one of its phones: while another phone of the same party is
    /// called in this call, the place passes to it. The caller's place is its own, also when it calls itself.
    private func passOnPlaces() {
        let heir = isIncoming ? nil : call.legs.first { $0 !== self && !$0.isIncoming && $0.isUp && $0.party == party }
        if let heir {
            heir.places += places
        } else {
            for place in places { board.services.occupancy.giveBack(place) }
        }
        places = []
    }

    private func forget() {
        board.timers.cancel(.leg(id))
        board.timers.cancel(.release(id))
        if let media { board.mediaLegs[media] = nil }
        media = nil
        room = nil
        board.legs[id] = nil
        call.closed(self)
    }

    var channelName: String { party.channelName(of: id) }

    var stateName: String {
        switch machine.state {
        case .incoming(.nothing), .outgoing(.nothing): "trying"
        case .incoming, .outgoing: "ringing"
        case .up(.talking): "answered"
        case .up(.held): "held"
        case .ending, .closed: "ended"
        }
    }
}

extension LegReason {
    var header: SIPHeader { SIPHeader("Reason", text) }
}
