// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import SwitchTesting
import Testing
import Timing

@testable import MediaEngine

/// The same random commands to the simulated door and to an engine of three threads, whose turns come in random order
/// between them: who hears whom, and what ends, must be the same. The seed is printed with a failure.
@Suite struct DoorWalkTests {
    private final class Walk {
        struct Pair<Handle> {
            var simulated: Handle
            var engine: Handle
            /// Index of its room; nil once that was closed.
            var room: Int?
        }

        let simulated = SimulatedWorld()
        let engine: EngineWorld
        var entropy: Entropy
        var rooms: [Int: (simulated: MediaRoom, engine: MediaRoom)] = [:]
        var parties: [String: Pair<MediaLeg>] = [:]
        var instruments: [String: Pair<MediaInstrument>] = [:]
        private var lastRoom = 0
        private var recordings = 0
        var log: [String] = []

        init(seed: UInt64) throws {
            engine = try EngineWorld(threads: 3)
            entropy = .seeded(seed)
        }

        private func pick<T>(_ from: some Collection<T>) -> T? { from.randomElement(using: &entropy) }

        private var someRoom: Int? { pick(rooms.keys.sorted()) }

        func openRoom() throws {
            lastRoom += 1
            rooms[lastRoom] = (try simulated.room(), try engine.room())
        }

        private func members(of room: Int) -> [(String, simulated: MediaMember, engine: MediaMember)] {
            let legs = parties.filter { $0.value.room == room }.map {
                ($0.key, MediaMember.leg($0.value.simulated), MediaMember.leg($0.value.engine))
            }
            let others = instruments.filter { $0.value.room == room }.map {
                ($0.key, MediaMember.instrument($0.value.simulated), MediaMember.instrument($0.value.engine))
            }
            return (legs + others).sorted { $0.0 < $1.0 }
        }

        /// A command to both.
        func step() throws {
            switch entropy.next() % 16 {
            case 0 where rooms.count < 5: try openRoom()
            case 1 where rooms.count > 2: if let room = someRoom { close(room) }
            case 2, 3: try openParty()
            case 4: if let name = pick(parties.keys.sorted()) { closeParty(name) }
            case 5: try startInstrument()
            case 6: if let name = pick(instruments.keys.sorted()) { stop(name) }
            case 7, 8, 9: moveParty()
            case 10: moveInstrument()
            case 11, 12: setCell()
            case 13: setDefault()
            case 14:
                guard let name = pick(parties.keys.sorted()) else { return }
                let (sends, receives) = (Bool.random(using: &entropy), Bool.random(using: &entropy))
                log.append("\(name) sends \(sends) receives \(receives)")
                for world: any DoorWorld in [simulated, engine] {
                    world.configure(name, sends: sends, receives: receives, timeout: nil)
                }
            default:
                guard let name = pick(parties.keys.sorted()), let pair = parties[name] else { return }
                log.append("keys to \(name)")
                simulated.door.sendDigits("7", to: pair.simulated)
                engine.door.sendDigits("7", to: pair.engine)
            }
            // Media threads take their turns when they will.
            for _ in 0..<entropy.next() % 3 { engine.studio.turn(Int(entropy.next() % 3)) }
        }

        private func close(_ room: Int) {
            guard let pair = rooms.removeValue(forKey: room) else { return }
            log.append("close room \(room)")
            simulated.door.close(pair.simulated)
            engine.door.close(pair.engine)
            for (name, party) in parties where party.room == room { parties[name]?.room = nil }
            for (name, instrument) in instruments where instrument.room == room { instruments[name] = nil }
        }

        private func openParty() throws {
            guard let name = pick(Voice.names.prefix(6).filter { parties[$0] == nil }), let room = someRoom,
                let pair = rooms[room]
            else { return }
            log.append("\(name) in \(room)")
            parties[name] = Pair(
                simulated: try simulated.party(name, in: pair.simulated),
                engine: try engine.party(name, in: pair.engine), room: room)
        }

        func closeParty(_ name: String) {
            guard let pair = parties.removeValue(forKey: name) else { return }
            log.append("\(name) ends")
            simulated.door.close(pair.simulated)
            engine.door.close(pair.engine)
        }

        private func startInstrument() throws {
            guard let room = someRoom, let pair = rooms[room] else { return }
            if entropy.next() % 3 == 0 {
                recordings += 1
                let name = "call-\(recordings)0.wav"
                log.append("\(name) in \(room)")
                instruments[name] = Pair(
                    simulated: try simulated.door.record(
                        RecorderSettings(path: simulated.path(name)), in: pair.simulated),
                    engine: try engine.door.record(RecorderSettings(path: engine.path(name)), in: pair.engine),
                    room: room)
            } else if let name = pick(Voice.names.suffix(4).filter { instruments[$0] == nil }) {
                log.append("\(name) in \(room)")
                instruments[name] = Pair(
                    simulated: try simulated.door.play(simulated.clip(name), in: pair.simulated, loop: true),
                    engine: try engine.door.play(engine.clip(name), in: pair.engine, loop: true), room: room)
            }
        }

        func stop(_ name: String) {
            guard let pair = instruments.removeValue(forKey: name) else { return }
            log.append("stop \(name)")
            simulated.door.stop(pair.simulated)
            engine.door.stop(pair.engine)
        }

        private func moveParty() {
            guard let name = pick(parties.keys.sorted()), let pair = parties[name], let room = someRoom,
                let to = rooms[room]
            else { return }
            log.append("\(name) to \(room)")
            simulated.door.move(pair.simulated, to: to.simulated)
            engine.door.move(pair.engine, to: to.engine)
            parties[name]?.room = room
        }

        private func moveInstrument() {
            guard let name = pick(instruments.keys.sorted()), let pair = instruments[name], let room = someRoom,
                let to = rooms[room]
            else { return }
            log.append("\(name) to \(room)")
            simulated.door.move(pair.simulated, to: to.simulated)
            engine.door.move(pair.engine, to: to.engine)
            instruments[name]?.room = room
        }

        private func setCell() {
            guard let room = someRoom, let pair = rooms[room] else { return }
            let members = members(of: room)
            guard let listener = pick(members), let speaker = pick(members) else { return }
            let gain: Float? = [0, 0.5, 1, nil][Int(entropy.next() % 4)]
            log.append("cell \(room) \(listener.0) \(speaker.0) \(String(describing: gain))")
            simulated.door.setGain(
                pair.simulated, listener: listener.simulated, speaker: speaker.simulated, gain: gain)
            engine.door.setGain(pair.engine, listener: listener.engine, speaker: speaker.engine, gain: gain)
        }

        private func setDefault() {
            guard let room = someRoom, let pair = rooms[room], let speaker = pick(members(of: room)) else { return }
            let gain: Float = [0, 0.5, 1][Int(entropy.next() % 3)]
            log.append("default \(room) \(speaker.0) \(gain)")
            simulated.door.setGain(pair.simulated, speaker: speaker.simulated, gain: gain)
            engine.door.setGain(pair.engine, speaker: speaker.engine, gain: gain)
        }

        /// What ended so far, by kind.
        func ends(_ world: any DoorWorld) -> [String: Int] {
            var counts: [String: Int] = [:]
            for event in world.events {
                switch event {
                case .finished: counts["finished", default: 0] += 1
                case .recording: counts["recording", default: 0] += 1
                case .recorded(_, let outcome): counts["recorded \(outcome.error ?? "")", default: 0] += 1
                case .legClosed: counts["closed", default: 0] += 1
                case .digitsSent: counts["sent", default: 0] += 1
                case .digit, .started, .timedOut: break
                }
            }
            return counts
        }

        func run(milliseconds: Int) {
            simulated.run(milliseconds: milliseconds)
            engine.run(milliseconds: milliseconds)
        }
    }

    @Test(arguments: [11, 12, 13, 14, 15, 16] as [UInt64])
    func bothDoorsTellTheSame(_ seed: UInt64) throws {
        let walk = try Walk(seed: seed)
        for _ in 0..<4 { try walk.openRoom() }
        for round in 0..<15 {
            walk.log.removeAll()
            for _ in 0..<15 { try walk.step() }
            // Keys that go out hold up what is heard: as many as a round may have.
            walk.run(milliseconds: 3600)
            let note: Comment = "seed \(seed) round \(round): \(walk.log)"
            for name in walk.parties.keys.sorted() {
                let (simulated, real) = (walk.simulated.heard(name), walk.engine.heard(name))
                #expect(simulated == real, "\(name) \(note)")
            }
            for name in walk.instruments.keys.sorted() where name.hasSuffix(".wav") {
                let simulated = walk.simulated.recorded(walk.simulated.path(name))
                let real = walk.engine.recorded(walk.engine.path(name))
                #expect(simulated == real, "\(name) \(note)")
            }
            #expect(walk.ends(walk.simulated) == walk.ends(walk.engine), note)
        }
        for name in walk.parties.keys { walk.closeParty(name) }
        for name in walk.instruments.keys { walk.stop(name) }
        walk.run(milliseconds: 400)
        #expect(walk.ends(walk.simulated) == walk.ends(walk.engine), "seed \(seed)")
        // Every command named what was there, and nothing is left.
        #expect(walk.engine.studio.engine.counters.refusedCommands == 0, "seed \(seed)")
        #expect(walk.engine.studio.door.legs.isEmpty && walk.engine.studio.door.instruments.isEmpty, "seed \(seed)")
        for thread in walk.engine.studio.threads {
            #expect(thread.core.pointee.state.pointee.openCount == 0, "seed \(seed)")
            #expect(!thread.core.pointee.ports[0].isWaiting, "seed \(seed)")
        }
    }
}
