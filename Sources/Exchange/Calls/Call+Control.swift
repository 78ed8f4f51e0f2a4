// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Logging
internal import SDP
internal import SIPStack
internal import Site
internal import Timing

/// The dialplan's hand on the call. Every waiting operation first looks whether the caller is still
/// there, and is resumed by throwing when he goes.
extension Call: CallControl {
    var party: Party { first.party }
    var now: Instant { board.now }
    var wallTime: WallTime { board.wallNow }
    var isAnswered: Bool { first.state == .answered }

    private func check() throws {
        if let ended { throw ended }
    }

    func ring() throws {
        try check()
        switch first.state {
        case .trying:
            first.state = .ringing
            note(.legRinging, leg: first)
            act(board.agent.progress(first.session, status: 180, body: nil, headers: [], now: board.now))
        case .answered: try startTone(.ringback)
        case .ringing, .ended: break
        }
    }

    func progress() throws {
        try check()
        try earlyMedia(preferring: [])
    }

    func answer() async throws {
        try check()
        guard first.state != .answered else { return }
        try answerNow(preferring: [])
    }

    func sleep(_ duration: Duration) async throws {
        try check()
        guard duration > .zero else { return }
        try await withCheckedThrowingContinuation { continuation in
            waiting = .sleep(continuation)
            board.setTimer(.waiting(id), after: duration)
        }
    }

    func play(_ sound: String, interruptedBy wanted: Set<Character>) async throws -> PlayResult {
        try check()
        if let key = takeKey(among: wanted) { return .interrupted(key) }
        let language = language
        let sounds = board.services.sounds
        let clip = await withCheckedContinuation { continuation in
            sounds.find(sound, language: language) { continuation.resume(returning: $0) }
        }
        try check()
        // Pressed while the sound was read from the disk.
        if let key = takeKey(among: wanted) { return .interrupted(key) }
        guard let clip else {
            board.services.log.warning("call \(id): no sound named \(sound) in \(language) or en")
            return .missing
        }
        try earlyMedia(preferring: [])
        stopTone()
        let room = try media { try openRoom() }
        let player = try media { try board.door.play(clip, in: room, loop: false) }
        board.instruments[player] = id
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
        try earlyMedia(preferring: [])
        stopTone()
        let room = try media { try openRoom() }
        let player = try media { try board.door.play(tone, in: room) }
        board.instruments[player] = id
        self.tone = player
    }

    func stopTone() {
        guard let tone else { return }
        board.door.stop(tone)
        self.tone = nil
    }

    func nextDigit(within timeout: Duration) async throws -> Character? {
        try check()
        if !keys.isEmpty { return keys.removeFirst() }
        guard timeout > .zero else { return nil }
        return try await withCheckedThrowingContinuation { continuation in
            waiting = .key(continuation)
            board.setTimer(.waiting(id), after: timeout)
        }
    }

    func discardDigits() { keys.removeAll() }

    func setEcho(_ on: Bool) throws {
        try check()
        try earlyMedia(preferring: [])
        guard let room, let leg = first.media else { return }
        board.door.setGain(room, listener: .leg(leg), speaker: .leg(leg), gain: on ? 1 : 0)
    }

    func startRecording(path: String, layout: RecorderSettings.Layout?) throws -> String {
        try check()
        guard let path = recordingPath(path) else {
            board.services.log.warning("call \(id): a recording cannot be named \(path)")
            throw CallEnded(cause: .invalidNumberFormat)
        }
        stopRecordingNow()
        try media { try openMedia(of: first) }
        let room = try media { try openRoom() }
        let settings = RecorderSettings(
            path: path, codec: entry?.site.recording.codec ?? .pcma,
            layout: layout ?? entry?.site.recording.layout ?? .mono)
        let recorder = try media { try board.door.record(settings, in: room) }
        board.instruments[recorder] = id
        recordings[recorder] = path
        recording = recorder
        note(.recordingStarted(path: path))
        return path
    }

    func stopRecording() { stopRecordingNow() }

    func stopRecordingNow() {
        guard let recorder = recording else { return }
        recording = nil
        board.door.stop(recorder)
        board.setTimer(.leftover(id), after: .seconds(5))
    }

    /// A recorder has closed its file.
    func recorded(_ instrument: MediaInstrument, length: Duration, error: String?) {
        guard let path = recordings.removeValue(forKey: instrument) else { return }
        if recording == instrument { recording = nil }
        note(.recordingStopped(path: path, milliseconds: length.milliseconds, error: error))
        if let error { board.services.log.error("call \(id): recording \(path) failed: \(error)") }
        closeIfDone()
    }

    func trace(_ step: DialplanStep) {
        self.step = step
        note(.applicationStarted(step))
        board.services.log.debug(
            "call \(id): \(step.file):\(step.line) [\(step.context)] \(step.exten),\(step.priority) \(step.application)(\(step.arguments))"
        )
    }

    func note(_ name: String, _ fields: [(String, String)]) {
        note(.note(name: name, fields: fields.map { LedgerField($0.0, $0.1) }))
    }

    // MARK: Steps shared with Dial

    /// 200 to the caller, with `preferring` first among the codecs.
    func answerNow(preferring: [AudioCodec]) throws {
        guard let body = try media({ try describe(first, preferring: preferring) }) else {
            hangUp(.incompatibleDestination)
            throw ended ?? CallEnded(cause: .incompatibleDestination)
        }
        first.state = .answered
        first.answeredAt = board.wallNow
        // From now on silence counts.
        if let audio = first.negotiated { configure(first, audio) }
        act(board.agent.accept(first.session, body: body, headers: [], now: board.now))
        note(.legAnswered(codec: first.negotiated?.codec.rawValue ?? ""), leg: first)
        try check()
    }

    /// 183 with a session description, once, for a caller who is not answered.
    func earlyMedia(preferring: [AudioCodec]) throws {
        guard first.state != .answered, first.localDescription == nil, first.remoteOffer != nil else { return }
        guard let body = try media({ try describe(first, preferring: preferring) }) else {
            hangUp(.incompatibleDestination)
            throw ended ?? CallEnded(cause: .incompatibleDestination)
        }
        if first.state == .trying { first.state = .ringing }
        act(board.agent.progress(first.session, status: 183, body: body, headers: [], now: board.now))
    }

    /// Media that cannot be had ends the call with a cause that says so.
    func media<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch {
            board.services.location.counters.add(.mediaUnavailable)
            board.services.log.error("call \(id): no media: \(error)")
            hangUp(.switchCongestion)
            throw ended ?? CallEnded(cause: .switchCongestion)
        }
    }

    /// Within the recordings folder, or an absolute path inside it; nil when it would leave it.
    private func recordingPath(_ name: String) -> String? {
        let folder = board.services.recordingsFolder
        var path = name.hasPrefix("/") ? name : folder + "/" + name
        if !path.lowercased().hasSuffix(".wav") { path += ".wav" }
        let inside = path.hasPrefix(folder + "/") && !path.split(separator: "/").contains("..")
        guard inside, path.utf8.count < 1024, !path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            return nil
        }
        // What this call has recorded already is not written over.
        let stem = path.dropLast(4)
        var number = 1
        while recorded.contains(path), number < Self.mostRecordings {
            number += 1
            path = "\(stem)-\(number).wav"
        }
        recorded.insert(path)
        return path
    }
}
