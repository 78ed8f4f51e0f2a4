// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CMallocCount
import CallModel
import Glibc
import Testing

@testable import MediaEngine

/// Nothing on a media thread takes memory from the heap once a call runs: counted, not believed.
@Suite struct AllocationTests {
    /// Mallocs of `work` on this thread. Swift Testing may move a test between threads, but not within this.
    private func mallocs(_ work: () -> Void) -> UInt64 {
        let before = malloc_count_of_this_thread()
        work()
        return malloc_count_of_this_thread() - before
    }

    @Test func theCounterCounts() {
        var kept: UnsafeMutablePointer<UInt64>?
        #expect(mallocs { kept = .allocate(capacity: Int(getpid())) } == 1)
        kept?.deallocate()
    }

    /// One engine's turn: everything ready is taken, then a tick. What surrounds it in `Studio` (service,
    /// drain) is not a media thread's.
    private func turn(_ studio: Studio, _ marks: UnsafeMutablePointer<UInt64>) {
        studio.now += 20_000_000
        // By index: in a debug build the iterator of an array takes memory.
        for index in studio.threads.indices {
            let thread = studio.threads[index]
            let core = thread.core.pointee
            core.state.pointee.now = studio.now
            core.process()
            while true {
                let count = thread.poll(core, marks, timeoutMilliseconds: 0)
                if count == 0 { break }
                thread.dispatch(core, marks, count)
            }
            core.tick()
            core.signal()
        }
    }

    /// `warmUp` turns, a second, for jitter buffers and free lists to fill.
    private func count(
        _ studio: Studio, _ phones: [Phone], turns: Int = 500, warmUp: Int = 50, before: (Int) -> Void = { _ in }
    ) -> UInt64 {
        let marks = UnsafeMutablePointer<UInt64>.allocate(capacity: 256)
        defer { marks.deallocate() }
        var total: UInt64 = 0
        let frame = (0..<160).map { UInt8(truncatingIfNeeded: $0) }
        for index in 0..<turns {
            for phone in phones { phone.speak(frame) }
            before(index)
            let taken = mallocs { turn(studio, marks) }
            if index >= warmUp { total += taken }
            for phone in phones where index % 10 == 0 { _ = phone.heard() }
        }
        return total
    }

    @Test func aRelayedCallTakesNone() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phones = [Phone(ssrc: 1), Phone(ssrc: 2)]
        for phone in phones { _ = try studio.leg(phone, in: room) }
        #expect(count(studio, phones) == 0)
        #expect(studio.engine.counters.relayed == 1000)
    }

    @Test func legsAndInstrumentsThatGoBetweenThreadsTakeNone() throws {
        let studio = try Studio(threads: 2)
        let rooms = [try studio.room(on: 0), try studio.room(on: 1)]
        let phones = (1...5).map { Phone(ssrc: UInt32($0)) }
        let legs = try phones.enumerated().map { try studio.leg($1, in: rooms[$0 % 2]) }
        let music = try studio.door.play(
            AudioClip(samples: [Int16](repeating: 9, count: 777)), in: rooms[0], loop: true)
        let stream = AudioStream(capacitySamples: 8000)
        let player = try studio.door.play(stream, in: rooms[1])
        let recorder = try studio.door.record(RecorderSettings(path: "/tmp/never-opened.wav"), in: rooms[0])
        // Everybody has a decoder before it counts.
        for leg in legs { studio.door.move(leg, to: rooms[0]) }
        studio.settle()
        // Packets go with their legs from one thread's free list to the other's until both have what they ever need.
        let moved = count(studio, phones, turns: 2000, warmUp: 100) { index in
            _ = stream.write([Int16](repeating: 5, count: 160))
            let room = rooms[index % 2]
            studio.door.inOneTurn {
                for leg in legs.prefix(3) { studio.door.move(leg, to: room) }
                for instrument in [music, player, recorder] { studio.door.move(instrument, to: room) }
                studio.door.setGain(room, speaker: .leg(legs[0]), gain: 0.5)
                studio.door.setGain(room, listener: .leg(legs[1]), speaker: .leg(legs[0]), gain: 0)
                studio.door.pause(recorder, index % 3 == 0)
            }
        }
        #expect(moved == 0)
        #expect(studio.engine.counters.refusedCommands == 0)
        #expect(studio.engine.counters.generated > 500)
    }

    @Test func aRecordedConferenceWithMusicAndKeysTakesNone() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phones = (1...5).map { Phone(ssrc: UInt32($0)) }
        let legs = try phones.map { try studio.leg($0, in: room, codec: $0.ssrc % 2 == 0 ? .pcma : .pcmu) }
        studio.door.setGain(room, listener: .leg(legs[0]), speaker: .leg(legs[1]), gain: 0.5)
        _ = try studio.door.play(AudioClip(samples: [Int16](repeating: 9, count: 777)), in: room, loop: true)
        _ = try studio.door.play(.ringback, in: room)
        _ = try studio.door.record(RecorderSettings(path: "/tmp/never-opened.wav", layout: .stereo), in: room)
        for leg in legs { studio.door.sendDigits("0123456789", to: leg) }
        studio.settle()
        #expect(count(studio, phones) == 0)
        #expect(studio.engine.counters.generated > 1000)
    }
}
