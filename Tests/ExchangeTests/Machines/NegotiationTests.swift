// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SDP
import Testing

@testable import Exchange

/// Offer and answer of one leg (RFC 3264).
@Suite struct NegotiationTests {
    private func negotiation(_ offer: SessionDescription? = nil, codecs: [AudioCodec] = [.pcma, .pcmu]) -> Negotiation {
        Negotiation(
            sessionNumber: 7,
            profile: LegProfile(codecs: codecs, rtpTimeout: .seconds(30), holdTimeout: .seconds(300)), offer: offer)
    }

    private func codecs(_ description: SessionDescription?) -> [AudioCodec] {
        description?.media.first?.formats.compactMap(\.codec) ?? []
    }

    @Test func anOfferHasAllWeCanTheWantedFirst() {
        var side = negotiation()
        #expect(codecs(side.offer(at: LegTable.local, preferring: [.pcmu])) == [.pcmu, .pcma])
        #expect(codecs(side.offer(at: LegTable.local, preferring: [])) == [.pcma, .pcmu])
    }

    @Test func whatIsNotAllowedHereIsNeverOffered() {
        var side = negotiation(codecs: [.pcma])
        #expect(codecs(side.offer(at: LegTable.local, preferring: [.pcmu])) == [.pcma])
        #expect(side.answer(LegTable.theirs(codecs: [.pcmu]), at: LegTable.local, preferring: [.pcmu]) == nil)
    }

    @Test func whatWasSaidStays() {
        var side = negotiation(LegTable.theirs())
        let early = side.describe(at: LegTable.local, preferring: [.pcmu])
        #expect(side.describe(at: LegTable.local, preferring: [.pcma]) == early)
        #expect(side.settled?.codec == .pcmu)
        #expect(side.theirOffer == nil)
    }

    @Test func anOfferThatCannotBeTakenLeavesEverything() {
        var side = negotiation(LegTable.theirs())
        _ = side.describe(at: LegTable.local, preferring: [])
        let (ours, settled) = (side.ours, side.settled)
        #expect(side.answer(LegTable.refusing, at: LegTable.local, preferring: []) == nil)
        #expect(side.ours == ours && side.settled == settled)
        let isRefused = !side.accept(LegTable.refusing)
        #expect(isRefused)
        #expect(side.ours == ours && side.settled == settled)
    }

    @Test func anAnswerToNothingIsNone() {
        var side = negotiation()
        let isRefused = !side.accept(LegTable.theirs())
        #expect(isRefused)
        #expect(side.settled == nil)
    }

    @Test func whatTheFarSideSpeaks() {
        var side = negotiation(LegTable.theirs(codecs: [.pcmu, .pcma]))
        #expect(side.theirCodecs == [.pcmu, .pcma])
        _ = side.describe(at: LegTable.local, preferring: [])
        #expect(side.theirCodecs == [.pcma])
        #expect(negotiation().theirCodecs == [])
    }

    @Test func theAddressOfTheAnswerIsWhereSpeechGoes() {
        var side = negotiation()
        _ = side.offer(at: LegTable.local, preferring: [])
        let isTaken = side.accept(LegTable.theirs(port: 4002, address: "203.0.113.5"))
        #expect(isTaken)
        #expect(side.settled?.remoteAddress == "203.0.113.5")
        #expect(side.settled?.remotePort == 4002)
    }
}
