// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import SDP
internal import SIPMessage
internal import SIPStack
internal import Site

/// Making legs.
extension Switchboard {
    /// What a leg towards this party may speak.
    func profile(towards party: Party, site: Site) -> LegProfile {
        var codecs = site.media.codecs
        if case .trunk(let name, _) = party, let trunk = site.trunk(name) { codecs = trunk.codecs }
        return LegProfile(
            codecs: codecs.map(AudioCodec.init), rtpTimeout: site.media.rtpTimeout, holdTimeout: site.media.holdTimeout)
    }

    /// Where what this party dials enters the dialplan, and in which language it is spoken to.
    func home(of party: Party, site: Site) -> (context: String, language: String) {
        switch party {
        case .seat(let number):
            if let seat = site.seat(number) { return (seat.context, seat.language.rawValue) }
        case .trunk(let name, _):
            if let trunk = site.trunk(name) { return (trunk.context, trunk.language.rawValue) }
        case .other: break
        }
        return ("default", site.language.rawValue)
    }

    /// Sends an INVITE; nil when there is no media or no place for another session.
    func call(_ route: Route, for terms: Offer.Terms) -> Leg? {
        let call = terms.call
        guard call.hasRoomForLeg, let room = try? Room(door: door, affinity: call.id.rawValue) else { return nil }
        guard let (media, port) = try? door.openLeg(in: room.media) else {
            door.close(room.media)
            return nil
        }
        let id = makeLegID()
        let machine = LegMachine(
            calling: LocalMedia(address: mediaAddress(towards: route.flow), port: port), preferring: terms.preferring,
            sessionNumber: id.rawValue, profile: profile(towards: route.party, site: terms.site))
        guard let offer = machine.negotiation.ours else { return nil }
        let (session, actions) = invite(
            Invitation(
                requestURI: route.uri, flow: route.flow, from: route.from, to: NameAddress(uri: route.uri),
                body: offer.serialize(), maxForwards: terms.hopsLeft, alternatives: route.alternatives))
        var sipCallID: String?
        for case .send(let message, _) in actions {
            sipCallID = message.callID
            break
        }
        guard let sipCallID else {
            // The stack has no room for another session; what it tells of this one concerns nobody.
            door.close(media)
            door.close(room.media)
            return nil
        }
        let home = home(of: route.party, site: terms.site)
        let leg = Leg(
            id: id, party: route.party, isIncoming: false, sipCallID: sipCallID, flow: route.flow, session: session,
            call: call, caller: CallerIdentity(number: route.party.number), site: terms.site,
            runner: services.site.runner, context: home.context, language: home.language, machine: machine, board: self)
        leg.places = route.places
        leg.adopt(media, in: room)
        register(leg)
        for action in actions { queue(.stack(action)) }
        return leg
    }

    func register(_ leg: Leg) {
        legs[leg.id] = leg
        sessions[leg.session] = leg.id
        leg.call.add(leg)
        leg.noteStart()
    }
}
