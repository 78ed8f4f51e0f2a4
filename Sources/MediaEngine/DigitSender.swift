// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio

/// Presses keys one after the other at the pace of a 20 ms tick: each down for its own time, then 100 ms up.
///
/// As telephone-events (RFC 4733 §2.5.1): a packet at each tick with the growing duration, then the end packet
/// three times, 20 ms apart. In band: the two tones, then silence. A plain value; up to 64 keys
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
    /// 100 ms, of a key whose duration nobody gave.
    static let standardTicks: UInt8 = 5
    /// 40 ms, which every receiver takes for a key (ITU-T Q.24).
    private static let leastTicks: UInt8 = 2
    private static let ticksUp = 5

    /// Four bits a key.
    private var keys: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    /// How long each is down, eight bits a key.
    private var lengths: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
    private(set) var count = 0
    private var position = 0
    private var tick = 0
    private var batches: UInt8 = 0

    var isActive: Bool { count > 0 || batches > 0 }

    /// The ticks of a duration in RTP clock units of 125 µs, rounded up.
    static func ticks(units: UInt32) -> UInt8 {
        UInt8(clamping: units / 160 + (units % 160 == 0 ? 0 : 1))
    }

    /// Adds a key that is down for 2 to 255 ticks; false when 64 wait.
    mutating func append(_ event: UInt8, ticks: UInt8 = DigitSender.standardTicks) -> Bool {
        guard count < Self.capacity else { return false }
        append(length: max(ticks, Self.leastTicks))
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

    private mutating func append(length: UInt8) {
        let value = UInt64(length) << (UInt64(count % 8) * 8)
        switch count / 8 {
        case 0: lengths.0 |= value
        case 1: lengths.1 |= value
        case 2: lengths.2 |= value
        case 3: lengths.3 |= value
        case 4: lengths.4 |= value
        case 5: lengths.5 |= value
        case 6: lengths.6 |= value
        default: lengths.7 |= value
        }
    }

    func ticks(_ index: Int) -> UInt8 {
        let word: UInt64
        switch index / 8 {
        case 0: word = lengths.0
        case 1: word = lengths.1
        case 2: word = lengths.2
        case 3: word = lengths.3
        case 4: word = lengths.4
        case 5: word = lengths.5
        case 6: word = lengths.6
        default: word = lengths.7
        }
        return UInt8((word >> (UInt64(index % 8) * 8)) & 255)
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
        let length = Int(ticks(position))
        let at = tick
        tick += 1
        if tick == length + Self.ticksUp {
            tick = 0
            position += 1
        }
        if inBand { return at < length ? .tone(event: event, begins: at == 0) : .pause }
        // The last packet while it is down carries the whole duration and is the first of the three end packets.
        guard at < length + 2 else { return .pause }
        let down = min(at + 1, length)
        return .event(event: event, duration: UInt16(down * 160), end: at + 1 >= length, begins: at == 0)
    }
}
