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

    /// A talk goes to and fro between real threads while it is held: every packet arrives, once and in order.
    @Test func aTalkThatMovesBetweenThreadsLosesNothing() throws {
        let engine = try MediaEngine(
            configuration: MediaConfiguration(
                threads: 3, address: "127.0.0.1", ports: 48000...48999, legsPerShard: 64))
        let door = engine.door(forShard: 0)
        let shard = Shard()
        engine.start { _ in }
        let rooms = try (0..<12).map { try door.openRoom(callAffinity: UInt64($0)) }
        #expect(Set(rooms.map { Handle(rawValue: $0.rawValue).thread }).count == 3)
        let phones = [Phone(ssrc: 1), Phone(ssrc: 2)]
        let legs = try phones.map { phone in
            let (leg, port) = try door.openLeg(in: rooms[0])
            phone.target = port
            door.configure(
                leg,
                LegMedia(
                    codec: .pcma, sendPayloadType: 8, receivePayloadType: 8, sendEventPayloadType: 101,
                    receiveEventPayloadType: 101, remoteAddress: "127.0.0.1", remotePort: phone.port, timeout: nil))
            return leg
        }
        // Both are configured when both are heard.
        #expect(
            eventually {
                for phone in phones { phone.speak([255]) }
                return phones.allSatisfy { !$0.heard().isEmpty }
            })
        usleep(20_000)
        for phone in phones { _ = phone.heard() }
        let tone = try door.play(.milliwatt, in: rooms[1])
        var heard: [[Packet]] = [[], []]
        for index in 0..<600 {
            door.inOneTurn { for leg in legs { door.move(leg, to: rooms[(index * 10 + 2) % 12]) } }
            if index % 3 == 0 { door.move(tone, to: rooms[index % 2 == 0 ? 3 : 1]) }
            for phone in phones { phone.speak([UInt8(index % 200), UInt8(index / 200)]) }
            usleep(300)
            for (at, phone) in phones.enumerated() { heard[at] += phone.heard() }
        }
        #expect(
            eventually {
                for (at, phone) in phones.enumerated() { heard[at] += phone.heard() }
                return heard.allSatisfy { $0.filter { $0.payload.count == 2 }.count >= 600 }
            })
        for packets in heard {
            let said = packets.filter { $0.payload.count == 2 }
            #expect(
                said.map { Int($0.payload[0]) + Int($0.payload[1]) * 200 } == Array(0..<600), "\(engine.counters)")
            for (a, b) in zip(packets, packets.dropFirst()) { #expect(b.sequence == a.sequence &+ 1) }
        }
        for leg in legs { door.close(leg) }
        door.stop(tone)
        #expect(
            eventually {
                shard.take(door)
                return shard.events.withLock { $0.filter { if case .legClosed = $0 { true } else { false } }.count }
                    == 2
                    && shard.has { if case .finished(tone, _) = $0 { true } else { false } }
            })
        #expect(engine.counters.refusedCommands == 0)
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
