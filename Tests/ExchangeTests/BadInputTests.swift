// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SIPMessage
import SwitchTesting
import Synchronization
import Testing
import Timing

@testable import Exchange

/// What phones and scripts should not do: each has an answer, leaves the talk that was there, and nothing behind.
@Suite struct BadInputTests {
    private struct Three {
        let world: SimulatedSwitch
        let a: SimulatedPhone
        let b: SimulatedPhone
        let c: SimulatedPhone

        init() throws {
            world = try Fixture.featureWorld()
            a = world.addRegisteredPhone("8001")
            b = world.addRegisteredPhone("8002")
            c = world.addRegisteredPhone("8003")
            a.call("8002")
            world.run(for: .seconds(3))
        }

        func statuses(_ phone: SimulatedPhone) -> [Int] {
            phone.log.compactMap { if case .transfer(let status) = $0 { status } else { nil } }
        }

        /// A Refer-To as text, in the talk of B.
        func refer(_ target: String) throws {
            let address = try #require(NameAddress(target))
            b.refer(try #require(b.session), to: address)
            world.run(for: .seconds(3))
        }
    }

    // MARK: REFER

    @Test(arguments: [
        "<sip:martlet>", "<http://example.org/8003>", "<sip:8003@martlet;method=BYE>",
        "<sip:8003@martlet;method=SUBSCRIBE>", "<sip:8003@martlet?Replaces=x>",
        "<sip:8003@martlet?Replaces=x%3Bto-tag%3D1>", "<sip:8003@martlet?Replaces=x%3Bfrom-tag%3D1>",
        "<sip:8003@martlet?Replaces=%3Bto-tag%3D1%3Bfrom-tag%3D2>",
        "<sip:8003@martlet?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2&Replaces=b%3Bto-tag%3D1%3Bfrom-tag%3D2>",
        "<sip:%2540gateway@martlet>", "<sip:8003%2Fgateway@martlet>", "<sip:_X.@martlet>",
    ]) func aReferToNowhereIsRefusedAndTheTalkGoesOn(target: String) throws {
        let three = try Three()
        guard NameAddress(target) != nil else { return }
        try three.refer(target)
        #expect(three.statuses(three.b).last ?? 0 >= 400, "\(three.statuses(three.b))")
        #expect(three.world.talk(three.a, three.b))
        three.a.hangUp()
        three.world.expectClean("\(target)")
    }

    /// To the number of the party itself: it rings on its second line, or is busy, and the talk comes back.
    @Test(arguments: [true, false]) func aReferToOneself(hasSecondLine: Bool) throws {
        let three = try Three()
        let (world, a, b) = (three.world, three.a, three.b)
        b.hasManyLines = hasSecondLine
        let first = b.switchPort
        b.transfer(to: "8002")
        world.run(for: .seconds(5))
        #expect(world.talk(a, b))
        #expect((b.switchPort != first) == hasSecondLine)
        #expect(three.statuses(b).last == (hasSecondLine ? 200 : 486))
        a.hangUp()
        world.expectClean()
    }

    /// To the number of the one who is transferred.
    @Test func aReferOfSomebodyToHimself() throws {
        let three = try Three()
        let (world, a, b) = (three.world, three.a, three.b)
        a.hasManyLines = false
        b.transfer(to: "8001")
        world.run(for: .seconds(5))
        #expect(world.talk(a, b))
        #expect(three.statuses(b).last == 486)
        b.hangUp()
        world.expectClean()
    }

    /// The Replaces names the very talk that is transferred, or a dialog of somebody else.
    @Test(arguments: ["own", "others"]) func aReplacesOfTheWrongDialog(which: String) throws {
        let three = try Three()
        let (world, a, b) = (three.world, three.a, three.b)
        let session = try #require(b.session)
        let replaces = which == "own" ? b.replaces(session) : a.session.flatMap(a.replaces)
        b.refer(
            session,
            to: ReferToHeader(
                address: NameAddress(uri: SIPURI(user: "8001", host: "martlet")), replacing: try #require(replaces)
            ).address)
        world.run(for: .seconds(3))
        #expect(three.statuses(b).last ?? 0 >= 400)
        #expect(world.talk(a, b))
        a.hangUp()
        world.expectClean()
    }

    @Test func theTransferorIsGoneRightAfter202() throws {
        for delay in stride(from: 0 as Int64, to: 40, by: 3) {
            let three = try Three()
            let (world, a, b, c) = (three.world, three.a, three.b, three.c)
            b.transfer(to: "8003")
            world.run(for: .milliseconds(delay))
            b.hangUp()
            world.run(for: .seconds(5))
            // Either the REFER came first, and the transfer works; or the BYE did, and nobody is left alone.
            #expect(world.talk(a, c) || a.session == nil, "after \(delay) ms")
            a.hangUp()
            world.expectClean("after \(delay) ms")
        }
    }

    @Test func bothEndsTransferAtOnceAndOneTransferIsMade() throws {
        for delay in 0..<6 as Range<Int64> {
            let three = try Three()
            let (world, a, b, c) = (three.world, three.a, three.b, three.c)
            a.transfer(to: "8003")
            world.run(for: .milliseconds(delay))
            b.transfer(to: "8003")
            world.run(for: .seconds(6))
            #expect(world.talk(a, c) != world.talk(b, c), "\(delay) ms later")
            let results = [three.statuses(a).last, three.statuses(b).last]
            #expect(Set(results) == [200, 603], "\(results)")
            for phone in [a, b, c] { phone.hangUp() }
            world.expectClean("\(delay) ms later")
        }
    }

    /// Two phones that hand a call to each other for ever.
    @Test func aTransferLoopEnds() throws {
        let three = try Three()
        let (world, a, b, c) = (three.world, three.a, three.b, three.c)
        b.manner = .answers(after: .milliseconds(20))
        c.manner = .answers(after: .milliseconds(20))
        for phone in [b, c] { phone.hasManyLines = true }
        for _ in 0..<200 {
            for (phone, number) in [(b, "8003"), (c, "8002")] {
                phone.transfer(to: number)
                world.run(for: .milliseconds(150))
            }
        }
        // Every minute of the talk.
        let made = (three.statuses(b) + three.statuses(c)).count { $0 == 200 }
        #expect(made <= 2 * LoopGuard.mostMoves, "\(made)")
        #expect(three.statuses(b).contains(482) || three.statuses(c).contains(482))
        #expect(world.talk(a, b) || world.talk(a, c))
        a.hangUp()
        world.expectClean()
    }

    @Test func aReferOutsideOfACallIsRefused() throws {
        let world = try Fixture.featureWorld()
        let raw = RawSocket(world)
        let answer = raw.ask(
            "REFER", headers: ["Refer-To: <sip:8003@martlet>", "Contact: <sip:8001@127.0.0.1:\(raw.port)>"])
        #expect(answer == 403)
        world.expectClean()
    }

    // MARK: Replaces

    @Test(arguments: ["dead", "garbled", "twice", "lacks tags"]) func anInviteWithABadReplaces(which: String) throws {
        let three = try Three()
        let (world, a, b, c) = (three.world, three.a, three.b, three.c)
        let replaces = try #require(b.session.flatMap(b.replaces))
        if which == "dead" {
            b.hangUp()
            world.run(for: .seconds(40))
            c.call("8002", replacing: replaces)
            world.run(for: .seconds(2))
            #expect(c.log.last == .failed(status: 481))
        } else {
            let raw = RawSocket(world)
            let value = ReplacesHeader.text(replaces)
            let lines =
                switch which {
                case "garbled": ["Replaces: ;;;=,"]
                case "twice": ["Replaces: \(value)", "Replaces: \(value)"]
                default: ["Replaces: \(replaces.callID)"]
                }
            let answer = raw.ask("INVITE", headers: lines + ["Contact: <sip:8003@127.0.0.1:\(raw.port)>"])
            #expect(answer == 400)
            #expect(world.talk(a, b))
            a.hangUp()
        }
        world.expectClean()
    }

    /// A carrier's INVITE does not get into talks of the house.
    @Test func aTrunkMayNotReplace() throws {
        let three = try Three()
        let (world, a, b) = (three.world, three.a, three.b)
        let gateway = world.addRegisteredPhone("gateway")
        gateway.call("8002", replacing: b.session.flatMap(b.replaces))
        world.run(for: .seconds(2))
        #expect(gateway.log.last == .failed(status: 403))
        #expect(world.talk(a, b))
        a.hangUp()
        world.expectClean()
    }

    /// The dialog named is that of somebody who is being asked whether he wants the call.
    @Test func aReplacesOfSomebodyWhoIsBeingAsked() throws {
        let world = try Fixture.world(runner: { call, entry in
            var request = DialRequest(targets: [.seat(entry.exten)], timeout: .seconds(20))
            request.acceptance = .script { call in
                try await call.sleep(.seconds(10))
                return .accepted
            }
            if let result = try? await call.dial(request) { call.hangUp(result.cause) }
        })
        let (a, b, c) = (
            world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"), world.addRegisteredPhone("8003")
        )
        a.call("8002")
        world.run(for: .seconds(3))
        c.call("8002", replacing: b.session.flatMap(b.replaces))
        world.run(for: .seconds(3))
        #expect(world.talk(a, c))
        #expect(b.log.last == .ended)
        a.hangUp()
        world.expectClean()
    }

    // MARK: Codes

    /// Whoever hears music meanwhile asks for a transfer of the one who consults: he is to wait.
    @Test func whoConsultsIsNotTransferredMeanwhile() throws {
        let three = try Three()
        let (world, a, b, c) = (three.world, three.a, three.b, three.c)
        for key in "*28003" { b.press(key) }
        world.run(for: .seconds(6))
        #expect(world.talk(b, c))
        a.transfer(to: "8009")
        let leg = try world.leg(of: "8001")
        #expect(world.perform(.transfer(by: leg, to: .seat("8003"))) == .failure(.noTalk(leg)))
        world.run(for: .seconds(2))
        #expect(three.statuses(a).last == 491)
        #expect(world.talk(b, c))
        c.hangUp()
        world.run(for: .seconds(2))
        #expect(world.talk(a, b))
        a.hangUp()
        world.expectClean()
    }

    /// `*2`, a number, and hanging up while it rings: it rings on for the other one.
    @Test func whoHangsUpWhileTheConsultedRingsTransfers() throws {
        let three = try Three()
        let (world, a, b, c) = (three.world, three.a, three.b, three.c)
        c.manner = .answers(after: .seconds(8))
        for key in "*28003" { b.press(key) }
        world.run(for: .seconds(4))
        #expect(c.log.contains { if case .called = $0 { true } else { false } })
        b.hangUp()
        world.run(for: .seconds(2))
        #expect(c.log.last != .cancelled)
        world.run(for: .seconds(8))
        #expect(world.talk(a, c))
        #expect(c.log.count { if case .called = $0 { true } else { false } } == 1)
        a.hangUp()
        world.expectClean()
    }

    // MARK: Subscriptions

    @Test func astormOfSubscribesAndForgedNotifiesLeaveNothing() throws {
        let three = try Three()
        let world = three.world
        let raw = RawSocket(world)
        for number in 0..<500 {
            raw.send(
                "SUBSCRIBE", headers: ["Event: x\(number)", "Contact: <sip:1@127.0.0.1:\(raw.port)>", "Expires: 3600"])
            raw.send(
                "NOTIFY", headers: ["Event: refer", "Subscription-State: terminated", "Contact: <sip:1@127.0.0.1>"])
            raw.send("PUBLISH", headers: ["Event: presence"])
        }
        world.run(for: .seconds(2))
        #expect(!raw.answers.isEmpty)
        #expect(raw.answers.allSatisfy { $0 >= 400 }, "\(Set(raw.answers))")
        #expect(world.talk(three.a, three.b))
        three.a.hangUp()
        world.run(for: .seconds(60))
        world.expectClean()
    }

    // MARK: Scripts

    /// One that swallows every error and goes on for ever: its call ends all the same, and the switch goes on.
    @Test(arguments: ["sleep", "key", "dial", "play"]) func aScriptThatNeverReturns(what: String) throws {
        let world = try Fixture.world(
            sounds: Fixture.sounds,
            runner: { call, entry in
                guard entry.exten == "8009" else { return await Fixture.dialsSeats(call, entry) }
                try? await call.answer()
                while true {
                    switch what {
                    case "sleep": _ = try? await call.sleep(.milliseconds(100))
                    case "key": _ = try? await call.nextDigit(within: .milliseconds(100))
                    case "play": _ = try? await call.play("welcome", interruptedBy: [])
                    default: _ = try? await call.dial(DialRequest(targets: [.seat("8003")], timeout: .seconds(1)))
                    }
                }
            })
        let (a, b) = (world.addRegisteredPhone("8001"), world.addRegisteredPhone("8002"))
        a.call("8009")
        world.run(for: .seconds(5))
        a.hangUp()
        world.run(for: .seconds(2))
        // The switch serves others meanwhile.
        a.call("8002")
        world.run(for: .seconds(3))
        #expect(world.talk(a, b))
        b.hangUp()
        world.expectClean("\(what)")
    }

    /// One that waits for something of its own that never comes.
    @Test func aScriptThatHangs() throws {
        let world = try Fixture.world(runner: { call, _ in
            try? await call.answer()
            await withCheckedContinuation { (never: CheckedContinuation<Void, Never>) in
                Kept.list.withLock { $0.append(never) }
            }
        })
        let a = world.addRegisteredPhone("8001")
        a.call("8002")
        world.run(for: .seconds(5))
        a.hangUp()
        world.expectClean()
    }

    private enum Kept {
        static let list = Mutex<[CheckedContinuation<Void, Never>]>([])
    }
}

/// Somebody on the network who is no phone.
final class RawSocket: Sendable {
    let port: UInt16 = 40_000
    private let world: SimulatedSwitch
    private let seen = Mutex<[Int]>([])
    private let sent = Mutex<Int>(0)

    init(_ world: SimulatedSwitch) {
        self.world = world
        world.network.attach(port: port) { [weak self] bytes, _ in
            let message = bytes.withUnsafeBytes { try? SIPMessage.parse($0) }
            if let status = message?.status { self?.seen.withLock { $0.append(status) } }
        }
    }

    var answers: [Int] { seen.withLock { $0 } }

    func send(_ method: String, headers: [String]) {
        let number = sent.withLock {
            $0 += 1
            return $0
        }
        let lines =
            [
                "\(method) sip:8002@martlet SIP/2.0", "Via: SIP/2.0/UDP 127.0.0.1:\(port);branch=z9hG4bKraw\(number)",
                "Max-Forwards: 70", "From: <sip:8001@martlet>;tag=raw", "To: <sip:8002@martlet>",
                "Call-ID: raw-\(number)", "CSeq: 1 \(method)",
            ] + headers + ["Content-Length: 0", "", ""]
        world.network.send(Array(lines.joined(separator: "\r\n").utf8), from: port, to: 5060)
    }

    /// The final answer, retransmissions aside.
    func ask(_ method: String, headers: [String]) -> Int? {
        send(method, headers: headers)
        world.run(for: .seconds(1))
        return answers.last
    }
}

extension ReplacesHeader {
    static func text(_ header: ReplacesHeader) -> String {
        "\(header.callID);to-tag=\(header.toTag);from-tag=\(header.fromTag)"
    }
}
