// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SDP
import SwitchTesting
import Testing

@testable import Exchange

/// Two legs that were joined and speak different codecs.
@Suite struct CodecAgreementTests {
    private typealias Party = CodecAgreement.Party

    /// Whom a talk of these asks in turn when everybody says no.
    private func asked(_ a: Party, _ b: Party, first: BridgeMachine.Side = .b) -> [BridgeMachine.Side] {
        var agreement = CodecAgreement()
        var asked: [BridgeMachine.Side] = []
        while let side = agreement.next({ $0 == .a ? a : b }, first: first) {
            asked.append(side)
            #expect(agreement.next({ $0 == .a ? a : b }, first: first) == nil)
            agreement.negotiated(side, isOurs: true)
        }
        return asked
    }

    @Test func eachIsAskedOnceAndOnlyWhoCanChange() {
        let (pcma, pcmu) = (Party(codec: .pcma, canChange: true), Party(codec: .pcmu, canChange: true))
        #expect(asked(pcma, pcma) == [])
        #expect(asked(pcma, pcmu) == [.b, .a])
        #expect(asked(pcma, pcmu, first: .a) == [.a, .b])
        #expect(asked(pcma, Party(codec: .pcmu, canChange: false)) == [.a])
        #expect(asked(Party(codec: .pcma, canChange: false), Party(codec: .pcmu, canChange: false)) == [])
        #expect(asked(Party(codec: nil, canChange: false), pcmu) == [])
    }

    @Test func whoOfferedItselfMeanwhileIsAskedAgain() {
        let (a, b) = (Party(codec: .pcma, canChange: true), Party(codec: .pcmu, canChange: true))
        var agreement = CodecAgreement()
        #expect(agreement.next({ $0 == .a ? a : b }, first: .b) == .b)
        agreement.negotiated(.a, isOurs: false)
        #expect(agreement.asking == .b)
        agreement.negotiated(.b, isOurs: false)
        #expect(agreement.next({ $0 == .a ? a : b }, first: .b) == .b)
    }

    /// A (PCMA only unless said otherwise) talks with B, who transfers it to C, who answered in PCMU.
    private struct Three {
        let world: SimulatedSwitch
        let a: SimulatedPhone
        let b: SimulatedPhone
        let c: SimulatedPhone

        init(a first: [AudioCodec], c last: [AudioCodec], seed: UInt64 = 1) throws {
            world = try Fixture.world(seed: seed, runner: Fixture.dialsSeats)
            a = world.addRegisteredPhone("8001", codecs: first)
            b = world.addRegisteredPhone("8002")
            c = world.addRegisteredPhone("8003", codecs: last)
        }

        /// B consults C in a codec A does not speak at present, and completes.
        func transfer() {
            a.call("8002")
            world.run(for: .seconds(3))
            b.codecs = [.pcmu, .pcma]
            b.consult("8003")
            world.run(for: .seconds(3))
            b.transferAttended()
            world.run(for: .seconds(3))
        }

        var codecs: [MediaCodec?] {
            [a, c].map { phone in
                phone.switchPort.flatMap { world.media.leg(atPort: $0) }.flatMap { world.media.legs[$0]?.media?.codec }
            }
        }
    }

    /// C left A's codec out of its answer: it is not asked for it, and speech is converted.
    @Test func whoAnsweredWithOneCodecIsNotAskedForAnother() throws {
        let three = try Three(a: [.pcma], c: [.pcmu, .pcma])
        three.c.manner = .answersIn([.pcmu], after: .seconds(1))
        three.transfer()
        #expect(three.world.hears(three.a, three.c) && three.world.hears(three.c, three.a))
        #expect(three.codecs == [.pcma, .pcmu])
        #expect([three.a.reoffers, three.c.reoffers] == [0, 0])
        three.a.hangUp()
        three.world.expectClean()
    }

    /// A offered both codecs and can be asked: the relay is a relay again.
    @Test func afterATransferBothSpeakOneCodecAgain() throws {
        let three = try Three(a: [.pcma, .pcmu], c: [.pcmu, .pcma])
        three.c.manner = .answersIn([.pcmu], after: .seconds(1))
        three.c.takesReoffers = false
        three.transfer()
        #expect(three.codecs == [.pcmu, .pcmu])
        #expect([three.a.reoffers, three.c.reoffers] == [1, 0])
        three.a.hangUp()
        three.world.expectClean()
    }

    @Test func whenNobodyCanChangeTheTalkGoesOnAsItIs() throws {
        let three = try Three(a: [.pcma], c: [.pcmu])
        three.transfer()
        #expect(three.codecs == [.pcma, .pcmu])
        #expect(three.world.hears(three.a, three.c) && three.world.hears(three.c, three.a))
        #expect(three.a.reoffers + three.c.reoffers <= 1)
        three.a.hangUp()
        three.world.expectClean()
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func aHoldAtTheSameMomentIsHonouredAndTheCodecIsAskedForAfterwards(seed: UInt64) throws {
        let three = try Three(a: [.pcma], c: [.pcmu, .pcma], seed: seed)
        three.c.manner = .answersIn([.pcmu], after: .seconds(1))
        three.a.call("8002")
        three.world.run(for: .seconds(3))
        three.b.codecs = [.pcmu, .pcma]
        three.b.consult("8003")
        three.world.run(for: .seconds(3))
        three.b.transferAttended()
        // Its own re-INVITE crosses ours.
        _ = three.world.run(until: .seconds(2)) { three.c.reoffers > 0 || three.world.hears(three.a, three.c) }
        three.c.hold(true)
        three.world.run(for: .seconds(6))
        #expect(three.world.heard(by: three.a) == ["clip"])
        three.c.hold(false)
        three.world.run(for: .seconds(6))
        #expect(three.world.hears(three.a, three.c) && three.world.hears(three.c, three.a))
        #expect(three.codecs == [.pcma, .pcma])
        three.a.hangUp()
        three.world.expectClean()
    }
}
