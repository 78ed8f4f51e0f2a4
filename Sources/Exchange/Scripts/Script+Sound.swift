// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import Site
internal import Sounds

/// What the script's leg hears, and what is recorded of it.
extension Script: SoundControl {
    func play(_ sound: String, interruptedBy wanted: Set<Character>) async throws -> PlayResult {
        try await checkWait()
        if !wanted.isEmpty { serves() }
        if let key = takeKey(among: wanted) { return .interrupted(key) }
        let language = language
        let sounds = board.services.sounds
        let found = await withCheckedContinuation { continuation in
            sounds.sound(sound, language: language) { continuation.resume(returning: $0) }
        }
        var isPlaying = false
        // A stream that nobody plays after all is let go, so that its reader does not wait.
        defer { if !isPlaying, case .stream(let stream) = found { stream.cancel() } }
        try check()
        // Pressed while the sound was read from the disk.
        if let key = takeKey(among: wanted) { return .interrupted(key) }
        guard let found else {
            board.log.warning("leg \(leg.id): no sound named \(sound) in \(language) or en")
            return .missing
        }
        try earlyMedia(preferring: [])
        stopTone()
        try openMedia()
        guard let room = leg.room else { return .missing }
        let player = try media {
            switch found {
            case .clip(let clip): try board.door.play(clip, in: room.media, loop: false)
            case .stream(let stream): try board.door.play(stream, in: room.media)
            }
        }
        isPlaying = true
        board.instruments[player] = .script(self)
        return try await withCheckedThrowingContinuation { continuation in
            waiting = .player(player, wanted, continuation)
        }
    }

    /// The first of the wanted keys that wait; what was pressed before it goes with it.
    private func takeKey(among wanted: Set<Character>) -> Character? {
        guard let position = keys.firstIndex(where: wanted.contains) else { return nil }
        let key = keys[position]
        keys.removeFirst(position + 1)
        return key
    }

    func startTone(_ tone: MediaTone) throws {
        try check()
        if case .transfer(let transfer) = purpose, tone == .busy || tone == .congestion {
            // Busy and Congestion on the way of a transfer say that it failed.
            board.turn { transfer.failed(tone == .busy ? .userBusy : .switchCongestion) }
            try check()
        }
        try earlyMedia(preferring: [])
        try beginTone(tone)
    }

    func beginTone(_ wanted: MediaTone) throws {
        stopTone()
        try openMedia()
        guard let room = leg.room else { return }
        let player = try media { try board.door.play(wanted, in: room.media) }
        board.instruments[player] = .script(self)
        tone = player
    }

    var musicClass: String? {
        get { leg.musicClass }
        set { leg.musicClass = newValue.flatMap { $0.isEmpty ? nil : $0 } }
    }

    func startMusic(class name: String?) throws {
        try check()
        try earlyMedia(preferring: [])
        stopTone()
        try openMedia()
        guard let room = leg.room else { return }
        guard let music = board.playMusic(class: name ?? leg.musicClass(), from: .random, in: room) else { return }
        board.instruments[music.player] = .script(self)
        tone = music.player
    }

    func stopTone() {
        guard let tone else { return }
        board.door.stop(tone)
        self.tone = nil
    }

    func setEcho(_ on: Bool) throws {
        try check()
        serves()
        try earlyMedia(preferring: [])
        try openMedia()
        leg.room?.setEcho(on, of: leg.id)
    }

    func startRecording(path: String, layout: RecorderSettings.Layout?) throws -> String {
        try check()
        do {
            try leg.openMedia()
        } catch { throw RecordingRefused(reason: "the leg has no media: \(error)") }
        let settings = RecorderSettings(
            path: path, codec: entry.site.recording.codec, layout: layout ?? entry.site.recording.layout)
        let recording = try Recording(settings, of: leg, board: board)
        stopRecording()
        self.recording = recording
        return recording.path
    }

    func stopRecording() {
        recording?.stop()
        recording = nil
    }
}
