// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Sounds

/// What a leg hears when nobody and no script speaks to it: music while it is held, ring-back while somebody is rung for
/// it.
struct Ambience {
    let player: MediaInstrument
    /// nil for a tone.
    let music: Music?

    struct Music {
        let name: String
        let source: MusicSource
    }
}

/// Where music of a class was left, to go on from there: who is held again does not hear the same bars.
struct MusicPlace {
    let name: String
    let position: MusicPosition
}

/// Ambience is heard in a room of the leg's own.
extension Leg {
    /// Music of a class, from where it was left. Does nothing when it plays already: a hold that becomes another one, or a
    /// re-INVITE in its midst, is not heard.
    func startMusic(class name: String) {
        guard isUp else { return }
        moveToOwnRoom()
        guard ambience?.music?.name != name else { return }
        stopAmbience()
        guard let room else { return }
        let start: MusicStart = musicPlace.flatMap { $0.name == name ? .at($0.position) : nil } ?? .random
        guard let (player, source) = board.playMusic(class: name, from: start, in: room) else { return }
        board.instruments[player] = .ambience(self)
        ambience = Ambience(player: player, music: .init(name: name, source: source))
    }

    func stopMusic() { if ambience?.music != nil { stopAmbience() } }

    func playTone(_ tone: MediaTone) throws {
        stopAmbience()
        guard isUp, let room else { return }
        let player = try board.door.play(tone, in: room.media)
        board.instruments[player] = .ambience(self)
        ambience = Ambience(player: player, music: nil)
    }

    func stopTone() { stopAmbience() }

    private func stopAmbience() {
        guard let ambience else { return }
        if let music = ambience.music, let position = music.source.position {
            musicPlace = MusicPlace(name: music.name, position: position)
        }
        board.door.stop(ambience.player)
        self.ambience = nil
    }

    func ambienceEnded(_ instrument: MediaInstrument) {
        if ambience?.player == instrument { ambience = nil }
    }

    /// What the leg hears while `holder` holds it, or while it waits: the class its dialplan gave it, else the one the
    /// holder's seat or trunk plays to others, else its own trunk's, else the site's.
    func musicClass(heldBy holder: Leg? = nil) -> String {
        musicClass ?? holder?.party.holdMusic(of: site) ?? (party.isSeat ? nil : party.holdMusic(of: site))
            ?? MusicLibrary.defaultClass
    }
}

extension Switchboard {
    /// Music on hold in a room with one member; nil when there is no player to be had, and the member hears silence.
    func playMusic(
        class name: String, from start: MusicStart, in room: Room
    ) -> (player: MediaInstrument, source: MusicSource)? {
        let source = services.sounds.music.music(class: name, from: start)
        switch source.sound {
        case .clip(let clip): return (try? door.play(clip, in: room.media, loop: true)).map { ($0, source) }
        case .stream(let stream): return (try? door.play(stream, in: room.media)).map { ($0, source) }
        }
    }
}
