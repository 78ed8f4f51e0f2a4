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
        studio.core.state.pointee.now = studio.now
        studio.core.process()
        while true {
            let count = studio.thread.poll(studio.core, marks, timeoutMilliseconds: 0)
            if count == 0 { break }
            studio.thread.dispatch(studio.core, marks, count)
        }
        studio.core.tick()
        studio.core.signal()
    }

    private func count(_ studio: Studio, _ phones: [Phone], turns: Int = 500) -> UInt64 {
        let marks = UnsafeMutablePointer<UInt64>.allocate(capacity: 256)
        defer { marks.deallocate() }
        var total: UInt64 = 0
        let frame = (0..<160).map { UInt8(truncatingIfNeeded: $0) }
        for index in 0..<turns {
            for phone in phones { phone.speak(frame) }
            let taken = mallocs { turn(studio, marks) }
            // A second for jitter buffers and free lists to fill.
            if index >= 50 { total += taken }
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
