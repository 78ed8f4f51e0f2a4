// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CallModel
import Glibc
import Testing

@testable import MediaEngine

/// A folder of its own, gone with the test.
final class Folder {
    let path: String

    init() {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
    }

    func bytes(_ name: String) -> [UInt8] {
        guard let file = fopen("\(path)/\(name)", "r") else { return [] }
        defer { fclose(file) }
        var all: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            if count == 0 { return all }
            all += piece[0..<count]
        }
    }

    func mode(_ name: String) -> mode_t {
        var status = stat()
        return stat("\(path)/\(name)", &status) == 0 ? status.st_mode & 0o777 : 0
    }

    deinit {
        for name in ["deep/call.wav", "call.wav", "call-2.wav", "call-3.wav", "call"] { unlink("\(path)/\(name)") }
        rmdir("\(path)/deep")
        rmdir(path)
    }
}

@Suite struct RecorderTests {
    private func recorded(_ studio: Studio) -> [(Duration, String?)] {
        outcomes(studio).map { ($0.length, $0.error) }
    }

    private func outcomes(_ studio: Studio) -> [RecordingOutcome] {
        studio.events.compactMap { if case .recorded(_, let outcome) = $0 { outcome } else { nil } }
    }

    private func finish(_ studio: Studio, _ recorder: MediaInstrument) {
        studio.door.stop(recorder)
        studio.settle()
        studio.engine.writer.pass(now: studio.now)
        studio.settle()
    }

    @Test func aRelayedCallIsRecordedInPlaceAndStaysRelayed() throws {
        let folder = Folder()
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let a = Phone(ssrc: 1)
        let b = Phone(ssrc: 2)
        _ = try studio.leg(a, in: room)
        _ = try studio.leg(b, in: room, codec: .pcmu)
        let recorder = try studio.door.record(
            RecorderSettings(path: "\(folder.path)/deep/call.wav", layout: .stereo), in: room)
        studio.settle()
        // A ramp that says where in time a sample belongs: loud for one packet at a known moment.
        for index in 0..<150 {
            a.speak([UInt8](repeating: index == 50 ? G711.a.encode(8000) : 0xD5, count: 160))
            b.speak([UInt8](repeating: index == 100 ? G711.mu.encode(-8000) : 0xFF, count: 160))
            studio.run(milliseconds: 20)
            if index % 10 == 0 { studio.engine.writer.pass(now: studio.now) }
        }
        finish(studio, recorder)
        #expect(studio.engine.counters.relayed == 300)
        let end = try #require(recorded(studio).first)
        #expect(end.1 == nil)
        #expect(end.0 == .seconds(3))
        let bytes = folder.bytes("deep/call.wav")
        #expect(folder.mode("deep/call.wav") == 0o600 && folder.mode("deep") == 0o700)
        let reader = try WAVReader(bytes)
        #expect(reader.channels == 2 && reader.encoding == .aLaw && reader.data.count == 2 * 24000)
        let samples = reader.samples(in: bytes)
        let left = stride(from: 0, to: samples.count, by: 2).map { samples[$0] }
        let right = stride(from: 1, to: samples.count, by: 2).map { samples[$0] }
        let leftStart = try #require(left.firstIndex { $0 > 4000 })
        let rightStart = try #require(right.firstIndex { $0 < -4000 })
        // Said at 1,000 and 2,000 ms: within one packet.
        #expect(abs(leftStart - 8000) <= 160)
        #expect(abs(rightStart - 16000) <= 160)
        #expect(left.filter { $0 > 4000 }.count == 160 && right.filter { $0 < -4000 }.count == 160)
    }

    @Test func jitterDoesNotMoveWhatWasSaid() throws {
        let folder = Folder()
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone()
        _ = try studio.leg(phone, in: room)
        let recorder = try studio.door.record(RecorderSettings(path: "\(folder.path)/call.wav"), in: room)
        studio.settle()
        // Packets bunch up by threes; the sound is one unbroken tone.
        let octet = G711.a.encode(6000)
        for _ in 0..<30 {
            studio.run(milliseconds: 60)
            for _ in 0..<3 { phone.speak([UInt8](repeating: octet, count: 160)) }
            studio.settle()
        }
        studio.run(milliseconds: 200)
        finish(studio, recorder)
        let samples = try WAVReader.prompt(folder.bytes("call.wav"))
        // The first bunch shows which packets come soonest; from then on nothing moves.
        let sound = samples.drop { abs($0) < 100 }.dropFirst(960)
        #expect(sound.prefix(30 * 480 - 1500).allSatisfy { $0 == G711.a.decode(octet) })
    }

    @Test func aPhoneWithASlowClockStaysInStep() throws {
        let folder = Folder()
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone()
        _ = try studio.leg(phone, in: room)
        let recorder = try studio.door.record(RecorderSettings(path: "\(folder.path)/call.wav"), in: room)
        studio.settle()
        let start = studio.now
        var spoken: [Int] = []
        // A millisecond too slow in 400: within half a minute three packets' worth, as in half an hour of a real phone.
        for index in 0..<1500 {
            let isLoud = index % 250 == 249
            if isLoud { spoken.append(Int((studio.now - start) / 125_000)) }
            phone.speak([UInt8](repeating: isLoud ? G711.a.encode(8000) : 0xD5, count: 160))
            studio.run(milliseconds: index % 20 == 0 ? 21 : 20)
            if index % 10 == 0 { studio.engine.writer.pass(now: studio.now) }
        }
        finish(studio, recorder)
        let samples = try WAVReader.prompt(folder.bytes("call.wav"))
        let found = samples.indices.filter { samples[$0] > 4000 && ($0 == 0 || samples[$0 - 1] <= 4000) }
        #expect(found.count == spoken.count)
        for (place, due) in zip(found, spoken) { #expect(abs(place - due) <= 160, "\(found) \(spoken)") }
    }

    @Test func mixesMonoFromMixedRoomsPlayersIncluded() throws {
        let folder = Folder()
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone()
        _ = try studio.leg(phone, in: room)
        let recorder = try studio.door.record(
            RecorderSettings(path: "\(folder.path)/call.wav", codec: .pcmu), in: room)
        _ = try studio.door.play(
            AudioClip(samples: [Int16](repeating: 2000, count: 8000)), in: room, loop: false)
        studio.settle()
        for _ in 0..<100 {
            phone.speak([UInt8](repeating: G711.a.encode(1000), count: 160))
            studio.run(milliseconds: 20)
        }
        finish(studio, recorder)
        let samples = try WAVReader.prompt(folder.bytes("call.wav"))
        #expect(samples.count == 16000)
        let both = G711.mu.decode(G711.mu.encode(2000 + G711.a.decode(G711.a.encode(1000))))
        let alone = G711.mu.decode(G711.mu.encode(G711.a.decode(G711.a.encode(1000))))
        #expect(samples[1000..<7000].allSatisfy { $0 == both })
        #expect(samples[9000..<15000].allSatisfy { $0 == alone })
    }

    @Test func theHeaderIsRightAtEveryMoment() throws {
        let folder = Folder()
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone()
        _ = try studio.leg(phone, in: room)
        let recorder = try studio.door.record(RecorderSettings(path: "\(folder.path)/call.wav"), in: room)
        studio.settle()
        for second in 1...5 {
            for _ in 0..<5 {
                studio.run(milliseconds: 200)
                studio.engine.writer.pass(now: studio.now)
                // What a kill would leave behind, just now.
                let bytes = folder.bytes("call.wav")
                let told = bytes[54..<58].reversed().reduce(0) { $0 << 8 | Int($1) }
                #expect(told <= bytes.count - 58)
                #expect(told % 160 == 0)
            }
            let kept = try WAVReader.prompt(folder.bytes("call.wav")).count
            #expect(kept >= second * 8000 - 8000 && kept <= second * 8000)
            #expect(kept >= second * 8000 - 1120)
        }
        finish(studio, recorder)
        #expect(try WAVReader.prompt(folder.bytes("call.wav")).count == 40000)
    }

    @Test func aDiskThatStallsCostsSilenceNotTime() throws {
        let folder = Folder()
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone()
        _ = try studio.leg(phone, in: room)
        let recorder = try studio.door.record(RecorderSettings(path: "\(folder.path)/call.wav"), in: room)
        studio.settle()
        studio.engine.writer.pass(now: studio.now)
        let octet = G711.a.encode(3000)
        // Ten seconds during which the writer does nothing: the buffer holds four.
        for _ in 0..<500 {
            phone.speak([UInt8](repeating: octet, count: 160))
            studio.run(milliseconds: 20)
        }
        studio.engine.writer.pass(now: studio.now)
        for _ in 0..<100 {
            phone.speak([UInt8](repeating: octet, count: 160))
            studio.run(milliseconds: 20)
            studio.engine.writer.pass(now: studio.now)
        }
        finish(studio, recorder)
        let samples = try WAVReader.prompt(folder.bytes("call.wav"))
        #expect(samples.count == 96000)
        #expect(samples[1000..<32000].allSatisfy { $0 == G711.a.decode(octet) })
        #expect(samples[81000..<95000].allSatisfy { $0 == G711.a.decode(octet) })
        #expect(samples[33000..<78000].allSatisfy { abs($0) <= 8 })
        // The recording stands; how much of it is missing is told.
        let outcome = try #require(outcomes(studio).first)
        #expect(outcome.error == nil && outcome.length == .seconds(12))
        #expect(outcome.lost > .milliseconds(5700) && outcome.lost < .milliseconds(6000))
    }

    @Test func aDiskThatStallsUntilTheEndLosesNoTimeEither() throws {
        let folder = Folder()
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let recorder = try studio.door.record(
            RecorderSettings(path: "\(folder.path)/call.wav", layout: .stereo), in: room)
        studio.settle()
        studio.engine.writer.pass(now: studio.now)
        studio.run(milliseconds: 6000)
        finish(studio, recorder)
        let outcome = try #require(outcomes(studio).first)
        #expect(outcome.error == nil && outcome.length == .seconds(6))
        #expect(outcome.lost > .milliseconds(1800) && outcome.lost < .milliseconds(2000))
    }

    @Test func aNameIsNeverUsedTwiceAndTheTrueOneIsTold() throws {
        let folder = Folder()
        let wanted = "\(folder.path)/call.wav"
        let earlier = try #require(fopen(wanted, "w"))
        fputs("from an earlier run", earlier)
        fclose(earlier)
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let both = try (0..<2).map { _ in try studio.door.record(RecorderSettings(path: wanted), in: room) }
        studio.settle()
        studio.run(milliseconds: 200)
        studio.engine.writer.pass(now: studio.now)
        studio.settle()
        let told = studio.events.compactMap { if case .recording(let it, let path) = $0 { (it, path) } else { nil } }
        #expect(told.map(\.0) == both)
        #expect(told.map(\.1) == ["\(folder.path)/call-2.wav", "\(folder.path)/call-3.wav"])
        for recorder in both { finish(studio, recorder) }
        #expect(outcomes(studio).map(\.path) == told.map(\.1))
        #expect(String(decoding: folder.bytes("call.wav"), as: UTF8.self) == "from an earlier run")
        #expect(try WAVReader.prompt(folder.bytes("call-3.wav")).count == 1600)
    }

    @Test func aPausedRecorderWritesSilenceAndItsTimeGoesOn() throws {
        let folder = Folder()
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone()
        _ = try studio.leg(phone, in: room)
        let recorder = try studio.door.record(RecorderSettings(path: "\(folder.path)/call.wav"), in: room)
        studio.settle()
        let octet = G711.a.encode(3000)
        for index in 0..<150 {
            if index == 50 { studio.door.pause(recorder, true) }
            if index == 100 { studio.door.pause(recorder, false) }
            phone.speak([UInt8](repeating: octet, count: 160))
            studio.run(milliseconds: 20)
            if index % 10 == 0 { studio.engine.writer.pass(now: studio.now) }
        }
        finish(studio, recorder)
        let samples = try WAVReader.prompt(folder.bytes("call.wav"))
        #expect(samples.count == 24000)
        let loud = samples.indices.filter { samples[$0] > 2000 }
        // Not a sample of what was said between the two commands. A packet stands where it arrives, here a millisecond after it
        // was sent.
        #expect(loud.filter { $0 >= 8008 && $0 < 16000 } == [])
        #expect(loud.count > 15600)
        #expect(studio.engine.counters.refusedCommands == 0)
    }

    @Test func theLeftChannelIsTheLegThatWasNamedWhereverBothGo() throws {
        let folder = Folder()
        let studio = try Studio()
        let first = try studio.door.openRoom(callAffinity: 1)
        let second = try studio.door.openRoom(callAffinity: 1)
        let phones = (1...3).map { Phone(ssrc: UInt32($0)) }
        _ = try studio.leg(phones[0], in: first)
        let agent = try studio.leg(phones[1], in: first)
        _ = try studio.leg(phones[2], in: second)
        let recorder = try studio.door.record(
            RecorderSettings(path: "\(folder.path)/call.wav", layout: .stereo), in: first, left: agent)
        for index in 0..<100 {
            if index == 50 {
                studio.door.inOneTurn {
                    studio.door.move(agent, to: second)
                    studio.door.move(recorder, to: second)
                }
            }
            for (phone, value) in zip(phones, [Int16(1000), 2000, 4000]) {
                phone.speak([UInt8](repeating: G711.a.encode(value), count: 160))
            }
            studio.run(milliseconds: 20)
            if index % 10 == 0 { studio.engine.writer.pass(now: studio.now) }
        }
        finish(studio, recorder)
        let bytes = folder.bytes("call.wav")
        let samples = try WAVReader(bytes).samples(in: bytes)
        func exact(_ value: Int16) -> Int16 { G711.a.decode(G711.a.encode(value)) }
        for frame in 400..<15_600 {
            #expect(samples[2 * frame] == exact(2000), "\(frame)")
            let other = samples[2 * frame + 1]
            if frame < 7_800 { #expect(other == exact(1000), "\(frame)") }
            if frame > 8_400 { #expect(other == exact(4000), "\(frame)") }
            if samples[2 * frame] != exact(2000) { break }
        }
    }

    @Test func noRecorderToBeHadIsAnErrorAndTheCallGoesOn() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phones = [Phone(ssrc: 1), Phone(ssrc: 2)]
        for phone in phones { _ = try studio.leg(phone, in: room) }
        // A disk that hangs: recorders are stopped and their files stay open.
        var refusal: MediaError?
        for _ in 0..<1000 where refusal == nil {
            do {
                studio.door.stop(try studio.door.record(RecorderSettings(path: "/tmp/never-made.wav"), in: room))
                studio.settle()
            } catch { refusal = error }
        }
        guard case .exhausted? = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        phones[0].speak([1, 2, 3])
        studio.settle()
        #expect(phones[1].heard().map(\.payload) == [[1, 2, 3]])
    }

    @Test func aFileThatCannotBeWrittenIsToldInWordsAndTheCallGoesOn() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let a = Phone(ssrc: 1)
        let b = Phone(ssrc: 2)
        _ = try studio.leg(a, in: room)
        _ = try studio.leg(b, in: room)
        for path in ["/proc/nowhere/call.wav", "relative.wav"] {
            studio.events = []
            _ = try studio.door.record(RecorderSettings(path: path), in: room)
            studio.settle()
            studio.engine.writer.pass(now: studio.now)
            studio.run(milliseconds: 40)
            studio.engine.writer.pass(now: studio.now)
            studio.settle()
            let outcome = recorded(studio)
            #expect(outcome.count == 1)
            #expect(outcome.first?.1?.contains(path) == true)
        }
        a.speak([1, 2, 3])
        studio.settle()
        #expect(b.heard().map(\.payload) == [[1, 2, 3]])
        #expect(studio.core.rooms.pointee.recorderCount == 0)
    }
}
