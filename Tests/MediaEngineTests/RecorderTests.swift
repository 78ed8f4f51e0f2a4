// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CallModel
import Glibc
import Testing

@testable import MediaEngine

/// A folder of its own, gone with the test.
private final class Folder {
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
        for name in ["deep/call.wav", "call.wav"] { unlink("\(path)/\(name)") }
        rmdir("\(path)/deep")
        rmdir(path)
    }
}

@Suite struct RecorderTests {
    private func recorded(_ studio: Studio) -> [(Duration, String?)] {
        studio.events.compactMap { if case .recorded(_, let length, let error) = $0 { (length, error) } else { nil } }
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
