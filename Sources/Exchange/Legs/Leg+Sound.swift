// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Sounds

/// What a leg hears when nobody and no script speaks to it: music while it is held, ring-back while somebody is rung for
/// it. Heard in a room of its own.
extension Leg {
    func startMusic() {
        guard isUp else { return }
        stopAmbience()
        moveToOwnRoom()
        guard let room else { return }
        guard let player = board.playMusic(in: room) else { return }
        board.instruments[player] = .ambience(self)
        ambience = player
    }

    func stopMusic() { stopAmbience() }

    func playTone(_ tone: MediaTone) throws {
        stopAmbience()
        guard isUp, let room else { return }
        let player = try board.door.play(tone, in: room.media)
        board.instruments[player] = .ambience(self)
        ambience = player
    }

    func stopTone() { stopAmbience() }

    private func stopAmbience() {
        guard let player = ambience else { return }
        board.door.stop(player)
        ambience = nil
    }

    func ambienceEnded(_ instrument: MediaInstrument) {
        if ambience == instrument { ambience = nil }
    }
}

extension Switchboard {
    /// Music on hold in a room with one member; nil when there is no player to be had, and the member hears silence.
    func playMusic(in room: Room) -> MediaInstrument? {
        switch services.sounds.music.music().sound {
        case .clip(let clip): try? door.play(clip, in: room.media, loop: true)
        case .stream(let stream): try? door.play(stream, in: room.media)
        }
    }
}
