// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Synchronization

/// What the library's thread does.
extension SoundLibrary {
    /// What a look at the folders came to.
    private enum Found {
        case clip(AudioClip)
        /// To be streamed, or read whole for who wants that.
        case long(path: String)
        case missing
    }

    func look(for key: SoundIndex.Key) {
        let found = lookUp(key)
        let now = now()
        let waiting = state.withLock { state in
            if case .missing = found { state.index.missed(key, now: now) }
            return state.waiting.removeValue(forKey: key) ?? []
        }
        switch found {
        case .clip(let clip): for request in waiting { request.answer(clip) }
        case .missing: for request in waiting { request.answer(nil) }
        case .long(let path): answer(waiting, from: path)
        }
    }

    private func answer(_ waiting: [Request], from path: String) {
        // Read once for all that want it, and not before one does.
        var whole: AudioClip??
        func clip() -> AudioClip? {
            if let whole { return whole }
            let read = read(path)
            whole = .some(read)
            return read
        }
        for request in waiting {
            switch request {
            case .whole(let done): done(clip())
            case .any(let position, let done):
                let stream = streams.open(.file(path: path, below: roots, from: position))
                // More streams than there may be: one copy in memory serves everybody.
                done(stream.map(Sound.stream) ?? clip().map(Sound.clip))
            }
        }
    }

    /// Where a file may really lie.
    private var roots: [String] { folders + [Self.installedFolder] }

    /// The first file that can be used, with what it holds.
    private func lookUp(_ key: SoundIndex.Key) -> Found {
        for place in places(of: key) {
            for suffix in SoundForm.suffixes {
                let path = place + suffix
                guard let stamp = FileStamp(path: path) else { continue }
                switch state.withLock({ $0.index.file(path, stamp) }) {
                case .unusable: continue
                case .clip(let clip):
                    remember(key, path)
                    return .clip(clip)
                case .unknown: break
                }
                guard let found = open(path, stamp) else { continue }
                if case .clip = found { remember(key, path) }
                return found
            }
        }
        return .missing
    }

    private func remember(_ key: SoundIndex.Key, _ path: String) {
        let now = now()
        state.withLock { $0.index.found(key, path, now: now) }
    }

    /// The language's own folder and the folder itself, of each folder in turn; then English.
    private func places(of key: SoundIndex.Key) -> [String] {
        var places: [String] = []
        for folder in folders { places += ["\(folder)/\(key.language)/\(key.name)", "\(folder)/\(key.name)"] }
        if key.language != "en" { places += folders.map { "\($0)/en/\(key.name)" } }
        return places
    }

    private func open(_ path: String, _ stamp: FileStamp) -> Found? {
        do throws(SoundError) {
            let decoder = try SoundDecoder(path: path, below: roots)
            if decoder.form.duration > Self.longestClip { return .long(path: path) }
            let clip = try decoder.clip()
            state.withLock { $0.index.keep(path, decoder.file.stamp, clip) }
            return .clip(clip)
        } catch {
            refuse(path, stamp, error)
            return nil
        }
    }

    /// The whole of a long file, kept as any other.
    private func read(_ path: String) -> AudioClip? {
        do throws(SoundError) {
            let decoder = try SoundDecoder(path: path, below: roots)
            if case .clip(let clip) = state.withLock({ $0.index.file(path, decoder.file.stamp) }) { return clip }
            let clip = try decoder.clip()
            state.withLock { $0.index.keep(path, decoder.file.stamp, clip) }
            return clip
        } catch {
            reports.say(path, error)
            return nil
        }
    }

    private func refuse(_ path: String, _ stamp: FileStamp, _ error: SoundError) {
        guard error != .missing else { return }
        reports.say(path, error)
        if error.isOfContent { state.withLock { $0.index.keep(path, stamp, nil) } }
    }
}
