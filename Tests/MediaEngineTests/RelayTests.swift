// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CallModel
import Testing

@testable import MediaEngine

@Suite struct RelayTests {
    /// Two legs in a room and their phones.
    private func pair(_ a: MediaCodec = .pcma, _ b: MediaCodec = .pcma) throws -> (Studio, Phone, Phone, MediaRoom) {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let left = Phone(ssrc: 1)
        let right = Phone(ssrc: 2)
        _ = try studio.leg(left, in: room, codec: a)
        _ = try studio.leg(right, in: room, codec: b)
        return (studio, left, right, room)
    }

    @Test func whatOneSaysTheOtherHearsBitForBitAtOnce() throws {
        let (studio, left, right, _) = try pair()
        var said: [[UInt8]] = []
        for index in 0..<50 {
            said.append((0..<160).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index &* 31) })
            left.speak(said[index])
            studio.settle()
        }
        let heard = right.heard()
        #expect(heard.map(\.payload) == said)
        #expect(Set(heard.map(\.ssrc)).count == 1)
        #expect(heard.first?.ssrc != 1)
        for (a, b) in zip(heard, heard.dropFirst()) {
            #expect(b.sequence == a.sequence &+ 1 && b.timestamp == a.timestamp &+ 160)
        }
        #expect(heard.map(\.marker) == [true] + Array(repeating: false, count: 49))
        #expect(left.heard().isEmpty)
    }

    @Test func extensionsContributorsAndPaddingAreTakenOff() throws {
        let (studio, left, right, _) = try pair()
        let body: [UInt8] = (0..<160).map { UInt8($0) }
        var packet = Phone.bytes(Packet(sequence: 1, timestamp: 2, ssrc: 3, payload: []))
        packet[0] = 0x80 | 0x20 | 0x10 | 2
        packet += [1, 2, 3, 4, 5, 6, 7, 8] + [0xBE, 0xDE, 0, 1, 9, 9, 9, 9] + body + [0, 0, 0, 4]
        left.sendRaw(packet)
        studio.settle()
        #expect(right.heard().map(\.payload) == [body])
    }

    @Test func betweenTheLawsEveryOctetIsConvertedByTheTablesOfTheRecommendation() throws {
        let (studio, left, right, _) = try pair(.pcma, .pcmu)
        let all = (0...255).map { UInt8($0) }
        left.speak(Array(all[0..<128]))
        left.speak(Array(all[128...]))
        right.speak(Array(all[0..<128]))
        right.speak(Array(all[128...]))
        studio.settle()
        let toRight = right.heard()
        #expect(toRight.flatMap(\.payload) == all.map { G711Transcoder.aToMu($0) })
        #expect(toRight.allSatisfy { $0.type == 0 })
        #expect(left.heard().flatMap(\.payload) == all.map { G711Transcoder.muToA($0) })
    }

    @Test func lossAndOrderAreKeptForTheFarSidesOwnBuffer() throws {
        let (studio, left, right, _) = try pair()
        for sequence: UInt16 in [65530, 65531, 65535, 65534, 0, 1] {
            let step = UInt32(sequence &- 65530)
            left.send(
                Packet(sequence: sequence, timestamp: step * 160, ssrc: 1, payload: [UInt8](repeating: 1, count: 160)))
        }
        studio.settle()
        let heard = right.heard()
        let first = try #require(heard.first)
        #expect(heard.map { $0.sequence &- first.sequence } == [0, 1, 5, 4, 6, 7])
        #expect(heard.map { $0.timestamp &- first.timestamp } == [0, 160, 800, 640, 960, 1120])
    }

    @Test func oneStreamGoesOnFromRelayToMixToRelay() throws {
        let (studio, left, right, room) = try pair()
        var heard: [Packet] = []
        func talk(_ milliseconds: Int) {
            for _ in 0..<(milliseconds / 20) {
                left.speak([UInt8](repeating: 0x2A, count: 160))
                right.speak([UInt8](repeating: 0x2B, count: 160))
                studio.run(milliseconds: 20)
                heard += right.heard()
            }
        }
        talk(200)
        let tone = try studio.door.play(.milliwatt, in: room)
        talk(200)
        studio.door.stop(tone)
        talk(200)
        // The other side starts over with another SSRC and other numbers.
        left.ssrc = 77
        left.sequence = 40000
        left.timestamp = 99
        talk(100)
        try #require(heard.count > 30)
        #expect(Set(heard.map(\.ssrc)).count == 1)
        for (a, b) in zip(heard, heard.dropFirst()) {
            #expect(b.sequence == a.sequence &+ 1)
            let step = Int32(bitPattern: b.timestamp &- a.timestamp)
            #expect(step >= 160 && step <= 480)
        }
        // Relay, mix, relay, new source: the marker says so each time.
        #expect(heard.filter(\.marker).count == 4)
        let spoken = heard.last.map { Int32(bitPattern: $0.timestamp &- heard[0].timestamp) } ?? 0
        #expect(abs(spoken - 8 * 680) <= 320)
    }

    @Test func aHeldSideGetsNothingAndIsNotHeard() throws {
        let (studio, left, right, room) = try pair()
        let held = Phone(ssrc: 9)
        _ = room
        let other = try studio.door.openRoom(callAffinity: 1)
        let leg = try studio.leg(held, in: other, sends: false, receives: false)
        studio.door.move(leg, to: other)
        left.speak([1, 2, 3])
        held.speak([4, 5, 6])
        studio.run(milliseconds: 100)
        #expect(right.heard().map(\.payload) == [[1, 2, 3]])
        #expect(held.heard().isEmpty)
    }

    @Test func aTransferMovesALegWithoutChangingItsStream() throws {
        let studio = try Studio()
        let first = try studio.door.openRoom(callAffinity: 5)
        let second = try studio.door.openRoom(callAffinity: 5)
        let a = Phone(ssrc: 1)
        let b = Phone(ssrc: 2)
        let c = Phone(ssrc: 3, sequence: 9000)
        let legA = try studio.leg(a, in: first)
        let legB = try studio.leg(b, in: first)
        _ = try studio.leg(c, in: second)
        b.speak([UInt8](repeating: 2, count: 160))
        studio.run(milliseconds: 20)
        studio.door.move(legA, to: second)
        studio.door.close(legB)
        studio.settle()
        c.speak([UInt8](repeating: 3, count: 160))
        studio.settle()
        let heard = a.heard().filter { $0.payload.first == 2 || $0.payload.first == 3 }
        try #require(heard.map { $0.payload[0] } == [2, 3])
        #expect(Set(heard.map(\.ssrc)).count == 1)
        #expect(heard[1].sequence == heard[0].sequence &+ 1)
        #expect(
            studio.events.contains { if case .legClosed(legB, let s) = $0 { s.packetsReceived == 1 } else { false } })
    }
}
