// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SDP
import Testing
import Timing

@testable import Exchange

/// One leg, by what RFC 3261, 3264, 3960 and 6337 say happens to it.
@Suite struct LegMachineTests {
    // MARK: Who calls us

    @Test func anOfferIsAnsweredIn200() {
        var leg = LegTable.incoming(LegTable.theirs())
        #expect(leg.words(.ring) == ["fact ringing", "180"])
        #expect(leg.words(.ring) == [])
        #expect(
            leg.words(.answer(preferring: [])) == ["configure PCMA sends receives 30 s", "200", "fact answered pcma"])
        #expect(leg.words(.answer(preferring: [])) == [])
        // The ACK of a call whose offer was in the INVITE says nothing more.
        #expect(leg.words(.acknowledged(nil)) == [])
        #expect(leg.words(.acknowledged(LegTable.theirs(codecs: [.pcmu]))) == [])
        #expect(leg.negotiation.settled?.codec == .pcma)
    }

    @Test func theCodecOfTheOtherSideIsTakenWhereTheCallerHasIt() {
        var leg = LegTable.incoming(LegTable.theirs())
        #expect(leg.words(.answer(preferring: [.pcmu])).last == "fact answered pcmu")
    }

    @Test func earlyMediaIsToldOnceAndTheAnswerSaysTheSame() {
        var leg = LegTable.incoming(LegTable.theirs())
        // Before the answer nobody is missed for his silence.
        #expect(leg.words(.progress(preferring: [.pcmu])) == ["configure PCMU sends receives", "183"])
        #expect(leg.words(.progress(preferring: [])) == [])
        let early = leg.negotiation.ours
        // RFC 3261 §13.2.1: what the 183 said, the 200 says again, whatever is wanted by then.
        #expect(leg.words(.answer(preferring: [.pcma])).last == "fact answered pcmu")
        #expect(leg.negotiation.ours == early)
    }

    @Test func ringingAfterAPromptCarriesTheDescription() {
        var leg = LegTable.incoming(LegTable.theirs())
        _ = leg.words(.progress(preferring: []))
        #expect(leg.words(.ring) == ["180 with description"])
        #expect(leg.words(.ring) == [])
        #expect(leg.hasEarlyMedia)
        // And back to what we play.
        #expect(leg.words(.progress(preferring: [])) == ["183"])
    }

    @Test func aCallerWithoutAnOfferIsOfferedIn200AndAnswersInAck() {
        var leg = LegTable.incoming(nil)
        #expect(!leg.canHearBeforeAnswer)
        #expect(leg.words(.progress(preferring: [])) == [])
        #expect(leg.words(.answer(preferring: [])) == ["200", "fact answered "])
        #expect(
            leg.words(.acknowledged(LegTable.theirs(codecs: [.pcmu])))
                == ["configure PCMU sends receives 30 s", "tell negotiated"])
        // A copy of the ACK changes nothing.
        #expect(leg.words(.acknowledged(LegTable.theirs(codecs: [.pcma]))) == [])
        #expect(leg.negotiation.settled?.codec == .pcmu)
    }

    @Test func aLateOfferThatIsHeldFromTheFirstMomentIsHeld() {
        var leg = LegTable.incoming(nil)
        _ = leg.words(.answer(preferring: []))
        #expect(
            leg.words(.acknowledged(LegTable.theirs(.sendOnly)))
                == ["configure PCMA receives 300 s", "fact held", "tell held", "tell negotiated"])
    }

    @Test(arguments: [nil, LegTable.refusing]) func anAckThatOwesTheAnswerEndsTheCall(body: SessionDescription?) {
        var leg = LegTable.incoming(nil)
        _ = leg.words(.answer(preferring: []))
        #expect(leg.words(.acknowledged(body)) == ["bye", "close media", "overdue", "tell ended 58 answered"])
    }

    @Test func nothingInCommonIs488() {
        var offer = LegTable.theirs()
        offer.media[0].formats = [MediaFormat("18")]
        var leg = LegTable.incoming(offer)
        #expect(leg.words(.answer(preferring: [])) == ["reject 488", "close media", "overdue", "tell ended 88 488"])
        var early = LegTable.incoming(offer)
        #expect(early.words(.progress(preferring: [])).first == "reject 488")
    }

    @Test(arguments: [
        (HangupCause.userBusy, 486), (.normalClearing, 480), (.callRejected, 403), (.unallocatedNumber, 404),
        (.switchCongestion, 503), (.noAnswer, 480), (.incompatibleDestination, 488),
    ]) func aRefusalHasTheStatusOfItsCause(cause: HangupCause, status: Int) {
        var leg = LegTable.incoming(LegTable.theirs())
        #expect(leg.words(.hangUp(cause, by: .system, reason: nil)).first == "reject \(status)")
    }

    @Test func aCancelledCallIsOverWithoutAWordOfOurs() {
        var leg = LegTable.incoming(LegTable.theirs())
        _ = leg.words(.ring)
        #expect(
            leg.words(.over(.normalClearing, by: .caller, status: 487))
                == ["close media", "overdue", "tell ended 16 487"])
        // CANCEL and our 200 crossed (RFC 3261 §9.2): the stack has told the end first, and the answer comes too late.
        #expect(leg.words(.answer(preferring: [])) == [])
        #expect(leg.words(.hangUp(.normalClearing, by: .system, reason: nil)) == [])
        #expect(leg.words(.over(.normalClearing, by: .caller, status: nil)) == [])
        #expect(leg.words(.mediaClosed(LegStatistics())) == ["fact ended 16 by caller", "forget"])
        #expect(leg.words(.mediaClosed(LegStatistics())) == [])
        #expect(leg.words(.mediaOverdue) == [])
    }

    @Test func aLegWithoutMediaIsForgottenAtOnce() {
        var leg = LegMachine(incoming: LegTable.theirs(), sessionNumber: 7, profile: LegTable.profile)
        #expect(
            leg.words(.hangUp(.userBusy, by: .system, reason: nil))
                == ["reject 486", "tell ended 17 486", "fact ended 17 by system", "forget"])
        var cancelled = LegMachine(incoming: nil, sessionNumber: 7, profile: LegTable.profile)
        #expect(cancelled.words(.over(.normalClearing, by: .caller, status: 487)).last == "forget")
    }

    // MARK: Whom we call

    @Test func ringingIsTakenOnceAndTheAnswerSettles() {
        var leg = LegTable.outgoing()
        #expect(leg.words(.provisional(status: 180, nil)) == ["fact ringing", "tell rings 180"])
        #expect(leg.words(.provisional(status: 180, nil)) == ["tell rings 180"])
        #expect(
            leg.words(.accepted(LegTable.theirs(), isEmpty: false))
                == ["configure PCMA sends receives 30 s", "fact answered pcma", "tell answered"])
        // A second 200 of a fork is the stack's.
        #expect(leg.words(.accepted(LegTable.theirs(), isEmpty: false)) == [])
    }

    @Test func earlyMediaMayBeTheWholeAnswer() {
        var leg = LegTable.outgoing()
        #expect(
            leg.words(.provisional(status: 183, LegTable.theirs(codecs: [.pcmu])))
                == ["fact ringing", "configure PCMU sends receives", "tell rings 183 media"])
        #expect(leg.words(.accepted(nil, isEmpty: true)).contains("fact answered pcmu"))
    }

    @Test func anEarlyDescriptionThatTakesNothingIsOnlyRinging() {
        var leg = LegTable.outgoing()
        #expect(leg.words(.provisional(status: 183, LegTable.refusing)) == ["fact ringing", "tell rings 183"])
    }

    @Test func anAnswerWithoutSpeechIsHungUp() {
        for (body, isEmpty) in [(nil, true), (nil, false), (LegTable.refusing, false)] as [(SessionDescription?, Bool)]
        {
            var leg = LegTable.outgoing()
            #expect(
                leg.words(.accepted(body, isEmpty: isEmpty))
                    == ["bye", "close media", "overdue", "tell ended 58 answered"])
        }
    }

    @Test func anUnreadableAnswerIsNotSavedByTheEarlyOne() {
        var leg = LegTable.outgoing()
        _ = leg.words(.provisional(status: 183, LegTable.theirs()))
        #expect(leg.words(.accepted(nil, isEmpty: false)).first == "bye")
    }

    @Test func weGiveUpAndThe200ThatCrossesOurCancelChangesNothing() {
        var leg = LegTable.outgoing()
        _ = leg.words(.provisional(status: 180, nil))
        #expect(
            leg.words(.hangUp(.normalClearing, by: .caller, reason: .answeredElsewhere))
                == ["bye elsewhere", "close media", "overdue", "tell ended 16"])
        #expect(leg.words(.accepted(LegTable.theirs(), isEmpty: false)) == [])
        #expect(leg.words(.provisional(status: 183, LegTable.theirs())) == [])
        #expect(leg.words(.over(.normalClearing, by: .callee, status: 487)) == [])
        #expect(leg.words(.mediaOverdue) == ["fact ended 16 by caller", "forget"])
    }

    @Test func aRefusalIsTheEnd() {
        var leg = LegTable.outgoing()
        _ = leg.words(.provisional(status: 180, nil))
        #expect(
            leg.words(.over(.userBusy, by: .callee, status: 486)) == ["close media", "overdue", "tell ended 17 486"])
    }

    @Test func aByeInTheEarlyDialogIsTheEnd() {
        // RFC 3261 §15: the caller may send BYE before the answer.
        var leg = LegTable.incoming(LegTable.theirs())
        _ = leg.words(.progress(preferring: []))
        #expect(leg.words(.over(.normalClearing, by: .caller, status: nil)).last == "tell ended 16")
    }

    // MARK: While it is up (RFC 3264 §8, RFC 6337 §3.2, §5)

    private func up() -> LegMachine {
        var leg = LegTable.outgoing()
        _ = leg.words(.accepted(LegTable.theirs(), isEmpty: false))
        return leg
    }

    /// Every way phones hold, what is answered, and what media does then.
    @Test(arguments: [
        (LegTable.theirs(.sendOnly), "recvonly", "configure PCMA receives 300 s"),
        (LegTable.theirs(.inactive), "inactive", "configure PCMA 300 s"),
        // RFC 2543 §B.5: an address of zeroes.
        (LegTable.theirs(address: "0.0.0.0"), "recvonly", "configure PCMA receives 300 s"),
        (LegTable.theirs(.inactive, address: "0.0.0.0"), "inactive", "configure PCMA 300 s"),
    ]) func holdAndResume(hold: SessionDescription, answer: String, media: String) {
        var leg = up()
        #expect(
            leg.words(.offered(hold)) == [
                media, "accept offer \(answer)", "fact held", "tell held", "tell negotiated",
            ])
        #expect(leg.isHeld)
        // The same once more is not news.
        #expect(leg.words(.offered(hold)) == [media, "accept offer \(answer)", "tell negotiated"])
        #expect(
            leg.words(.offered(LegTable.theirs()))
                == [
                    "configure PCMA sends receives 30 s", "accept offer sendrecv", "fact resumed", "tell resumed",
                    "tell negotiated",
                ])
        #expect(!leg.isHeld)
    }

    @Test func oneWhoOnlyListensIsNotHeld() {
        var leg = up()
        #expect(
            leg.words(.offered(LegTable.theirs(.receiveOnly)))
                == ["configure PCMA sends 300 s", "accept offer sendonly", "tell negotiated"])
        #expect(!leg.isHeld)
    }

    @Test func aHoldIsTakenBackByAReInviteWithoutOffer() {
        var leg = up()
        _ = leg.words(.offered(LegTable.theirs(.sendOnly)))
        // RFC 3261 §14.2: we offer all we can; whether it is a resume the answer says.
        #expect(leg.words(.offered(nil)) == ["accept offer sendrecv"])
        #expect(leg.isHeld)
        #expect(
            leg.words(.acknowledged(LegTable.theirs()))
                == ["configure PCMA sends receives 30 s", "fact resumed", "tell resumed", "tell negotiated"])
    }

    @Test func theOfferOfOursKeepsTheCodecInUseFirst() {
        var leg = LegTable.outgoing()
        _ = leg.words(.accepted(LegTable.theirs(codecs: [.pcmu]), isEmpty: false))
        _ = leg.words(.offered(nil))
        #expect(leg.negotiation.ours?.media.first?.formats.first?.codec == .pcmu)
        // And what comes back may be another one.
        #expect(leg.words(.acknowledged(LegTable.theirs(codecs: [.pcma]))).first?.contains("PCMA") == true)
    }

    @Test func aReInviteKeepsTheCodecInUse() {
        var leg = LegTable.outgoing()
        _ = leg.words(.accepted(LegTable.theirs(codecs: [.pcmu]), isEmpty: false))
        #expect(leg.words(.offered(LegTable.theirs(codecs: [.pcma, .pcmu]))).first?.contains("PCMU") == true)
    }

    @Test func anOfferWithNothingInCommonIs488AndTheTalkStays() {
        var leg = up()
        var offer = LegTable.theirs()
        offer.media[0].formats = [MediaFormat("18")]
        let before = leg.negotiation.settled
        #expect(leg.words(.offered(offer)) == ["reject offer 488", "tell negotiated"])
        #expect(leg.negotiation.settled == before)
        #expect(leg.isUp)
    }

    @Test func anOfferBeforeTheAnswerIsRefused() {
        var leg = LegTable.incoming(LegTable.theirs())
        #expect(leg.words(.offered(LegTable.theirs(.sendOnly))) == ["reject offer 488"])
        var called = LegTable.outgoing()
        #expect(called.words(.offered(nil)) == ["reject offer 488"])
    }

    @Test func aLineThatIsRefusedInTheMiddleOfATalkChangesNothing() {
        // RFC 3264 §8.2: port 0 in a further offer takes the only stream away.
        var leg = up()
        #expect(leg.words(.offered(LegTable.refusing)) == ["reject offer 488", "tell negotiated"])
        #expect(leg.isUp)
    }

    @Test func theVersionGrowsWithEveryChangeAndOnlyThen() {
        // RFC 3264 §8: the number in o= grows by one.
        var leg = up()
        let first = leg.negotiation.ours?.origin
        _ = leg.words(.offered(LegTable.theirs(.sendOnly)))
        let held = leg.negotiation.ours?.origin
        _ = leg.words(.offered(LegTable.theirs(.sendOnly)))
        #expect(leg.negotiation.ours?.origin == held)
        #expect(held?.sessionID == first?.sessionID)
        #expect(held?.sessionVersion == (first?.sessionVersion ?? 0) + 1)
    }

    // MARK: Re-INVITEs of ours

    @Test func anotherCodecIsAskedForAndTaken() {
        var leg = up()
        #expect(leg.words(.prefer(.pcma)) == [])
        #expect(leg.words(.prefer(.pcmu)) == ["re-INVITE"])
        #expect(
            leg.words(.offerAnswered(LegTable.theirs(codecs: [.pcmu])))
                == ["configure PCMU sends receives 30 s", "tell negotiated by us"])
    }

    @Test func aRefusedReInviteLeavesTheTalkAsItWas() {
        // RFC 3261 §14.1.
        var leg = up()
        let before = leg.negotiation.settled
        _ = leg.words(.prefer(.pcmu))
        #expect(leg.words(.offerRefused) == ["tell negotiated by us"])
        #expect(leg.negotiation.settled == before && leg.isUp)
        _ = leg.words(.prefer(.pcmu))
        #expect(leg.words(.offerAnswered(LegTable.refusing)) == ["tell negotiated by us"])
        #expect(leg.negotiation.settled == before && leg.isUp)
    }

    @Test func theirOfferGoesBeforeOneOfOursThatWaits() {
        // Glare (RFC 3261 §14.2): the stack has ours wait, and theirs is answered first.
        var leg = up()
        _ = leg.words(.prefer(.pcmu))
        #expect(
            leg.words(.offered(LegTable.theirs(.sendOnly))) == [
                "withdraw re-INVITE", "configure PCMA receives 300 s", "accept offer recvonly", "fact held",
                "tell held",
                "tell negotiated",
            ])
        // One who holds is not asked to come back for the sake of a codec.
        #expect(leg.words(.prefer(.pcmu)) == [])
    }

    // MARK: Silence and the end

    @Test func silenceEndsItOnce() {
        var leg = up()
        #expect(
            leg.words(.mediaTimedOut)
                == ["fact silence", "bye", "close media", "overdue", "tell ended 102 answered"])
        #expect(leg.words(.mediaTimedOut) == [])
    }

    @Test func keysAreHeldBackOnce() {
        var leg = up()
        #expect(leg.words(.holdKeys(true)) == ["configure PCMA sends receives 30 s"])
        #expect(leg.words(.holdKeys(true)) == [])
        #expect(leg.words(.holdKeys(false)).count == 1)
    }

    @Test func theFarSideHangsUp() {
        var leg = up()
        #expect(
            leg.words(.over(.normalClearing, by: .callee, status: nil))
                == ["close media", "overdue", "tell ended 16 answered"])
        #expect(leg.words(.offered(LegTable.theirs())) == ["reject offer 488"])
    }
}
