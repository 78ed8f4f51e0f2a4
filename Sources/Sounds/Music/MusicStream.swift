// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import Timing

/// File after file of a class without end; the folder is read anew at each round, and the built-in pattern is heard
/// where it has nothing. Belongs to the reader's thread.
///
/// Files of one rate run through one resampler, so that a loop is seamless: its filter sees the next sample of the
/// music at the end of a file, not silence.
final class MusicStream: StreamSource {
    private let plan: MusicPlan
    private let progress: MusicProgress
    private let reports: SoundReports
    private var playlist: Playlist
    private var entropy: Entropy
    private var resampler: Resampler?
    private var decoder: SoundDecoder?
    private var piece: [Int16] = []
    /// Samples given so far.
    private var given = 0
    /// Whether a file of this round could be played.
    private var hasPlayed = false
    private var hasBegun = false
    /// Samples of the first file still to be faded in, which begins in the middle.
    private var fadeLeft = 0

    /// A folder of many broken files must not keep the other streams waiting.
    private static let mostFilesATurn = 8
    private static let fadeSamples = 240

    init(_ plan: MusicPlan, _ progress: MusicProgress, _ reports: SoundReports) {
        self.plan = plan
        self.progress = progress
        self.reports = reports
        playlist = Playlist(order: plan.order)
        entropy = plan.entropy
    }

    func fill(_ out: inout [Int16], wanted: Int) -> Bool {
        let begin = out.count
        let base = given - begin
        var opened = 0
        while out.count < begin + wanted {
            if let decoder, let resampler {
                piece.removeAll(keepingCapacity: true)
                if decoder.read(wanted * decoder.form.rate / 8000, into: &piece) > 0 {
                    fadeIn()
                    resampler.push(piece, into: &out)
                    continue
                }
                self.decoder = nil
            }
            guard opened < Self.mostFilesATurn else { break }
            opened += 1
            next(into: &out, base: base)
        }
        given = base + out.count
        return true
    }

    /// Opens the next file, or appends the pattern where a whole round had none.
    private func next(into out: inout [Int16], base: Int) {
        if let path = playlist.next() { return open(path, into: &out, base: base) }
        if hasBegun, !hasPlayed {
            endResampler(into: &out)
            progress.begin(nil, at: base + out.count)
            out.append(contentsOf: HoldPattern.samples)
        }
        hasPlayed = false
        let (files, areOwn) = plan.files()
        if !areOwn, let folder = plan.own.first {
            reports.say("\(folder): no music; \(files.isEmpty ? "a pattern of tones" : "the default class") is played")
        }
        playlist.begin(files, using: &entropy)
        if !hasBegun { chooseFirst(of: files) }
        hasBegun = true
    }

    private func chooseFirst(of files: [String]) {
        switch plan.start {
        case .beginning: break
        case .random: if let file = files.randomElement(using: &entropy) { _ = playlist.go(to: file) }
        case .at(let position): _ = playlist.go(to: position.file)
        }
    }

    private func open(_ path: String, into out: inout [Int16], base: Int) {
        do throws(SoundError) {
            let decoder = try SoundDecoder(path: path, below: plan.roots)
            if base + out.count == 0 { seek(decoder) }
            try prepareResampler(for: decoder.form.rate, into: &out)
            let offset = Duration.microseconds(Int64(decoder.frame) * 1_000_000 / Int64(decoder.form.rate))
            progress.begin(MusicPosition(file: path, offset: offset), at: base + out.count)
            self.decoder = decoder
            hasPlayed = true
        } catch { reports.say(path, error) }
    }

    private func seek(_ decoder: SoundDecoder) {
        switch plan.start {
        case .beginning: return
        case .random: decoder.seek(to: decoder.form.duration * Double(entropy.next() % 1000) / 1000)
        case .at(let position) where position.file == decoder.file.path: decoder.seek(to: position.offset)
        case .at: return
        }
        fadeLeft = decoder.frame == 0 ? 0 : Self.fadeSamples
    }

    private func prepareResampler(for rate: Int, into out: inout [Int16]) throws(SoundError) {
        if resampler?.inputRate == rate { return }
        endResampler(into: &out)
        do throws(ResamplerError) { resampler = try Resampler(from: rate) } catch { throw .resampler(error) }
    }

    private func endResampler(into out: inout [Int16]) {
        resampler?.finish(into: &out)
        resampler = nil
    }

    /// Beginning in the middle of a wave would click.
    private func fadeIn() {
        guard fadeLeft > 0 else { return }
        for index in piece.indices where fadeLeft > 0 {
            let gain = Float(Self.fadeSamples - fadeLeft) / Float(Self.fadeSamples)
            piece[index] = Int16((Float(piece[index]) * gain).rounded())
            fadeLeft -= 1
        }
    }
}
