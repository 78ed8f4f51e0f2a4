// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CallModel
import Testing

@testable import MediaEngine

/// What a room hears of a speaker unless a cell says otherwise.
@Suite struct DefaultGainTests {
    private let values: [Int16] = [1000, 2000, 4000, 8000]

    private func coded(_ value: Int32) -> Int16 { G711.a.decode(G711.a.encode(Int16(value))) }
    private func exact(_ value: Int16) -> Int32 { Int32(G711.a.decode(G711.a.encode(value))) }

    /// All say their value for a while; what each heard in the end.
    private func converse(_ studio: Studio, _ phones: [Phone], milliseconds: Int = 300) -> [Int16?] {
        for phone in phones { _ = phone.heard() }
        for _ in 0..<milliseconds / 20 {
            for (phone, value) in zip(phones, values) {
                phone.speak([UInt8](repeating: G711.a.encode(value), count: 160))
            }
            studio.run(milliseconds: 20)
        }
        return phones.map { $0.heard().last.map { G711.a.decode($0.payload[159]) } }
    }

    private func room(_ count: Int) throws -> (Studio, MediaRoom, [Phone], [MediaLeg]) {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phones = (1...count).map { Phone(ssrc: UInt32($0)) }
        return (studio, room, phones, try phones.map { try studio.leg($0, in: room) })
    }

    @Test func aSupervisorNobodyHearsIsOneNumberAndAWhisperOneCellMore() throws {
        let (studio, room, phones, legs) = try room(3)
        studio.door.setGain(room, speaker: .leg(legs[2]), gain: 0)
        let (a, b, c) = (exact(1000), exact(2000), exact(4000))
        #expect(converse(studio, phones) == [coded(b), coded(a), coded(a + b)])
        // Nobody decodes him.
        #expect(studio.core.legs[Int(studio.core.rooms[0].lastLeg)].mode == .sink)
        studio.door.setGain(room, listener: .leg(legs[0]), speaker: .leg(legs[2]), gain: 1)
        #expect(converse(studio, phones) == [coded(b + c), coded(a), coded(a + b)])
        studio.door.setGain(room, listener: .leg(legs[0]), speaker: .leg(legs[2]), gain: nil)
        #expect(converse(studio, phones) == [coded(b), coded(a), coded(a + b)])
    }

    @Test func aDefaultBetweenScalesForAllAndIsTakenOutExactly() throws {
        let (studio, room, phones, legs) = try room(4)
        studio.door.setGain(room, speaker: .leg(legs[3]), gain: 0.3)
        studio.door.setGain(room, listener: .leg(legs[0]), speaker: .leg(legs[3]), gain: 0)
        studio.door.setGain(room, listener: .leg(legs[1]), speaker: .leg(legs[3]), gain: 2)
        studio.door.setGain(room, listener: .leg(legs[3]), speaker: .leg(legs[3]), gain: 1)
        let all = values.map(exact)
        let faint = (all[3] * Mix.fixed(0.3) + 2048) >> 12
        #expect(
            converse(studio, phones) == [
                coded(all[1] + all[2]), coded(all[0] + all[2] + 2 * all[3]), coded(all[0] + all[1] + faint),
                coded(all[0] + all[1] + all[2] + all[3]),
            ])
    }

    @Test func cellsHoldWhateverTheDefaultBecomesLater() throws {
        let (studio, room, phones, legs) = try room(3)
        studio.door.setGain(room, listener: .leg(legs[0]), speaker: .leg(legs[2]), gain: 1)
        studio.door.setGain(room, speaker: .leg(legs[2]), gain: 0)
        #expect(converse(studio, phones)[0] == coded(exact(2000) + exact(4000)))
    }

    @Test func aPairIsRelayedOnlyWhileBothAreHeardAsSpoken() throws {
        let (studio, room, phones, legs) = try room(2)
        func relayed() -> UInt64 {
            let before = studio.engine.counters.relayed
            _ = converse(studio, phones)
            return studio.engine.counters.relayed - before
        }
        #expect(relayed() == 30)
        studio.door.setGain(room, speaker: .leg(legs[0]), gain: 0.5)
        #expect(relayed() == 0)
        // Cells make up for it.
        studio.door.setGain(room, listener: .leg(legs[1]), speaker: .leg(legs[0]), gain: 1)
        #expect(relayed() == 30)
        studio.door.setGain(room, listener: .leg(legs[1]), speaker: .leg(legs[0]), gain: nil)
        #expect(relayed() == 0)
        studio.door.setGain(room, speaker: .leg(legs[0]), gain: 1)
        #expect(relayed() == 30)
    }

    @Test func aDefaultIsGoneWhenItsSpeakerLeaves() throws {
        let (studio, room, phones, legs) = try room(2)
        let other = try studio.door.openRoom(callAffinity: 1)
        studio.door.setGain(room, speaker: .leg(legs[0]), gain: 0)
        studio.door.move(legs[0], to: other)
        studio.door.move(legs[0], to: room)
        #expect(converse(studio, phones)[1] == coded(exact(1000)))
    }

    @Test func musicForOneAmongManyAndWhatARecorderHearsOfIt() throws {
        let folder = Folder()
        let (studio, room, phones, legs) = try room(3)
        let music = try studio.door.play(AudioClip(samples: [8000]), in: room, loop: true)
        studio.door.setGain(room, speaker: .instrument(music), gain: 0)
        studio.door.setGain(room, listener: .leg(legs[1]), speaker: .instrument(music), gain: 0.25)
        studio.door.setGain(room, speaker: .leg(legs[2]), gain: 0)
        let recorder = try studio.door.record(RecorderSettings(path: "\(folder.path)/call.wav"), in: room)
        let (a, b) = (exact(1000), exact(2000))
        #expect(converse(studio, phones) == [coded(b), coded(a + 2000), coded(a + b)])
        studio.door.stop(recorder)
        studio.settle()
        studio.engine.writer.pass(now: studio.now)
        // Neither music nor who is heard by nobody is in it.
        let samples = try WAVReader.prompt(folder.bytes("call.wav"))
        #expect(samples[800] == coded(a + b))
    }
}
