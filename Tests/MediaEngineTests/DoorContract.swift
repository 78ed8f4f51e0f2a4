// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import CallModel
import Glibc
import SwitchTesting
import Testing

@testable import MediaEngine

/// A media door and the far sides of its legs, so that one expectation can be held against the simulated door and the
/// real one. Every far side and every clip has a tone of its own.
protocol DoorWorld: AnyObject {
    var door: any MediaDoor { get }
    var events: [MediaEvent] { get }
    /// Lets time pass, far sides doing what they do.
    func run(milliseconds: Int)
    /// Rooms opened one after the other are on different threads, where there are several.
    func room() throws -> MediaRoom
    /// A leg that is configured and whose far side speaks.
    func party(_ name: String, in room: MediaRoom) throws -> MediaLeg
    func configure(_ name: String, sends: Bool, receives: Bool, timeout: Duration?)
    /// Keys of the far side are held back, or no more.
    func holdKeys(_ name: String, _ on: Bool)
    func farSide(of name: String, _ does: SimulatedMedia.FarSide)
    /// The far side presses a key for 120 ms or longer, and `midway` happens 80 ms after it went down; takes its time.
    func press(_ key: Character, for milliseconds: Int, _ name: String, midway: () -> Void)
    /// The keys that reached the far side, and how long each was down.
    func presses(_ name: String) -> [KeyPress]
    /// Names of parties and clips the far side hears at present, with their gain in quarters. Takes a tenth of a second.
    func heard(_ name: String) -> [String: Float]
    /// The same for a recording; takes a while.
    func recorded(_ path: String) -> [String: Float]
    /// A path in a folder that goes with the world.
    func path(_ name: String) -> String
    /// A tone of a clip's own, without end when looped.
    func clip(_ name: String) -> AudioClip
}

extension DoorWorld {
    func configure(_ name: String, timeout: Duration?) {
        configure(name, sends: true, receives: true, timeout: timeout)
    }

    func press(_ key: Character, _ name: String) { press(key, for: 120, name) {} }
    func keys(_ name: String) -> String { String(presses(name).map(\.key)) }
}

/// A sine whose pitch tells its name: `a`–`h` are parties, `A`–`H` clips.
struct Voice {
    static let names = "abcdefghABCDEFGH".map(String.init)
    static let level = 2000.0
    let hertz: Int

    init(_ name: String) { hertz = 310 + 190 * (Self.names.firstIndex(of: name) ?? 0) }

    func samples(_ start: Int, _ count: Int) -> [Int16] {
        (0..<count).map { Int16((Self.level * sin(2 * .pi * Double(hertz * (start + $0)) / 8000)).rounded()) }
    }

    /// Who is in 100 ms of sound, in quarters of his own level.
    static func names(in sound: [Int16]) -> [String: Float] {
        guard sound.count >= 800 else { return [:] }
        let window = sound.suffix(800)
        var found: [String: Float] = [:]
        for name in names {
            let step = 2 * Double.pi * Double(Voice(name).hertz) / 8000
            var (x, y) = (0.0, 0.0)
            for (index, sample) in window.enumerated() {
                x += Double(sample) * cos(step * Double(index))
                y += Double(sample) * sin(step * Double(index))
            }
            let gain = (((x * x + y * y).squareRoot() / 400 / level) * 4).rounded() / 4
            if gain > 0 { found[name] = Float(gain) }
        }
        return found
    }
}

// MARK: The simulated door

final class SimulatedWorld: DoorWorld {
    let clock = SimulatedClock()
    let media: SimulatedMedia
    var door: any MediaDoor { media }
    private(set) var events: [MediaEvent] = []
    private var ports: [String: UInt16] = [:]
    private var silent: Set<String> = []

    init() { media = SimulatedMedia(clock: clock) }

    func run(milliseconds: Int) {
        clock.run(for: .milliseconds(milliseconds))
        media.drain { events.append($0) }
    }

    func room() throws -> MediaRoom { try media.openRoom(callAffinity: 1) }

    func party(_ name: String, in room: MediaRoom) throws -> MediaLeg {
        let (leg, port) = try media.openLeg(in: room)
        ports[name] = port
        silent.remove(name)
        configure(name, timeout: nil)
        return leg
    }

    private func port(_ name: String) -> UInt16 { ports[name] ?? 0 }

    func holdKeys(_ name: String, _ on: Bool) {
        guard let leg = media.leg(atPort: port(name)), var settings = media.legs[leg]?.media else { return }
        settings.holdsKeys = on
        media.configure(leg, settings)
    }

    func configure(_ name: String, sends: Bool, receives: Bool, timeout: Duration?) {
        guard let leg = media.leg(atPort: port(name)) else { return }
        media.configure(
            leg,
            LegMedia(
                codec: .pcma, sendPayloadType: 8, receivePayloadType: 8, sendEventPayloadType: 101,
                receiveEventPayloadType: 101, remoteAddress: "127.0.0.1", remotePort: 4000, sends: sends,
                receives: receives, timeout: timeout))
    }

    func farSide(of name: String, _ does: SimulatedMedia.FarSide) {
        media.setFarSide(does, atPort: port(name))
        if case .speaks = does { silent.remove(name) } else { silent.insert(name) }
    }

    func press(_ key: Character, for milliseconds: Int, _ name: String, midway: () -> Void) {
        media.press(key, for: .milliseconds(milliseconds), atPort: port(name))
        midway()
        run(milliseconds: milliseconds + 280)
    }

    func presses(_ name: String) -> [KeyPress] { media.pressesHeard(atPort: port(name)) }

    func heard(_ name: String) -> [String: Float] {
        run(milliseconds: 100)
        return names(media.heard(atPort: port(name)))
    }

    func recorded(_ path: String) -> [String: Float] {
        run(milliseconds: 300)
        return names(media.heard(byRecording: path) ?? SimulatedMedia.Heard())
    }

    private func names(_ heard: SimulatedMedia.Heard) -> [String: Float] {
        var found = heard.instruments
        for (name, port) in ports where !silent.contains(name) {
            if let gain = heard.legs[port] { found[name] = gain }
        }
        return found
    }

    func path(_ name: String) -> String { "/recordings/\(name)" }

    func clip(_ name: String) -> AudioClip {
        let clip = AudioClip(samples: Voice(name).samples(0, 800))
        kept.append(clip)
        media.name(clip, name)
        return clip
    }

    /// A clip is known by its address, which must not be another's while the test runs.
    private var kept: [AudioClip] = []
}

// MARK: The engine

final class EngineWorld: DoorWorld {
    private final class Party {
        let phone: Phone
        let voice: Voice
        var does = SimulatedMedia.FarSide.speaks
        var said = 0
        var ear: [Int16] = []
        var keys: [KeyPress] = []
        var lastKey: UInt32?
        var last: Packet?
        var gaps = 0

        init(_ name: String) {
            phone = Phone(ssrc: UInt32(name.unicodeScalars.first?.value ?? 0))
            voice = Voice(name)
        }
    }

    let studio: Studio
    let folder = Folder()
    var door: any MediaDoor { studio.door }
    var events: [MediaEvent] { studio.events }
    private var parties: [String: (leg: MediaLeg, Party)] = [:]
    private var opened = 0
    private var steps = 0

    init(threads: Int) throws { studio = try Studio(threads: threads) }

    func run(milliseconds: Int) {
        for _ in 0..<milliseconds / 20 {
            steps += 1
            for (_, party) in parties.values {
                switch party.does {
                case .speaks:
                    party.phone.speak(party.voice.samples(party.said, 160).map { G711.a.encode($0) })
                    party.said += 160
                case .reports: if steps % 25 == 0 { party.phone.report() }
                case .silent: break
                }
            }
            studio.run(milliseconds: 20)
            for (_, party) in parties.values { listen(party) }
            if steps % 10 == 0 { studio.engine.writer.pass(now: studio.now) }
        }
        studio.settle()
    }

    private func listen(_ party: Party) {
        for packet in party.phone.heard() {
            if let last = party.last, packet.sequence != last.sequence &+ 1 { party.gaps += 1 }
            party.last = packet
            if packet.type == 8 {
                party.ear += packet.payload.map { G711.a.decode($0) }
            } else if packet.type == 101, let event = TelephoneEvent(packet.payload, count: packet.payload.count) {
                let key = DTMFKey(event: event.event)?.character ?? "?"
                let press = KeyPress(key, for: .microseconds(Int64(event.duration) * 125))
                if packet.timestamp == party.lastKey { party.keys.removeLast() }
                party.lastKey = packet.timestamp
                party.keys.append(press)
            }
        }
        if party.ear.count > 4000 { party.ear.removeFirst(party.ear.count - 4000) }
    }

    func room() throws -> MediaRoom {
        opened += 1
        return try studio.room(on: opened % studio.threads.count)
    }

    func party(_ name: String, in room: MediaRoom) throws -> MediaLeg {
        let party = Party(name)
        let leg = try studio.leg(party.phone, in: room)
        parties[name] = (leg, party)
        return leg
    }

    func configure(_ name: String, sends: Bool, receives: Bool, timeout: Duration?) {
        guard let (leg, party) = parties[name] else { return }
        studio.door.configure(leg, studio.media(party.phone, sends: sends, receives: receives, timeout: timeout))
    }

    func farSide(of name: String, _ does: SimulatedMedia.FarSide) {
        guard let (_, party) = parties[name] else { return }
        party.does = does
    }

    func holdKeys(_ name: String, _ on: Bool) {
        guard let (leg, party) = parties[name] else { return }
        var media = studio.media(party.phone)
        media.holdsKeys = on
        studio.door.configure(leg, media)
    }

    /// Packets that the far side is missing by their numbers.
    func gaps(_ name: String) -> Int { parties[name]?.1.gaps ?? 0 }

    func press(_ key: Character, for milliseconds: Int, _ name: String, midway: () -> Void) {
        guard let (_, party) = parties[name], let event = DTMFKey(key)?.event else { return }
        let does = party.does
        party.does = .silent
        let ticks = milliseconds / 20
        for index in 0..<ticks + 2 {
            if index == 4 { midway() }
            var payload: [UInt8] = [0, 0, 0, 0]
            let duration = UInt16(min(index + 1, ticks) * 160)
            TelephoneEvent(event: event, end: index + 1 >= ticks, volume: 10, duration: duration).write(to: &payload)
            party.phone.send(
                Packet(
                    type: 101, marker: index == 0, sequence: party.phone.sequence, timestamp: party.phone.timestamp,
                    ssrc: party.phone.ssrc, payload: payload))
            party.phone.sequence &+= 1
            run(milliseconds: 20)
        }
        party.phone.timestamp &+= UInt32(ticks + 2) * 160
        party.does = does
        run(milliseconds: 240)
    }

    func presses(_ name: String) -> [KeyPress] { parties[name]?.1.keys ?? [] }

    func heard(_ name: String) -> [String: Float] {
        guard let (_, party) = parties[name] else { return [:] }
        party.ear = []
        run(milliseconds: 100)
        return Voice.names(in: party.ear)
    }

    func recorded(_ path: String) -> [String: Float] {
        run(milliseconds: 300)
        studio.engine.writer.pass(now: studio.now)
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        return Voice.names(in: (try? WAVReader.prompt(folder.bytes(name))) ?? [])
    }

    func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    func clip(_ name: String) -> AudioClip { AudioClip(samples: Voice(name).samples(0, 800)) }
}

/// The doors the contract is held against.
enum Door: String, CaseIterable, CustomTestStringConvertible {
    case simulated, oneThread, threeThreads

    func world() throws -> any DoorWorld {
        switch self {
        case .simulated: SimulatedWorld()
        case .oneThread: try EngineWorld(threads: 1)
        case .threeThreads: try EngineWorld(threads: 3)
        }
    }

    var testDescription: String { rawValue }
}
