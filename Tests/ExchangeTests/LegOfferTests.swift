// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SDP
import Testing

@testable import Exchange

/// Offers behind the first one, as a leg sees them.
@Suite struct LegOfferTests {
    private static let local = LocalMedia(address: "192.0.2.1", port: 4000)
    private static let profile = LegProfile(
        codecs: [.pcma, .pcmu], rtpTimeout: .seconds(30), holdTimeout: .seconds(600))

    private func description(
        _ codecs: [AudioCodec], _ direction: MediaDirection = .sendReceive, address: String = "192.0.2.9"
    ) -> SessionDescription {
        OfferAnswer.offer(
            capabilities: AudioCapabilities(codecs: codecs), sessionID: 7, localAddress: address, port: 9000,
            direction: direction)
    }

    /// A leg that called us, offered these codecs and was answered in the first of ours among them.
    private func answered(_ codecs: [AudioCodec]) -> LegMachine {
        var leg = LegMachine(incoming: description(codecs), sessionNumber: 1, profile: Self.profile)
        _ = leg.handle(.mediaOpened(Self.local))
        _ = leg.handle(.answer(preferring: []))
        return leg
    }

    /// A leg we called, which answered with these alone.
    private func called(answering codecs: [AudioCodec]) -> LegMachine {
        var leg = LegMachine(calling: Self.local, preferring: [], sessionNumber: 1, profile: Self.profile)
        _ = leg.handle(.accepted(description(codecs), isEmpty: false))
        return leg
    }

    private func offered(_ actions: [LegAction]) -> [AudioCodec]? {
        for case .reoffer(let body) in actions { return body.media.first?.formats.compactMap(\.codec) }
        return nil
    }

    @Test func anotherCodecIsOfferedAlone() {
        var leg = answered([.pcma, .pcmu])
        #expect(leg.canPrefer(.pcmu) && !leg.canPrefer(.pcma))
        #expect(offered(leg.handle(.prefer(.pcmu))) == [.pcmu])
        let actions = leg.handle(.offerAnswered(description([.pcmu])))
        #expect(leg.negotiation.settled?.codec == .pcmu)
        #expect(actions.last == .report(.negotiated(isOurs: true)))
        #expect(actions.contains { if case .configure(let media) = $0 { media.codec == .pcmu } else { false } })
    }

    @Test func whatTheOtherDidNotOfferIsNotAskedFor() {
        var leg = answered([.pcma])
        #expect(!leg.canPrefer(.pcmu))
        #expect(leg.handle(.prefer(.pcmu)) == [])
        // Nor what it left out of an answer to both (RFC 3264 §6.1).
        #expect(!called(answering: [.pcma]).canPrefer(.pcmu))
        #expect(called(answering: [.pcma, .pcmu]).canPrefer(.pcmu))
    }

    @Test func aRefusalLeavesEverythingAsItWas() {
        var leg = answered([.pcma, .pcmu])
        _ = leg.handle(.prefer(.pcmu))
        #expect(leg.handle(.offerRefused) == [.report(.negotiated(isOurs: true))])
        #expect(leg.negotiation.settled?.codec == .pcma)
        // An answer that takes nothing too.
        _ = leg.handle(.prefer(.pcmu))
        #expect(leg.handle(.offerAnswered(nil)) == [.report(.negotiated(isOurs: true))])
        #expect(leg.negotiation.settled?.codec == .pcma)
    }

    @Test func theVersionGrowsOverARefusedOffer() {
        var leg = answered([.pcma, .pcmu])
        let before = leg.negotiation.ours?.origin.sessionVersion
        _ = leg.handle(.prefer(.pcmu))
        _ = leg.handle(.offerRefused)
        _ = leg.handle(.prefer(.pcmu))
        #expect(leg.negotiation.ours?.origin.sessionVersion != before)
    }

    @Test func anOfferOfTheirsTakesThePlaceOfOursThatWaits() {
        var leg = answered([.pcma, .pcmu])
        _ = leg.handle(.prefer(.pcmu))
        let actions = leg.handle(.offered(description([.pcma, .pcmu], .sendOnly)))
        #expect(actions.first == .withdrawOffer)
        #expect(actions.last == .report(.negotiated(isOurs: false)))
        #expect(leg.isHeld && !leg.canPrefer(.pcmu))
        #expect(leg.handle(.offered(description([.pcma, .pcmu]))).first != .withdrawOffer)
        #expect(leg.canPrefer(.pcmu))
    }

    @Test(arguments: [(MediaDirection.sendOnly, "192.0.2.9"), (.inactive, "192.0.2.9"), (.sendReceive, "0.0.0.0")])
    func everyWayToHoldIsOneContract(direction: MediaDirection, address: String) {
        var leg = answered([.pcma, .pcmu])
        let actions = leg.handle(.offered(description([.pcma], direction, address: address)))
        #expect(leg.isHeld)
        #expect(actions.contains(.fact(.held)) && actions.contains(.report(.held)))
        #expect(
            actions.contains {
                if case .configure(let media) = $0 { !media.sends && media.timeout == .seconds(600) } else { false }
            })
        // A re-INVITE without offer: ours is answered in the ACK.
        _ = leg.handle(.offered(nil))
        let back = leg.handle(.acknowledged(description([.pcma])))
        #expect(!leg.isHeld && back.contains(.report(.resumed)))
    }

    @Test func keysAreHeldThroughEveryChange() {
        var leg = answered([.pcma, .pcmu])
        func holds(_ actions: [LegAction]) -> [Bool] {
            actions.compactMap { if case .configure(let media) = $0 { media.holdsKeys } else { nil } }
        }
        #expect(holds(leg.handle(.holdKeys(true))) == [true])
        #expect(leg.handle(.holdKeys(true)) == [])
        #expect(holds(leg.handle(.offered(description([.pcmu])))) == [true])
        #expect(holds(leg.handle(.holdKeys(false))) == [false])
    }
}
