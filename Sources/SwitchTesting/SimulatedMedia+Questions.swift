// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel

/// What a test does and asks.
extension SimulatedMedia {
    /// What reaches an ear, with the gain it is heard at.
    public struct Heard: Equatable, Sendable, CustomStringConvertible {
        /// Legs by their port.
        public var legs: [UInt16: Float] = [:]
        /// Players by name: a tone's, a clip's (`name(_:_:)`, else `clip`), `stream`.
        public var instruments: [String: Float] = [:]

        public init(legs: [UInt16: Float] = [:], instruments: [String: Float] = [:]) {
            self.legs = legs
            self.instruments = instruments
        }

        public var description: String {
            (legs.sorted { $0.key < $1.key }.map { "\($0.key)×\($0.value)" }
                + instruments.sorted { $0.key < $1.key }.map { "\($0.key)×\($0.value)" }).joined(separator: " ")
        }
    }

    public func leg(atPort port: UInt16) -> MediaLeg? { legs.first { $0.value.port == port }?.key }

    /// Gives a clip the name `heard` and `playing` call it by.
    public func name(_ clip: AudioClip, _ name: String) { clipNames[ObjectIdentifier(clip)] = name }

    /// The phone at the far side of the leg at `port` speaks, only reports, or falls silent.
    public func setFarSide(_ farSide: FarSide, atPort port: UInt16) {
        guard let leg = leg(atPort: port) else { return }
        legs[leg]?.farSide = farSide
        start(leg)
        watch(leg)
    }

    /// The far side of the leg at `port` presses a key. It reaches the other party of a conversation, and nobody in a
    /// conference or where keys are held.
    public func press(
        _ key: Character, for duration: Duration = KeyPress.standardDuration, atPort port: UInt16
    ) {
        guard let leg = leg(atPort: port), let row = legs[leg], row.media?.receives == true else { return }
        let isHeld = row.media?.holdsKeys == true
        emit(.digit(leg, KeyPress(key, for: duration), isHeld: isHeld))
        if isHeld { return }
        let partners = legs.keys.filter { $0 != leg && gain($0, .leg(leg)) > 0 && gain(leg, .leg($0)) > 0 }
        guard partners.count == 1, let partner = partners.first, let media = legs[partner]?.media else { return }
        if isRelayed(row.room), media.sendEventPayloadType != nil {
            if media.sends { legs[partner]?.keysHeard.append(KeyPress(key, for: duration)) }
        } else {
            queueKeys([KeyPress(key, for: duration)], to: partner)
        }
    }

    /// The keys the far side of the leg at `port` has got, by `sendDigits` or from the other party.
    public func keysHeard(atPort port: UInt16) -> String { String(pressesHeard(atPort: port).map(\.key)) }

    /// The same with how long each was down.
    public func pressesHeard(atPort port: UInt16) -> [KeyPress] {
        leg(atPort: port).flatMap { legs[$0]?.keysHeard } ?? []
    }

    /// Nothing came from the far side of the leg at `port` for too long: told at once, without waiting for the time-out.
    public func timeOut(atPort port: UInt16) {
        if let leg = leg(atPort: port) { emit(.timedOut(leg)) }
    }

    /// Whether what is said at the leg of port `speaker` is heard at that of `listener`.
    public func hears(listener: UInt16, speaker: UInt16) -> Bool { heard(atPort: listener).legs[speaker] != nil }

    /// Whose voices and which players the far side of the leg at `port` hears now.
    public func heard(atPort port: UInt16) -> Heard {
        guard let leg = leg(atPort: port), let row = legs[leg], row.media?.sends == true else { return Heard() }
        return heard(by: .leg(leg), in: row.room)
    }

    /// What the recording of this path gets now, nothing while it is paused; nil when there is none.
    public func heard(byRecording path: String) -> Heard? {
        for (instrument, row) in instruments {
            guard case .recorder(path) = row.kind else { continue }
            return row.isPaused ? Heard() : heard(by: .instrument(instrument), in: row.room)
        }
        return nil
    }

    private func heard(by listener: MediaMember, in room: MediaRoom?) -> Heard {
        guard let room else { return Heard() }
        var heard = Heard()
        for (leg, row) in legs where row.room == room && row.media?.receives == true {
            let gain = gain(listener, .leg(leg), in: room)
            if gain > 0 { heard.legs[row.port] = gain }
        }
        for (instrument, row) in instruments where row.room == room {
            if case .recorder = row.kind { continue }
            let gain = gain(listener, .instrument(instrument), in: room)
            if gain > 0 { heard.instruments[row.name] = max(gain, heard.instruments[row.name] ?? 0) }
        }
        return heard
    }

    private func gain(_ listener: MediaMember, _ speaker: MediaMember, in room: MediaRoom) -> Float {
        if let cell = rooms[room]?.gains[listener]?[speaker] { return cell }
        return listener == speaker ? 0 : rooms[room]?.defaults[speaker] ?? 1
    }

    /// What one leg hears of a member of its room.
    private func gain(_ listener: MediaLeg, _ speaker: MediaMember) -> Float {
        guard case .leg(let other) = speaker, let room = legs[listener]?.room, legs[other]?.room == room else {
            return 0
        }
        return gain(.leg(listener), speaker, in: room)
    }

    /// Whether the room of the leg at `port` is relayed packet by packet, without decoding.
    public func isRelayed(atPort port: UInt16) -> Bool { isRelayed(leg(atPort: port).flatMap { legs[$0]?.room }) }

    private func isRelayed(_ room: MediaRoom?) -> Bool {
        guard let room else { return false }
        let members = legs.filter { $0.value.room == room }
        let hasPlayers = instruments.values.contains { row in
            if case .recorder = row.kind { false } else { row.room == room }
        }
        guard members.count == 2, !hasPlayers, members.values.allSatisfy({ $0.media != nil }) else { return false }
        return members.keys.allSatisfy { listener in
            members.keys.allSatisfy { gain(listener, .leg($0)) == (listener == $0 ? 0 : 1) }
        }
    }

    /// After how long a silence the leg at `port` is told as timed out; nil: never.
    public func timeout(atPort port: UInt16) -> Duration? { leg(atPort: port).flatMap { legs[$0]?.media?.timeout } }

    /// The players in the room of the leg at `port`.
    public func players(atPort port: UInt16) -> Set<MediaInstrument> {
        guard let leg = leg(atPort: port), let room = legs[leg]?.room else { return [] }
        return Set(
            instruments.filter { row in
                if case .recorder = row.value.kind { false } else { row.value.room == room }
            }.keys)
    }

    /// What plays in the room of the leg at `port`, whoever hears it: tones by their name, clips as `clip` unless named.
    public func playing(atPort port: UInt16) -> [String] {
        guard let leg = leg(atPort: port), let room = legs[leg]?.room else { return [] }
        return instruments.values.filter { row in
            if case .recorder = row.kind { false } else { row.room == room }
        }.map(\.name).sorted()
    }
}
