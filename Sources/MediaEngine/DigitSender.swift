// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio

/// Presses keys one after the other at the pace of a 20 ms tick: 100 ms down, 100 ms up.
///
/// As telephone-events (RFC 4733 §2.5.1): a packet at each tick with the growing duration, then the end packet
/// three times, 20 ms apart. In band: 100 ms of the two tones, then silence. A plain value; up to 64 keys
/// wait in it.
struct DigitSender: BitwiseCopyable {
    enum Step: Equatable {
        /// Send this event packet; `begins` for the first of a key.
        case event(event: UInt8, duration: UInt16, end: Bool, begins: Bool)
        /// Nothing to send at this tick.
        case pause
        /// Play 20 ms of a key; `begins` for the first 20 ms.
        case tone(event: UInt8, begins: Bool)
        /// The last key is up; its batch, if it was asked for, is done.
        case done(batches: UInt8)
    }

    static let capacity = 64
    private static let ticksDown = 5
    private static let ticksPerKey = 10

    /// Four bits a key.
    private var keys: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private(set) var count = 0
    private var position = 0
    private var tick = 0
    private var batches: UInt8 = 0

    var isActive: Bool { count > 0 || batches > 0 }

    /// Adds a key; false when 64 wait.
    mutating func append(_ event: UInt8) -> Bool {
        guard count < Self.capacity else { return false }
        let shift = UInt64(count % 16) * 4
        let value = UInt64(event & 15) << shift
        switch count / 16 {
        case 0: keys.0 |= value
        case 1: keys.1 |= value
        case 2: keys.2 |= value
        default: keys.3 |= value
        }
        count += 1
        return true
    }

    /// A batch that wants to be told when all keys up to here are out.
    mutating func closeBatch() { if batches < .max { batches += 1 } }

    func key(_ index: Int) -> UInt8 {
        let word: UInt64
        switch index / 16 {
        case 0: word = keys.0
        case 1: word = keys.1
        case 2: word = keys.2
        default: word = keys.3
        }
        return UInt8((word >> (UInt64(index % 16) * 4)) & 15)
    }

    /// Forgets all keys; returns the batches that were waiting.
    mutating func clear() -> UInt8 {
        let waiting = batches
        self = DigitSender()
        return waiting
    }

    /// What to do at this tick. After `.done` the sender is empty and may be filled again.
    mutating func step(inBand: Bool) -> Step {
        guard position < count else {
            let told = batches
            self = DigitSender()
            return .done(batches: told)
        }
        let event = key(position)
        let at = tick
        tick += 1
        if tick == Self.ticksPerKey {
            tick = 0
            position += 1
        }
        if inBand { return at < Self.ticksDown ? .tone(event: event, begins: at == 0) : .pause }
        // The fifth packet carries the full 100 ms and is the first of the three end packets.
        guard at < Self.ticksDown + 2 else { return .pause }
        let down = min(at + 1, Self.ticksDown)
        return .event(event: event, duration: UInt16(down * 160), end: at + 1 >= Self.ticksDown, begins: at == 0)
    }
}
