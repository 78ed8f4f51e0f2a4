// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CallModel
import Testing

@testable import MediaEngine

/// Players and recorders that go where the legs go, on one thread and between threads.
@Suite struct InstrumentMoveTests {
    private func samples(_ phone: Phone) -> [Int16] { phone.heard().flatMap(\.payload).map { G711.a.decode($0) } }

    @Test(arguments: [1, 2])
    func aPlayerGoesOnAtItsPosition(_ threads: Int) throws {
        let studio = try Studio(threads: threads)
        let first = try studio.room(on: 0)
        let second = try studio.room(on: threads - 1)
        let phone = Phone()
        let leg = try studio.leg(phone, in: first)
        // Every frame has a level of its own.
        let levels = (1...100).map { G711.a.decode(G711.a.encode(Int16($0 * 300))) }
        let player = try studio.door.play(
            AudioClip(samples: levels.flatMap { [Int16](repeating: $0, count: 160) }), in: first, loop: false)
        studio.run(milliseconds: 600)
        studio.door.inOneTurn {
            studio.door.move(leg, to: second)
            studio.door.move(player, to: second)
        }
        studio.run(milliseconds: 600)
        studio.door.inOneTurn {
            studio.door.move(player, to: first)
            studio.door.move(leg, to: first)
        }
        studio.run(milliseconds: 1200)
        let heard = samples(phone).filter { $0 > 200 }
        #expect(heard == levels.flatMap { [Int16](repeating: $0, count: 160) })
        let ends = studio.events.compactMap { if case .finished(player, let played) = $0 { played } else { nil } }
        #expect(ends == [.seconds(2)])
    }

    @Test func whatPlaysInTheRoomItLeftIsNotHeardThereAnyMore() throws {
        let studio = try Studio(threads: 2)
        let first = try studio.room(on: 0)
        let second = try studio.room(on: 1)
        let phones = [Phone(ssrc: 1), Phone(ssrc: 2)]
        _ = try studio.leg(phones[0], in: first)
        _ = try studio.leg(phones[1], in: second)
        let tone = try studio.door.play(.milliwatt, in: first)
        studio.run(milliseconds: 100)
        studio.door.move(tone, to: second)
        studio.run(milliseconds: 40)
        _ = phones.map(samples)
        studio.run(milliseconds: 200)
        #expect(samples(phones[0]).allSatisfy { abs($0) < 16 })
        #expect(samples(phones[1]).contains { $0 > 8000 })
        studio.door.stop(tone)
        studio.door.stop(tone)
        studio.run(milliseconds: 40)
        #expect(studio.events.filter { if case .finished(tone, _) = $0 { true } else { false } }.count == 1)
    }

    /// The end and the move cross each other; the slot is used again at once.
    @Test func aPlayerThatEndsWhileItIsMovedEndsOnce() throws {
        let studio = try Studio(threads: 3)
        let rooms = try (0..<3).map { try studio.room(on: $0) }
        for round in 0..<300 {
            let player = try studio.door.play(AudioClip(samples: [1]), in: rooms[round % 3], loop: false)
            studio.turn(round % 3)
            studio.threads[round % 3].core.pointee.tick()
            if round % 2 == 0 { studio.threads[round % 3].core.pointee.tick() }
            for hop in 1...(1 + round % 4) { studio.door.move(player, to: rooms[(round + hop) % 3]) }
            if round % 5 == 0 { studio.door.drain { studio.events.append($0) } }
            studio.turn((round + 1) % 3)
        }
        studio.run(milliseconds: 100)
        #expect(studio.events.filter { if case .finished = $0 { true } else { false } }.count == 300)
        #expect(studio.threads.allSatisfy { !$0.core.pointee.ports[0].isWaiting })
        #expect(studio.door.instruments.isEmpty)
    }

    @Test(arguments: [1, 2, 3])
    func aRecordingFollowsALegThroughRoomsWithoutAGapOrShift(_ threads: Int) throws {
        let folder = Folder()
        let studio = try Studio(threads: threads)
        let rooms = try (0..<4).map { try studio.room(on: $0 % threads) }
        let phone = Phone(ssrc: 1)
        let leg = try studio.leg(phone, in: rooms[0])
        // In some rooms there is one other, in some two: relayed and mixed.
        for index in [1, 2, 2, 3] { _ = try studio.leg(Phone(ssrc: UInt32(10 + index)), in: rooms[index]) }
        let recorder = try studio.door.record(
            RecorderSettings(path: "\(folder.path)/call.wav", layout: .stereo), in: rooms[0], left: leg)
        studio.settle()
        let start = studio.now
        let hum = G711.a.encode(1000)
        var spoken: [Int] = []
        for index in 0..<500 {
            if index % 37 == 36 {
                let room = rooms[(index / 37 + 1) % 4]
                studio.door.inOneTurn {
                    studio.door.move(leg, to: room)
                    studio.door.move(recorder, to: room)
                }
            }
            let isLoud = index % 25 == 24
            if isLoud { spoken.append(Int((studio.now - start) / 125_000)) }
            phone.speak([UInt8](repeating: isLoud ? G711.a.encode(8000) : hum, count: 160))
            studio.run(milliseconds: 20)
            if index % 10 == 0 { studio.engine.writer.pass(now: studio.now) }
        }
        studio.run(milliseconds: 200)
        studio.door.stop(recorder)
        studio.settle()
        studio.engine.writer.pass(now: studio.now)
        studio.settle()
        let outcome = try #require(
            studio.events.compactMap { if case .recorded(recorder, let it) = $0 { it } else { nil } }.first)
        #expect(outcome.length == .nanoseconds(studio.now - start) && outcome.error == nil)
        let bytes = folder.bytes("call.wav")
        let all = try WAVReader(bytes).samples(in: bytes)
        let left = stride(from: 0, to: all.count, by: 2).map { all[$0] }
        let found = left.indices.filter { left[$0] > 4000 && ($0 == 0 || left[$0 - 1] <= 4000) }
        #expect(found.count == spoken.count)
        for (place, due) in zip(found, spoken) { #expect(abs(place - due) <= 160, "\(place) \(due)") }
        // From the second packet on there is not one sample of silence until he stops.
        let gaps = left[160..<(500 * 160 - 160)].filter { abs($0) < 500 }.count
        #expect(gaps == 0)
    }
}

@Suite struct StreamPlayerTests {
    @Test func aStreamIsHeardSampleForSampleAndEndsWithItsLast() throws {
        let studio = try Studio(threads: 2)
        let rooms = [try studio.room(on: 0), try studio.room(on: 1)]
        let phone = Phone()
        let leg = try studio.leg(phone, in: rooms[0])
        let stream = AudioStream(capacitySamples: 2048)
        let ramp = (0..<9000).map { G711.a.decode(G711.a.encode(Int16(500 + $0 * 3))) }
        var at = stream.write(ramp)
        let player = try studio.door.play(stream, in: rooms[0])
        #expect(throws: MediaError.streamTaken) { try studio.door.play(stream, in: rooms[0]) }
        for turn in 0..<80 {
            at += stream.write(ramp[at...])
            if at == ramp.count { stream.finish() }
            if turn == 20 {
                studio.door.inOneTurn {
                    studio.door.move(leg, to: rooms[1])
                    studio.door.move(player, to: rooms[1])
                }
            }
            studio.run(milliseconds: 20)
        }
        let heard = phone.heard().flatMap(\.payload).map { G711.a.decode($0) }.filter { $0 > 100 }
        #expect(heard == ramp)
        #expect(stream.missedSamples == 0)
        #expect(!stream.isWanted)
        let ends = studio.events.compactMap { if case .finished(player, let played) = $0 { played } else { nil } }
        #expect(ends == [.milliseconds(1125)])
    }

    @Test func aReaderThatIsLateCostsSilenceAndHearsWhenItsPlayerIsStopped() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone()
        _ = try studio.leg(phone, in: room)
        let stream = AudioStream(capacitySamples: 2048)
        _ = stream.write([Int16](repeating: 3000, count: 800))
        let player = try studio.door.play(stream, in: room)
        studio.run(milliseconds: 300)
        #expect(stream.missedSamples > 1000)
        #expect(stream.isWanted)
        _ = stream.write([Int16](repeating: 3000, count: 320))
        studio.run(milliseconds: 100)
        let heard = phone.heard().flatMap(\.payload).map { G711.a.decode($0) }
        #expect(heard.filter { $0 > 2000 }.count == 1120)
        studio.door.stop(player)
        studio.run(milliseconds: 20)
        #expect(!stream.isWanted)
        let ends = studio.events.compactMap { if case .finished(player, let played) = $0 { played } else { nil } }
        #expect(ends == [.milliseconds(140)])
    }

    @Test func aStreamThatFindsNoRoomIsGivenUp() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        studio.door.close(room)
        let stream = AudioStream(capacitySamples: 2048)
        #expect(throws: MediaError.noSuchRoom) { try studio.door.play(stream, in: room) }
        #expect(!stream.isWanted)
    }
}
