// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CallModel
import Testing

@testable import MediaEngine

@Suite struct KeyTests {
    /// Presses a key as a phone does: 5 packets, then 3 end packets.
    private func press(_ event: UInt8, _ phone: Phone, _ studio: Studio, type: UInt8 = 101) {
        for index in 0..<8 {
            let duration = UInt16(min(index + 1, 6) * 160)
            var payload: [UInt8] = [0, 0, 0, 0]
            TelephoneEvent(event: event, end: index >= 5, volume: 10, duration: duration).write(to: &payload)
            phone.send(
                Packet(
                    type: type, marker: index == 0, sequence: phone.sequence, timestamp: phone.timestamp,
                    ssrc: phone.ssrc, payload: payload))
            phone.sequence &+= 1
            studio.run(milliseconds: 20)
        }
        phone.timestamp &+= 8 * 160
    }

    @Test func aKeyIsToldOnceAndRelayedUnderTheOthersPayloadType() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let a = Phone(ssrc: 1)
        let b = Phone(ssrc: 2)
        _ = try studio.leg(a, in: room, events: 101)
        _ = try studio.leg(b, in: room, events: 96)
        a.speak([UInt8](repeating: 1, count: 160))
        studio.run(milliseconds: 20)
        press(5, a, studio)
        press(11, a, studio)
        #expect(studio.digits == "5#")
        let events = b.heard().filter { $0.type == 96 }
        try #require(events.count == 16)
        #expect(events.prefix(8).allSatisfy { $0.timestamp == events[0].timestamp && $0.payload[0] == 5 })
        #expect(events[0].marker && !events[1].marker)
    }

    @Test func aPhoneWithoutTelephoneEventsHearsTheToneInstead() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let a = Phone(ssrc: 1)
        let b = Phone(ssrc: 2)
        _ = try studio.leg(a, in: room)
        _ = try studio.leg(b, in: room, events: nil)
        press(1, a, studio)
        studio.run(milliseconds: 300)
        let samples = b.heard().flatMap(\.payload).map { G711.a.decode($0) }
        #expect(samples.filter { abs(Int($0)) > 4000 }.count > 300)
        #expect(studio.digits == "1")
    }

    @Test func keysPassBetweenThePartiesOfASupervisedCall() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phones = (1...3).map { Phone(ssrc: UInt32($0)) }
        let legs = try phones.map { try studio.leg($0, in: room) }
        for party in legs.prefix(2) {
            studio.door.setGain(room, listener: .leg(party), speaker: .leg(legs[2]), gain: 0)
        }
        studio.run(milliseconds: 40)
        press(7, phones[0], studio)
        studio.run(milliseconds: 400)
        #expect(studio.digits == "7")
        #expect(phones[1].heard().filter { $0.type == 101 && $0.payload[0] == 7 }.count == 8)
        #expect(phones[2].heard().filter { $0.type == 101 }.isEmpty)
    }

    @Test func digitsGoOutPacedWithThreeEndPacketsAndOneStream() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let a = Phone(ssrc: 1)
        let b = Phone(ssrc: 2)
        let legA = try studio.leg(a, in: room)
        _ = try studio.leg(b, in: room)
        for _ in 0..<5 {
            b.speak([UInt8](repeating: 3, count: 160))
            studio.run(milliseconds: 20)
        }
        studio.door.sendDigits("1x9", to: legA)
        for _ in 0..<40 {
            b.speak([UInt8](repeating: 3, count: 160))
            studio.run(milliseconds: 20)
        }
        let heard = a.heard()
        let events = heard.filter { $0.type == 101 }
        try #require(events.map { $0.payload[0] } == [1, 1, 1, 1, 1, 1, 1, 9, 9, 9, 9, 9, 9, 9])
        #expect(events.filter { $0.payload[1] & 0x80 != 0 }.count == 6)
        #expect(events[6].payload[2...] == [0x03, 0x20])
        for (p, q) in zip(heard, heard.dropFirst()) {
            #expect(q.sequence == p.sequence &+ 1)
            #expect(Int32(bitPattern: q.timestamp &- p.timestamp) >= 0)
        }
        #expect(studio.events.filter { if case .digitsSent(legA) = $0 { true } else { false } }.count == 1)
        // Speech is relayed again afterwards.
        #expect(heard.last?.payload.first == 3)
    }

    @Test func digitsForALegThatCloseAreToldAsSentSoNobodyWaits() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone()
        let leg = try studio.leg(phone, in: room)
        studio.door.sendDigits("123456", to: leg)
        studio.run(milliseconds: 60)
        studio.door.close(leg)
        studio.settle()
        #expect(studio.events.contains { if case .digitsSent(leg) = $0 { true } else { false } })
        #expect(studio.events.contains { if case .legClosed(leg, _) = $0 { true } else { false } })
    }
}
