// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CallModel
import Glibc
import Testing

@testable import MediaEngine

/// Legs and instruments that go from one media thread to another.
@Suite struct HandoverTests {
    /// A pair in a room of thread 0, and somebody else in a room of thread 1.
    private struct Transfer {
        let studio: Studio
        let first: MediaRoom
        let second: MediaRoom
        let phones = [Phone(ssrc: 1), Phone(ssrc: 2, sequence: 40), Phone(ssrc: 3, sequence: 9000)]
        let legs: [MediaLeg]

        init() throws {
            studio = try Studio(threads: 2)
            first = try studio.room(on: 0)
            second = try studio.room(on: 1)
            var legs: [MediaLeg] = []
            for (index, phone) in phones.enumerated() {
                legs.append(try studio.leg(phone, in: index < 2 ? first : second))
            }
            self.legs = legs
        }
    }

    private func frame(_ octet: UInt8) -> [UInt8] { [UInt8](repeating: octet, count: 160) }

    private func followUp(_ heard: [Packet]) {
        #expect(Set(heard.map(\.ssrc)).count == 1)
        for (a, b) in zip(heard, heard.dropFirst()) {
            #expect(b.sequence == a.sequence &+ 1)
            let step = Int32(bitPattern: b.timestamp &- a.timestamp)
            #expect(step >= 160 && step <= 320, "\(step)")
        }
    }

    @Test func anAttendedTransferKeepsEveryStreamAndRelaysBitForBitBeforeAndAfter() throws {
        let world = try Transfer()
        let studio = world.studio
        var heard: [Packet] = []
        var said: [UInt8] = []
        func talk(_ turns: Int, with other: Int) {
            for index in 0..<turns {
                let octet = UInt8(truncatingIfNeeded: said.count + other * 100)
                said.append(octet)
                world.phones[other].speak(frame(octet))
                world.phones[0].speak((0..<160).map { UInt8(truncatingIfNeeded: $0 &* 3 &+ index) })
                studio.run(milliseconds: 20)
                heard += world.phones[0].heard()
            }
        }
        talk(25, with: 1)
        // Every packet of his reached the first, and from the move on the second.
        #expect(world.phones[1].heard().count == 25)
        _ = world.phones[2].heard()
        studio.door.move(world.legs[0], to: world.second)
        studio.settle()
        talk(25, with: 2)
        #expect(heard.map { $0.payload[0] } == said)
        followUp(heard)
        let atSecond = world.phones[2].heard()
        #expect(
            atSecond.map(\.payload)
                == (0..<25).map { turn in (0..<160).map { UInt8(truncatingIfNeeded: $0 &* 3 &+ turn) } })
        // One who transfers from thread to thread and back is where he was.
        studio.door.move(world.legs[0], to: world.first)
        studio.settle()
        talk(25, with: 1)
        #expect(heard.map { $0.payload[0] } == said)
        followUp(heard)
        #expect(heard.filter(\.marker).count == 3)
        studio.door.close(world.legs[0])
        studio.settle()
        let figures = studio.events.compactMap { if case .legClosed(world.legs[0], let it) = $0 { it } else { nil } }
        #expect(figures.map(\.packetsReceived) == [75])
        #expect(figures.map(\.packetsSent) == [75])
        #expect(figures.map(\.packetsLost) == [0] && figures.map(\.packetsRefused) == [0])
        #expect(studio.engine.counters.refusedCommands == 0)
    }

    @Test(arguments: [[0, 1], [1, 0]])
    func packetsThatComeWhileALegIsHandedOverWaitAndComeOnce(_ order: [Int]) throws {
        let world = try Transfer()
        let studio = world.studio
        studio.door.move(world.legs[0], to: world.second)
        studio.turn(order[0])
        var said: [[UInt8]] = []
        for octet: UInt8 in 1...3 {
            said.append(frame(octet))
            world.phones[0].speak(said[Int(octet) - 1])
        }
        studio.turn(order[1])
        studio.settle()
        #expect(world.phones[2].heard().map(\.payload) == said)
        #expect(world.phones[1].heard().isEmpty)
    }

    @Test func aThreadThatWaitsForALegGoesOnWithItsPackets() throws {
        let world = try Transfer()
        let studio = world.studio
        let other = Phone(ssrc: 4)
        _ = try studio.leg(other, in: world.second)
        let silent = try studio.room(on: 1)
        studio.door.move(world.legs[0], to: silent)
        // What is said to others waits behind the leg; what they say does not.
        studio.door.close(world.second)
        for octet: UInt8 in 1...10 {
            other.speak(frame(octet))
            studio.now += 20_000_000
            studio.turn(1)
            studio.threads[1].core.pointee.tick()
        }
        #expect(studio.threads[1].core.pointee.ports[0].isWaiting)
        #expect(world.phones[2].heard().filter { $0.payload.contains { $0 != 0xD5 } }.count > 5)
        studio.settle()
        #expect(!studio.threads[1].core.pointee.ports[0].isWaiting)
        #expect(studio.threads[1].core.pointee.find(room: Handle(rawValue: world.second.rawValue)) == nil)
    }

    @Test func commandsForALegOnItsWayTakeEffectInOrder() throws {
        let world = try Transfer()
        let studio = world.studio
        let leg = world.legs[0]
        // To the second room, mute there for the other, then back and forth once more with another law and keys.
        studio.door.move(leg, to: world.second)
        studio.door.setGain(world.second, listener: .leg(world.legs[2]), speaker: .leg(leg), gain: 0)
        studio.door.move(leg, to: world.first)
        studio.door.configure(leg, studio.media(world.phones[0], codec: .pcmu))
        studio.door.move(leg, to: world.second)
        studio.door.sendDigits("7", to: leg)
        studio.door.setGain(world.second, listener: .leg(world.legs[2]), speaker: .leg(leg), gain: 0)
        world.phones[0].codec = .pcmu
        for _ in 0..<25 {
            for phone in world.phones { phone.speak(frame(0x2A)) }
            studio.run(milliseconds: 20)
        }
        let heard = world.phones[0].heard()
        #expect(heard.filter { $0.type == 101 }.map { $0.payload[0] } == [7, 7, 7, 7, 7, 7, 7])
        #expect(heard.contains { $0.type == 0 })
        #expect(!heard.contains { $0.type == 8 })
        #expect(world.phones[2].heard().allSatisfy { $0.payload == frame(0xD5) })
        #expect(studio.events.contains { if case .digitsSent(leg) = $0 { true } else { false } })
        #expect(studio.engine.counters.refusedCommands == 0)
    }

    @Test func aLegClosedOnItsWayHasItsEnd() throws {
        let world = try Transfer()
        let studio = world.studio
        studio.door.move(world.legs[0], to: world.second)
        studio.door.sendDigits("123", to: world.legs[0])
        studio.door.close(world.legs[0])
        studio.door.close(world.legs[0])
        studio.door.move(world.legs[0], to: world.first)
        studio.settle()
        let ends = studio.events.filter { event in
            switch event {
            case .legClosed(world.legs[0], _), .digitsSent(world.legs[0]): true
            default: false
            }
        }
        #expect(ends.count == 2)
        #expect(studio.engine.counters.refusedCommands == 2)
        #expect(studio.threads.map { $0.core.pointee.state.pointee.openCount } == [1, 1])
    }

    @Test func aRoomClosedUnderALegOnItsWayLeavesItToBeMovedOn() throws {
        let world = try Transfer()
        let studio = world.studio
        studio.door.move(world.legs[0], to: world.second)
        studio.door.close(world.second)
        // Nobody is moved into a closed room.
        studio.door.move(world.legs[1], to: world.second)
        studio.door.move(world.legs[0], to: world.first)
        studio.settle()
        world.phones[1].speak(frame(5))
        studio.settle()
        #expect(world.phones[0].heard().map(\.payload) == [frame(5)])
        #expect(studio.engine.counters.refusedCommands == 1)
    }

    @Test func keysBeingSentGoOnWhereTheyWere() throws {
        let world = try Transfer()
        let studio = world.studio
        studio.door.sendDigits("123", to: world.legs[0])
        studio.run(milliseconds: 250)
        studio.door.move(world.legs[0], to: world.second)
        studio.run(milliseconds: 600)
        let events = world.phones[0].heard().filter { $0.type == 101 }
        #expect(events.map { $0.payload[0] } == [1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3])
        #expect(Set(events.map(\.timestamp)).count == 3)
        #expect(studio.events.filter { if case .digitsSent(world.legs[0]) = $0 { true } else { false } }.count == 1)
    }

    @Test func aSilenceGoesOnOverTheMove() throws {
        let world = try Transfer()
        let studio = world.studio
        studio.door.configure(world.legs[0], studio.media(world.phones[0], timeout: .seconds(2)))
        studio.run(milliseconds: 1500)
        studio.door.move(world.legs[0], to: world.second)
        studio.run(milliseconds: 400)
        #expect(!studio.events.contains { if case .timedOut = $0 { true } else { false } })
        studio.run(milliseconds: 250)
        #expect(studio.events.filter { if case .timedOut(world.legs[0]) = $0 { true } else { false } }.count == 1)
    }

    /// What happened on the thread with the higher number happened first.
    @Test func whatHappenedToALegIsToldInOrder() throws {
        let world = try Transfer()
        let studio = world.studio
        func press(_ event: UInt8) {
            for _ in 0..<3 {
                var payload: [UInt8] = [0, 0, 0, 0]
                TelephoneEvent(event: event, end: true, volume: 10, duration: 800).write(to: &payload)
                world.phones[0].speak(payload, type: 101)
                world.phones[0].timestamp &-= 4
            }
            world.phones[0].timestamp &+= 1600
            for _ in 0..<4 { for index in [0, 1] { studio.turn(index) } }
        }
        studio.door.move(world.legs[0], to: world.second)
        press(1)
        studio.door.move(world.legs[0], to: world.first)
        press(2)
        studio.door.move(world.legs[0], to: world.second)
        press(3)
        studio.door.move(world.legs[0], to: world.first)
        press(4)
        studio.door.close(world.legs[0])
        studio.settle()
        #expect(studio.digits == "1234")
        guard case .legClosed(world.legs[0], _)? = studio.events.last else {
            Issue.record("\(studio.events)")
            return
        }
    }

    @Test func whoWaitsForADecoderGetsOneWhereverHeGoes() throws {
        let world = try Transfer()
        let studio = world.studio
        studio.serves = false
        studio.door.move(world.legs[0], to: world.second)
        let third = Phone(ssrc: 9)
        _ = try studio.leg(third, in: world.second)
        studio.settle()
        studio.door.move(world.legs[0], to: world.first)
        let fourth = Phone(ssrc: 10)
        _ = try studio.leg(fourth, in: world.first)
        studio.settle()
        studio.door.move(world.legs[0], to: world.second)
        studio.settle()
        studio.serves = true
        for _ in 0..<20 {
            world.phones[0].speak(frame(0x11))
            studio.run(milliseconds: 20)
        }
        #expect(third.heard().last?.payload == frame(0x11))
    }

    @Test func aMixGoesOnWithinTwoPacketsAndLosesNothingOfWhatWasSaid() throws {
        let world = try Transfer()
        let studio = world.studio
        let third = Phone(ssrc: 4)
        let follower = try studio.leg(third, in: world.first)
        let spare = Phone(ssrc: 5)
        _ = try studio.leg(spare, in: world.second)
        // The one who listens and the one who speaks go together; packets carry their number.
        var arrivals: [Int64] = []
        var heard: [UInt8] = []
        for index in 0..<150 {
            if index == 75 {
                studio.door.inOneTurn {
                    studio.door.move(follower, to: world.second)
                    studio.door.move(world.legs[0], to: world.second)
                }
            }
            world.phones[0].speak(frame(UInt8(index)))
            for _ in 0..<20 {
                studio.run(milliseconds: 1)
                for packet in third.heard() where index > 20 {
                    arrivals.append(studio.now)
                    heard.append(packet.payload[80])
                }
            }
        }
        #expect(zip(arrivals, arrivals.dropFirst()).allSatisfy { $1 - $0 < 40_000_000 })
        // Not one frame is missing or comes twice: a jitter buffer goes with its leg.
        let first = try #require(heard.first)
        #expect(heard == (0..<heard.count).map { first &+ UInt8($0) })
    }
}
