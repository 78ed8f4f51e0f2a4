// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
internal import Timing

/// A media door without media: keeps rooms, legs and gains as the contract of `MediaDoor` says, lets players, keys and
/// silences take their time, and says who would hear whom. The same table of expectations runs against it and against the
/// real engine.
///
/// Sendable unchecked: the simulated world has one thread, and the test and the exchange both hold it.
public final class SimulatedMedia: MediaDoor, @unchecked Sendable {
    /// What the phone at the far side of a leg does.
    public enum FarSide: Sendable {
        /// Sends RTP, and RTCP with it.
        case speaks
        /// Sends RTCP only, as a phone does that holds us.
        case reports
        /// Sends nothing, as if its cable were cut.
        case silent
    }

    public struct Leg {
        /// nil once its room was closed, until it is moved.
        public var room: MediaRoom?
        public var port: UInt16
        public var media: LegMedia?
        var farSide: FarSide
        var hasStarted = false
        /// The keys the far side has got.
        var keysHeard: [KeyPress] = []
        /// Keys on their way to the far side, and `sendKeys` to be told as done when none is left.
        var keys: [KeyPress] = []
        var batches = 0
        var keyTimer: UInt64?
        var silenceTimer: UInt64?
    }

    public struct Room {
        /// Cells by listener and speaker.
        public var gains: [MediaMember: [MediaMember: Float]] = [:]
        /// Defaults by speaker, 1 where there is none.
        public var defaults: [MediaMember: Float] = [:]
    }

    struct Instrument {
        enum Kind {
            case player
            case stream(AudioStream, AudioStream.ReadSide)
            case recorder(path: String)
        }

        var kind: Kind
        /// What a test calls it: a tone's name, a clip's, `stream`, or a recording's path.
        var name: String
        var room: MediaRoom
        var startedAt: Instant
        var isPaused = false
        /// Samples a stream gave.
        var taken = 0
        var timer: UInt64?
    }

    public internal(set) var legs: [MediaLeg: Leg] = [:]
    public private(set) var rooms: [MediaRoom: Room] = [:]
    var instruments: [MediaInstrument: Instrument] = [:]
    /// How many legs may be open, to play a full port range.
    public var mostLegs = 100_000
    /// How many rooms there may be.
    public var mostRooms = 100_000
    /// How many players and recorders may run.
    public var mostInstruments = 100_000
    /// How long the disk takes to close a recording that was stopped, to play a stalled one.
    public var recordingDelay: Duration = .zero
    /// What the far side of a new leg does until `setFarSide`.
    public var newFarSide = FarSide.speaks
    public private(set) var digitsSent: [(MediaLeg, String)] = []
    /// Every recording's file, as the disk would have it.
    public private(set) var files: Set<String> = []

    let clock: SimulatedClock
    var clipNames: [ObjectIdentifier: String] = [:]
    private var events: [MediaEvent] = []
    private var last: UInt64 = 0
    /// Tells the exchange that events wait.
    var signal: (@Sendable () -> Void)?

    public init(clock: SimulatedClock) { self.clock = clock }

    private func next() -> UInt64 {
        last += 1
        return last
    }

    func emit(_ event: MediaEvent) {
        events.append(event)
        signal?()
    }

    public func drain(_ body: (MediaEvent) -> Void) {
        let waiting = events
        events = []
        for event in waiting { body(event) }
    }

    public func inOneTurn<T, E: Error>(_ body: () throws(E) -> T) throws(E) -> T { try body() }

    // MARK: Rooms and legs

    public func openRoom(callAffinity: UInt64) throws(MediaError) -> MediaRoom {
        guard rooms.count < mostRooms else { throw .exhausted("rooms") }
        let room = MediaRoom(rawValue: next())
        rooms[room] = Room()
        return room
    }

    public func close(_ room: MediaRoom) {
        guard rooms[room] != nil else { return }
        for (instrument, row) in instruments where row.room == room { finish(instrument) }
        for (leg, row) in legs where row.room == room {
            legs[leg]?.room = nil
            abandonKeys(leg)
        }
        rooms[room] = nil
    }

    public func openLeg(in room: MediaRoom) throws(MediaError) -> (leg: MediaLeg, port: UInt16) {
        guard rooms[room] != nil else { throw .noSuchRoom }
        guard legs.count < mostLegs else { throw .noFreePort }
        let number = next()
        let leg = MediaLeg(rawValue: number)
        let port = UInt16(20_000 + (number * 2) % 40_000)
        legs[leg] = Leg(room: room, port: port, farSide: newFarSide)
        return (leg, port)
    }

    public func configure(_ leg: MediaLeg, _ media: LegMedia) {
        guard let before = legs[leg]?.media else {
            guard legs[leg] != nil else { return }
            legs[leg]?.media = media
            start(leg)
            watch(leg)
            return
        }
        legs[leg]?.media = media
        if media.timeout != before.timeout || media.sends != before.sends || media.receives != before.receives {
            watch(leg)
        }
    }

    public func move(_ leg: MediaLeg, to room: MediaRoom) {
        guard let old = legs[leg], rooms[room] != nil, old.room != room else { return }
        forget(.leg(leg), in: old.room)
        legs[leg]?.room = room
    }

    public func close(_ leg: MediaLeg) {
        guard let row = legs[leg] else { return }
        abandonKeys(leg)
        if let timer = row.silenceTimer { clock.cancel(timer) }
        forget(.leg(leg), in: row.room)
        legs[leg] = nil
        emit(.legClosed(leg, LegStatistics()))
    }

    // MARK: Gains

    public func setGain(_ room: MediaRoom, listener: MediaMember, speaker: MediaMember, gain: Float?) {
        guard rooms[room] != nil, self.room(of: listener) == room, self.room(of: speaker) == room else { return }
        rooms[room]?.gains[listener, default: [:]][speaker] = gain
    }

    public func setGain(_ room: MediaRoom, speaker: MediaMember, gain: Float) {
        guard rooms[room] != nil, self.room(of: speaker) == room else { return }
        rooms[room]?.defaults[speaker] = gain
    }

    private func room(of member: MediaMember) -> MediaRoom? {
        switch member {
        case .leg(let leg): legs[leg]?.room
        case .instrument(let instrument): instruments[instrument]?.room
        }
    }

    private func forget(_ member: MediaMember, in room: MediaRoom?) {
        guard let room, var row = rooms[room] else { return }
        row.gains[member] = nil
        for listener in row.gains.keys { row.gains[listener]?[member] = nil }
        row.defaults[member] = nil
        rooms[room] = row
    }

    // MARK: Instruments

    public func play(_ clip: AudioClip, in room: MediaRoom, loop: Bool) throws(MediaError) -> MediaInstrument {
        let player = try start(.player, clipNames[ObjectIdentifier(clip)] ?? "clip", in: room)
        if !loop || clip.samples.isEmpty { end(player, after: clip.duration) }
        return player
    }

    public func play(_ tone: MediaTone, in room: MediaRoom) throws(MediaError) -> MediaInstrument {
        let player = try start(.player, "\(tone)", in: room)
        if tone == .beep { end(player, after: .milliseconds(200)) }
        return player
    }

    public func play(_ stream: AudioStream, in room: MediaRoom) throws(MediaError) -> MediaInstrument {
        guard let side = stream.startPlaying() else { throw .streamTaken }
        do {
            let player = try start(.stream(stream, side), "stream", in: room)
            pull(player)
            return player
        } catch {
            stream.cancel()
            throw error
        }
    }

    public func record(
        _ settings: RecorderSettings, in room: MediaRoom, left: MediaLeg?
    ) throws(MediaError) -> MediaInstrument {
        var path = settings.path
        var number = 1
        while files.contains(path) {
            number += 1
            let name = settings.path.split(separator: "/").last ?? ""
            let dot = name.lastIndex(of: ".") ?? name.endIndex
            path = "\(settings.path.dropLast(name.count))\(name[..<dot])-\(number)\(name[dot...])"
        }
        let recorder = try start(.recorder(path: path), path, in: room)
        files.insert(path)
        emit(.recording(recorder, path: path))
        return recorder
    }

    public func pause(_ recorder: MediaInstrument, _ on: Bool) {
        if case .recorder = instruments[recorder]?.kind { instruments[recorder]?.isPaused = on }
    }

    public func move(_ instrument: MediaInstrument, to room: MediaRoom) {
        guard let row = instruments[instrument], rooms[room] != nil, row.room != room else { return }
        forget(.instrument(instrument), in: row.room)
        instruments[instrument]?.room = room
    }

    public func stop(_ instrument: MediaInstrument) { finish(instrument) }

    private func start(
        _ kind: Instrument.Kind, _ name: String, in room: MediaRoom
    ) throws(MediaError) -> MediaInstrument {
        guard rooms[room] != nil else { throw .noSuchRoom }
        guard instruments.count < mostInstruments else { throw .exhausted("players and recorders") }
        let instrument = MediaInstrument(rawValue: next())
        instruments[instrument] = Instrument(kind: kind, name: name, room: room, startedAt: clock.now)
        return instrument
    }

    private func end(_ player: MediaInstrument, after duration: Duration) {
        instruments[player]?.timer = clock.after(duration) { [weak self] in self?.finish(player) }
    }

    /// Takes what a stream has for the next 100 ms.
    private func pull(_ player: MediaInstrument) {
        guard case .stream(_, let side) = instruments[player]?.kind else { return }
        var frame = [Int16](repeating: 0, count: 800)
        guard let taken = side.read(into: &frame, count: frame.count) else { return finish(player) }
        instruments[player]?.taken += taken
        instruments[player]?.timer = clock.after(.milliseconds(100)) { [weak self] in self?.pull(player) }
    }

    /// A player or recorder ends, once.
    private func finish(_ instrument: MediaInstrument) {
        guard let row = instruments.removeValue(forKey: instrument) else { return }
        if let timer = row.timer { clock.cancel(timer) }
        forget(.instrument(instrument), in: row.room)
        let length = row.startedAt.duration(to: clock.now)
        switch row.kind {
        case .player: emit(.finished(instrument, played: length))
        case .stream(let stream, _):
            stream.cancel()
            emit(.finished(instrument, played: .microseconds(Int64(row.taken) * 125)))
        case .recorder(let path):
            let outcome = RecordingOutcome(path: path, length: length)
            guard recordingDelay > .zero else { return emit(.recorded(instrument, outcome)) }
            clock.after(recordingDelay) { [weak self] in self?.emit(.recorded(instrument, outcome)) }
        }
    }

    // MARK: Keys to the far side

    public func sendKeys(_ keys: [KeyPress], to leg: MediaLeg) {
        guard legs[leg] != nil else { return }
        digitsSent.append((leg, String(keys.map(\.key))))
        legs[leg]?.batches += 1
        queueKeys(keys.prefix(64).filter { "0123456789*#ABCD".contains($0.key) }, to: leg)
    }

    /// Keys go out one after the other with 100 ms between them, at most 64 wait.
    func queueKeys(_ keys: [KeyPress], to leg: MediaLeg) {
        guard let row = legs[leg] else { return }
        legs[leg]?.keys += keys.prefix(64 - min(64, row.keys.count))
        if row.room == nil { return abandonKeys(leg) }
        if row.keyTimer == nil { pressLater(leg, after: .milliseconds(20)) }
    }

    private func pressLater(_ leg: MediaLeg, after delay: Duration) {
        legs[leg]?.keyTimer = clock.after(delay) { [weak self] in self?.pressNext(leg) }
    }

    private func pressNext(_ leg: MediaLeg) {
        guard let row = legs[leg] else { return }
        guard let key = row.keys.first else { return abandonKeys(leg) }
        legs[leg]?.keys.removeFirst()
        if row.media?.sends == true { legs[leg]?.keysHeard.append(key) }
        pressLater(leg, after: key.duration + .milliseconds(100))
    }

    /// No more keys go out: those who wait for it are told.
    private func abandonKeys(_ leg: MediaLeg) {
        guard let row = legs[leg] else { return }
        if let timer = row.keyTimer { clock.cancel(timer) }
        legs[leg]?.keyTimer = nil
        legs[leg]?.keys = []
        legs[leg]?.batches = 0
        for _ in 0..<row.batches { emit(.digitsSent(leg)) }
    }

    // MARK: Silence

    /// The first packet of a far side that speaks.
    func start(_ leg: MediaLeg) {
        guard let row = legs[leg], row.media != nil, row.farSide == .speaks, !row.hasStarted else { return }
        legs[leg]?.hasStarted = true
        emit(.started(leg))
    }

    /// A new time of silence begins, if the far side is silent.
    func watch(_ leg: MediaLeg) {
        guard let row = legs[leg] else { return }
        if let timer = row.silenceTimer { clock.cancel(timer) }
        legs[leg]?.silenceTimer = nil
        guard row.farSide == .silent, let timeout = row.media?.timeout else { return }
        legs[leg]?.silenceTimer = clock.after(timeout) { [weak self] in
            self?.legs[leg]?.silenceTimer = nil
            self?.emit(.timedOut(leg))
        }
    }
}
