// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CallModel
import Testing
import Timing

@testable import MediaEngine

/// Whatever comes in a datagram, the switch goes on. The seed is printed with a failure.
@Test(arguments: [1, 2, 3, 4])
func randomDatagramsNeverEndTheProcess(_ seed: UInt64) throws {
    let studio = try Studio()
    var entropy = Entropy.seeded(seed)
    let pair = try studio.door.openRoom(callAffinity: 1)
    let conference = try studio.door.openRoom(callAffinity: 1)
    var phones: [Phone] = []
    for index in 0..<5 {
        let phone = Phone(ssrc: UInt32(index))
        _ = try studio.leg(phone, in: index < 2 ? pair : conference)
        phones.append(phone)
    }
    studio.run(milliseconds: 40)
    let base = Phone.bytes(Packet(sequence: 1, timestamp: 1, ssrc: 1, payload: [UInt8](repeating: 9, count: 160)))
    for round in 0..<2000 {
        let phone = phones[round % 5]
        var bytes =
            round % 3 == 0
            ? (0..<Int(entropy.next() % 64)).map { _ in UInt8(truncatingIfNeeded: entropy.next()) } : base
        for _ in 0..<Int(entropy.next() % 4) where !bytes.isEmpty {
            bytes[Int(entropy.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: entropy.next())
        }
        if round % 17 == 0 { bytes += [UInt8](repeating: 1, count: 3000) }
        phone.sendRaw(bytes)
        if round % 10 == 0 { studio.run(milliseconds: 20) }
    }
    // And speech still passes.
    for phone in phones.prefix(2) {
        phone.ssrc = 0xFEED
        phone.sequence = 0
        phone.timestamp = 0
        _ = phone.heard()
    }
    phones[0].speak([UInt8](repeating: 0x31, count: 160))
    studio.settle()
    #expect(phones[1].heard().contains { $0.payload == [UInt8](repeating: 0x31, count: 160) })
}

@Test func malformedReportsAreReadWithinTheirBounds() throws {
    let studio = try Studio()
    let room = try studio.door.openRoom(callAffinity: 1)
    _ = try studio.leg(Phone(), in: room)
    var entropy = Entropy.seeded(7)
    for _ in 0..<5000 {
        var bytes = (0..<Int(8 + entropy.next() % 80)).map { _ in UInt8(truncatingIfNeeded: entropy.next()) }
        bytes[0] = 0x80 | bytes[0] & 31
        bytes[1] = 200 + bytes[1] % 4
        bytes[2] = 0
        bytes[3] &= 31
        studio.core.read(bytes, count: bytes.count, studio.core.legs)
    }
}
