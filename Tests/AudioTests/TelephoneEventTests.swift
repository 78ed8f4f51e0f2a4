// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import Testing

private func packet(_ event: UInt8, _ duration: UInt16, end: Bool = false) -> TelephoneEvent {
    TelephoneEvent(event: event, end: end, volume: 10, duration: duration)
}

@Test func payloadIsReadAsWritten() {
    var bytes: [UInt8] = [0, 0, 0, 0]
    TelephoneEvent(event: 11, end: true, volume: 63, duration: 0x1234).write(to: &bytes)
    #expect(bytes == [11, 0xBF, 0x12, 0x34])
    #expect(TelephoneEvent(bytes, count: 4) == TelephoneEvent(event: 11, end: true, volume: 63, duration: 0x1234))
    #expect(TelephoneEvent(bytes, count: 3) == nil)
}

@Test func aKeyHeldForManyPacketsIsOnePress() {
    var receiver = TelephoneEventReceiver()
    for i in 1...4 {
        #expect(receiver.receive(packet(5, UInt16(i * 160)), timestamp: 1000, milliseconds: Int64(i * 20)) == nil)
    }
    let press = receiver.receive(packet(5, 800, end: true), timestamp: 1000, milliseconds: 100)
    #expect(press == .init(event: 5, duration: 800))
    for i in 0..<2 {
        #expect(receiver.receive(packet(5, 800, end: true), timestamp: 1000, milliseconds: Int64(120 + i)) == nil)
    }
    #expect(receiver.expire(milliseconds: 10_000) == nil)
}

@Test func theSameKeyTwiceIsTwoPresses() {
    var receiver = TelephoneEventReceiver()
    _ = receiver.receive(packet(1, 160), timestamp: 1000, milliseconds: 0)
    #expect(receiver.receive(packet(1, 320, end: true), timestamp: 1000, milliseconds: 20) != nil)
    _ = receiver.receive(packet(1, 160), timestamp: 2600, milliseconds: 200)
    #expect(receiver.receive(packet(1, 320, end: true), timestamp: 2600, milliseconds: 220) != nil)
}

@Test func lostEndPacketsEndByTime() {
    var receiver = TelephoneEventReceiver()
    _ = receiver.receive(packet(9, 160), timestamp: 5, milliseconds: 0)
    _ = receiver.receive(packet(9, 320), timestamp: 5, milliseconds: 20)
    #expect(receiver.expire(milliseconds: 219) == nil)
    #expect(receiver.expire(milliseconds: 220) == .init(event: 9, duration: 320))
    // An end that was only late changes nothing.
    #expect(receiver.receive(packet(9, 480, end: true), timestamp: 5, milliseconds: 230) == nil)
}

@Test func aNewKeyEndsTheOneBefore() {
    var receiver = TelephoneEventReceiver()
    _ = receiver.receive(packet(1, 160), timestamp: 1000, milliseconds: 0)
    #expect(receiver.receive(packet(2, 160), timestamp: 1480, milliseconds: 60) == .init(event: 1, duration: 160))
    // A late packet of the first does not press it again.
    #expect(receiver.receive(packet(1, 320), timestamp: 1000, milliseconds: 70) == nil)
    #expect(
        receiver.receive(packet(2, 320, end: true), timestamp: 1480, milliseconds: 80) == .init(event: 2, duration: 320)
    )
}

@Test func anEndPacketAloneIsStillAPress() {
    var receiver = TelephoneEventReceiver()
    #expect(
        receiver.receive(packet(3, 800, end: true), timestamp: 9, milliseconds: 0) == .init(event: 3, duration: 800))
    #expect(receiver.receive(packet(3, 800, end: true), timestamp: 9, milliseconds: 1) == nil)
}

@Test func aKeyHeldBeyondTheDurationFieldIsOnePress() {
    var receiver = TelephoneEventReceiver()
    _ = receiver.receive(packet(0, 0xFFFF), timestamp: 100, milliseconds: 8191)
    #expect(receiver.receive(packet(0, 160), timestamp: 100 &+ 0xFFFF, milliseconds: 8200) == nil)
    let press = receiver.receive(packet(0, 320, end: true), timestamp: 100 &+ 0xFFFF, milliseconds: 8220)
    #expect(press == .init(event: 0, duration: 0xFFFF + 320))
}

@Test func timestampsMayWrap() {
    var receiver = TelephoneEventReceiver()
    #expect(receiver.receive(packet(1, 160, end: true), timestamp: .max - 10, milliseconds: 0) != nil)
    #expect(receiver.receive(packet(1, 160, end: true), timestamp: 1600, milliseconds: 200) != nil)
}
