// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CallModel
import Glibc
import Synchronization
import Testing

@testable import MediaEngine

/// With real threads: the only tests here that take real time.
@Suite struct EngineTests {
    /// Collects a shard's events as its executor would.
    private final class Shard: Sendable {
        let events = Mutex<[MediaEvent]>([])
        func take(_ door: EngineDoor) { door.drain { event in events.withLock { $0.append(event) } } }
        func has(_ test: (MediaEvent) -> Bool) -> Bool { events.withLock { $0.contains(where: test) } }
    }

    /// Waits for something that comes within milliseconds, and fails after five seconds.
    private func eventually(_ condition: () -> Bool) -> Bool {
        for _ in 0..<5000 {
            if condition() { return true }
            usleep(1000)
        }
        return false
    }

    @Test func aCallPassesThroughTheThreadsAndEndsCleanly() throws {
        let engine = try MediaEngine(
            configuration: MediaConfiguration(
                shards: 2, threads: 2, address: "127.0.0.1", ports: 46000...46999, legsPerShard: 64))
        let door = engine.door(forShard: 1)
        let shard = Shard()
        // The test's thread is the shard's executor: it drains when told.
        let rung = Atomic<Int>(0)
        engine.start { number in if number == 1 { rung.add(1, ordering: .relaxed) } }
        let room = try door.openRoom(callAffinity: 42)
        let a = Phone(ssrc: 1)
        let b = Phone(ssrc: 2)
        var legs: [MediaLeg] = []
        for phone in [a, b] {
            let (leg, port) = try door.openLeg(in: room)
            phone.target = port
            legs.append(leg)
            door.configure(
                leg,
                LegMedia(
                    codec: .pcma, sendPayloadType: 8, receivePayloadType: 8, sendEventPayloadType: 101,
                    receiveEventPayloadType: 101, remoteAddress: "127.0.0.1", remotePort: phone.port, timeout: nil))
        }
        // Commands may lie a moment in the ring: speak until it is heard.
        var heard: [Packet] = []
        #expect(
            eventually {
                a.speak([7, 7, 7])
                heard += b.heard()
                return !heard.isEmpty
            })
        let tone = try door.play(.beep, in: room)
        #expect(
            eventually {
                if rung.load(ordering: .relaxed) > 0 { shard.take(door) }
                return shard.has {
                    if case .finished(tone, let played) = $0 { played == .milliseconds(200) } else { false }
                }
            })
        for leg in legs { door.close(leg) }
        door.close(room)
        #expect(
            eventually {
                shard.take(door)
                return shard.events.withLock { $0.filter { if case .legClosed = $0 { true } else { false } }.count }
                    == 2
            })
        engine.stop()
    }

    @Test func stoppingTheEngineClosesRecordings() throws {
        let path = "/tmp/martlet-test-\(getpid())-stop.wav"
        defer { unlink(path) }
        let engine = try MediaEngine(
            configuration: MediaConfiguration(
                threads: 1, address: "127.0.0.1", ports: 47000...47999, legsPerShard: 64))
        let door = engine.door(forShard: 0)
        engine.start { _ in }
        let room = try door.openRoom(callAffinity: 1)
        _ = try door.record(RecorderSettings(path: path), in: room)
        usleep(300_000)
        engine.stop()
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_size > 58 && status.st_size <= 58 + 8000)
    }
}
