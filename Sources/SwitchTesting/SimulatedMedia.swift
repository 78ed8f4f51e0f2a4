// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
internal import Timing

/// A media door without media: keeps rooms, legs and gains, lets players end in time, and says who
/// would hear whom.
///
/// Sendable unchecked: the simulated world has one thread, and the test and the shard both hold it.
public final class SimulatedMedia: MediaDoor, @unchecked Sendable {
    public struct Leg {
        public var room: MediaRoom
        public var port: UInt16
        public var media: LegMedia?
    }

    public struct Room {
        public var gains: [MediaMember: [MediaMember: Float]] = [:]
        public var players: [MediaInstrument: String] = [:]
        public var recorders: [MediaInstrument: RecorderSettings] = [:]
    }

    public private(set) var legs: [MediaLeg: Leg] = [:]
    public private(set) var rooms: [MediaRoom: Room] = [:]
    /// How many legs may be open, to play a full port range.
    public var mostLegs = 100_000
    /// How many players and recorders may run.
    public var mostInstruments = 100_000
    public private(set) var digitsSent: [(MediaLeg, String)] = []

    private let clock: SimulatedClock
    private var events: [MediaEvent] = []
    private var last: UInt64 = 0
    private var startedAt: [MediaInstrument: Instant] = [:]
    private var instrumentRoom: [MediaInstrument: MediaRoom] = [:]
    /// Tells the shard that events wait.
    var signal: (@Sendable () -> Void)?
    /// Comes back to this object from a clock's callback.
    var onTick: (@Sendable (MediaInstrument) -> Void)?

    public init(clock: SimulatedClock) { self.clock = clock }

    private func next() -> UInt64 {
        last += 1
        return last
    }

    private func emit(_ event: MediaEvent) {
        events.append(event)
        signal?()
    }

    public func openRoom(callAffinity: UInt64) throws(MediaError) -> MediaRoom {
        let room = MediaRoom(rawValue: next())
        rooms[room] = Room()
        return room
    }

    public func close(_ room: MediaRoom) {
        guard let old = rooms.removeValue(forKey: room) else { return }
        for player in old.players.keys { finish(player) }
        for recorder in old.recorders.keys { finish(recorder) }
    }

    public func openLeg(in room: MediaRoom) throws(MediaError) -> (leg: MediaLeg, port: UInt16) {
        guard legs.count < mostLegs else { throw .noFreePort }
        let number = next()
        let leg = MediaLeg(rawValue: number)
        let port = UInt16(20_000 + (number * 2) % 40_000)
        legs[leg] = Leg(room: room, port: port, media: nil)
        return (leg, port)
    }

    public func configure(_ leg: MediaLeg, _ media: LegMedia) { legs[leg]?.media = media }

    public func move(_ leg: MediaLeg, to room: MediaRoom) { legs[leg]?.room = room }

    public func close(_ leg: MediaLeg) {
        guard legs.removeValue(forKey: leg) != nil else { return }
        emit(.legClosed(leg, LegStatistics()))
    }

    public func setGain(_ room: MediaRoom, listener: MediaMember, speaker: MediaMember, gain: Float) {
        rooms[room]?.gains[listener, default: [:]][speaker] = gain
    }

    public func play(_ clip: AudioClip, in room: MediaRoom, loop: Bool) throws(MediaError) -> MediaInstrument {
        let player = try start(in: room)
        rooms[room]?.players[player] = "clip"
        if !loop, let onTick { clock.after(clip.duration) { onTick(player) } }
        return player
    }

    public func play(_ tone: MediaTone, in room: MediaRoom) throws(MediaError) -> MediaInstrument {
        let player = try start(in: room)
        rooms[room]?.players[player] = "\(tone)"
        return player
    }

    public func record(_ settings: RecorderSettings, in room: MediaRoom) throws(MediaError) -> MediaInstrument {
        let recorder = try start(in: room)
        rooms[room]?.recorders[recorder] = settings
        return recorder
    }

    public func stop(_ instrument: MediaInstrument) { finish(instrument) }

    public func sendDigits(_ digits: String, to leg: MediaLeg) {
        digitsSent.append((leg, digits))
        emit(.digitsSent(leg))
    }

    public func drain(_ body: (MediaEvent) -> Void) {
        let waiting = events
        events = []
        for event in waiting { body(event) }
    }

    private func start(in room: MediaRoom) throws(MediaError) -> MediaInstrument {
        guard startedAt.count < mostInstruments else { throw .exhausted("players and recorders") }
        let instrument = MediaInstrument(rawValue: next())
        startedAt[instrument] = clock.now
        instrumentRoom[instrument] = room
        return instrument
    }

    /// A player or recorder ends, once.
    func finish(_ instrument: MediaInstrument) {
        guard let started = startedAt.removeValue(forKey: instrument) else { return }
        let length = started.duration(to: clock.now)
        let room = instrumentRoom.removeValue(forKey: instrument)
        let isRecorder = room.flatMap { rooms[$0]?.recorders.removeValue(forKey: instrument) } != nil
        room.map { _ = rooms[$0]?.players.removeValue(forKey: instrument) }
        emit(isRecorder ? .recorded(instrument, length: length, error: nil) : .finished(instrument, played: length))
    }

    // MARK: What a test does and asks

    public func leg(atPort port: UInt16) -> MediaLeg? { legs.first { $0.value.port == port }?.key }

    /// The far side of the leg at `port` presses a key.
    public func press(_ key: Character, atPort port: UInt16) {
        if let leg = leg(atPort: port) { emit(.digit(leg, key, duration: .milliseconds(100))) }
    }

    /// Nothing came from the far side of the leg at `port` for too long.
    public func timeOut(atPort port: UInt16) {
        if let leg = leg(atPort: port) { emit(.timedOut(leg)) }
    }

    /// Whether what is said at the leg of port `speaker` is heard at that of `listener`.
    public func hears(listener: UInt16, speaker: UInt16) -> Bool {
        guard let a = leg(atPort: listener), let b = leg(atPort: speaker), let to = legs[a], let from = legs[b],
            to.room == from.room, to.media?.sends == true, from.media?.receives == true
        else { return false }
        let cell = rooms[to.room]?.gains[.leg(a)]?[.leg(b)] ?? (a == b ? 0 : 1)
        return cell > 0
    }

    /// After how long a silence the leg at `port` is told as timed out; nil: never.
    public func timeout(atPort port: UInt16) -> Duration? { leg(atPort: port).flatMap { legs[$0]?.media?.timeout } }

    /// What plays in the room of the leg at `port`: tones by their name, clips as `clip`.
    public func playing(atPort port: UInt16) -> [String] {
        guard let leg = leg(atPort: port), let room = legs[leg]?.room else { return [] }
        return rooms[room]?.players.values.sorted() ?? []
    }
}
