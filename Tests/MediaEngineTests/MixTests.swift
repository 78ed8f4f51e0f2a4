// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CallModel
import Testing

@testable import MediaEngine

@Suite struct RoomMixTests {
    /// Lets `phones` say their constant frames for a while and gives what each heard, decoded, in the end.
    private func converse(
        _ studio: Studio, _ phones: [(Phone, UInt8?)], milliseconds: Int = 400
    ) -> [[Int16]] {
        for _ in 0..<milliseconds / 20 {
            for (phone, octet) in phones {
                guard let octet else { continue }
                phone.speak([UInt8](repeating: octet, count: 160))
            }
            studio.run(milliseconds: 20)
        }
        return phones.map { phone, _ in
            let codec = phone.codec == .pcma ? G711.a : G711.mu
            return phone.heard().last.map { $0.payload.map { codec.decode($0) } } ?? []
        }
    }

    @Test func everybodyHearsTheSumOfTheOthersAndNotHimself() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phones = (1...3).map { Phone(ssrc: UInt32($0)) }
        for phone in phones { _ = try studio.leg(phone, in: room) }
        let values: [Int16] = [1000, -3000, 500]
        let octets = values.map { G711.a.encode($0) }
        let exact = octets.map { G711.a.decode($0) }
        let heard = converse(studio, Array(zip(phones, octets)))
        for index in 0..<3 {
            let others = exact.enumerated().filter { $0.offset != index }.map(\.element).reduce(0, +)
            #expect(heard[index] == [Int16](repeating: G711.a.decode(G711.a.encode(others)), count: 160))
        }
    }

    @Test func theMatrixDecidesWhoHearsWhomAndHowLoud() throws {
        // A monitored call: the supervisor hears both, only the agent hears him (whisper), at half the level.
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phones = (1...3).map { Phone(ssrc: UInt32($0)) }
        let legs = try phones.map { try studio.leg($0, in: room) }
        let (agent, caller, supervisor) = (legs[0], legs[1], legs[2])
        studio.door.setGain(room, listener: .leg(caller), speaker: .leg(supervisor), gain: 0)
        studio.door.setGain(room, listener: .leg(agent), speaker: .leg(supervisor), gain: 0.5)
        let octets = [Int16(1000), 2000, 4000].map { G711.a.encode($0) }
        let exact = octets.map { Int32(G711.a.decode($0)) }
        let heard = converse(studio, Array(zip(phones, octets)))
        func coded(_ value: Int32) -> Int16 { G711.a.decode(G711.a.encode(Int16(value))) }
        #expect(heard[0].last == coded(exact[1] + exact[2] / 2))
        #expect(heard[1].last == coded(exact[0]))
        #expect(heard[2].last == coded(exact[0] + exact[1]))
        // Barge in: the cells go back to their default.
        studio.door.setGain(room, listener: .leg(caller), speaker: .leg(supervisor), gain: 1)
        studio.door.setGain(room, listener: .leg(agent), speaker: .leg(supervisor), gain: 1)
        let barged = converse(studio, Array(zip(phones, octets)))
        #expect(barged[1].last == coded(exact[0] + exact[2]))
    }

    @Test func gainsStayBehindWhenALegLeavesItsRoom() throws {
        let studio = try Studio()
        let first = try studio.door.openRoom(callAffinity: 1)
        let second = try studio.door.openRoom(callAffinity: 1)
        let a = Phone(ssrc: 1)
        let b = Phone(ssrc: 2)
        let legA = try studio.leg(a, in: first)
        let legB = try studio.leg(b, in: first)
        // More often than there are cells: none may be lost on the way.
        for _ in 0..<3000 {
            studio.door.setGain(first, listener: .leg(legA), speaker: .leg(legB), gain: 0)
            studio.door.setGain(first, listener: .leg(legB), speaker: .leg(legA), gain: 0.5)
            studio.door.move(legA, to: second)
            studio.door.move(legA, to: first)
            studio.settle()
        }
        #expect(studio.engine.counters.refusedCommands == 0)
        b.speak([4, 5, 6])
        studio.settle()
        #expect(a.heard().map(\.payload) == [[4, 5, 6]])
    }

    @Test func whenTheThirdLeavesThePairIsRelayedAgain() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phones = (1...3).map { Phone(ssrc: UInt32($0)) }
        let legs = try phones.map { try studio.leg($0, in: room) }
        _ = converse(studio, phones.map { ($0, 0x55) })
        #expect(studio.engine.counters.relayed == 0)
        studio.door.close(legs[2])
        _ = converse(studio, phones.prefix(2).map { ($0, 0x55) })
        #expect(studio.engine.counters.relayed == 40)
    }

    @Test func anEchoComesBackSampleForSample() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone()
        let leg = try studio.leg(phone, in: room)
        studio.door.setGain(room, listener: .leg(leg), speaker: .leg(leg), gain: 1)
        studio.run(milliseconds: 20)
        var said: [UInt8] = []
        for index in 0..<60 {
            // Every code but negative zero's neighbour comes back as itself.
            let frame = (0..<160).map { UInt8(truncatingIfNeeded: $0 &* 3 &+ index &* 11) }
            said += frame
            phone.speak(frame)
            studio.run(milliseconds: 20)
        }
        let back = phone.heard().flatMap(\.payload)
        let start = try #require(back.firstIndex { $0 != 0xD5 })
        let returned = Array(back[start...])
        // Not more than 100 ms late, and all the same.
        let lead = try #require((0..<said.count).first { said[$0] == returned[0] })
        let shared = min(said.count - lead, returned.count)
        #expect(shared > 52 * 160)
        #expect(Array(said[lead..<lead + shared]) == Array(returned[0..<shared]))
    }

    @Test(arguments: [80, 240, 320, 480])
    func packetsOfOtherLengthsAreMixedWithoutGaps(_ size: Int) throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone()
        let leg = try studio.leg(phone, in: room)
        studio.door.setGain(room, listener: .leg(leg), speaker: .leg(leg), gain: 1)
        studio.run(milliseconds: 20)
        let octet = G711.a.encode(5000)
        for step in 0..<2000 {
            if step % (size / 8) == 0 { phone.speak([UInt8](repeating: octet, count: size)) }
            studio.run(milliseconds: 1)
        }
        let back = phone.heard().flatMap(\.payload)
        let speech = back.drop { $0 != octet }
        #expect(speech.count > 14000)
        #expect(speech.filter { $0 != octet }.count <= 160)
    }

    @Test func aPlayerIsHeardByAllAndEndsWithItsLastSample() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phones = [Phone(ssrc: 1), Phone(ssrc: 2)]
        phones[1].codec = .pcmu
        _ = try studio.leg(phones[0], in: room)
        _ = try studio.leg(phones[1], in: room, codec: .pcmu)
        let samples = (0..<1000).map { Int16($0 * 30) }
        let player = try studio.door.play(AudioClip(samples: samples), in: room, loop: false)
        studio.run(milliseconds: 200)
        for phone in phones {
            let codec = phone.codec == .pcma ? G711.a : G711.mu
            let heard = phone.heard().flatMap(\.payload).drop { $0 == codec.law.silence }
            #expect(Array(heard.prefix(900)).count == 900)
            #expect(
                heard.prefix(900).elementsEqual(
                    samples.dropFirst(samples.count - 1000 + skipped(codec)).prefix(900).map { codec.encode($0) }))
        }
        #expect(
            studio.events.contains {
                if case .finished(player, let played) = $0 { played == .milliseconds(125) } else { false }
            })
    }

    /// Samples at the start of the ramp that sound as silence.
    private func skipped(_ codec: G711) -> Int {
        (0..<1000).first { codec.encode(Int16($0 * 30)) != codec.law.silence } ?? 0
    }

    @Test func aLoopGoesOnUntilItIsStopped() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone()
        _ = try studio.leg(phone, in: room)
        let player = try studio.door.play(AudioClip(samples: [100, 200, 300]), in: room, loop: true)
        studio.run(milliseconds: 1000)
        #expect(!studio.events.contains { if case .finished = $0 { true } else { false } })
        studio.door.stop(player)
        studio.run(milliseconds: 20)
        #expect(studio.events.contains { if case .finished(player, _) = $0 { true } else { false } })
        #expect(try studio.door.play(AudioClip(samples: []), in: room, loop: true) != player)
        studio.run(milliseconds: 40)
        #expect(studio.events.filter { if case .finished = $0 { true } else { false } }.count == 2)
    }

    @Test func closingARoomEndsWhatPlaysInItAndLegsMayGoOn() throws {
        let studio = try Studio()
        let room = try studio.door.openRoom(callAffinity: 1)
        let phone = Phone()
        let leg = try studio.leg(phone, in: room)
        let tone = try studio.door.play(.ringback, in: room)
        studio.run(milliseconds: 100)
        studio.door.close(room)
        studio.run(milliseconds: 20)
        #expect(studio.events.contains { if case .finished(tone, _) = $0 { true } else { false } })
        let next = try studio.door.openRoom(callAffinity: 1)
        studio.door.move(leg, to: next)
        _ = phone.heard()
        _ = try studio.door.play(.milliwatt, in: next)
        studio.run(milliseconds: 100)
        #expect(phone.heard().count == 5)
    }
}
