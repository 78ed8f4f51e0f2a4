// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio
internal import CallModel

/// Reads a sound file piece by piece as mono samples of the file's own rate. Belongs to one thread.
final class SoundDecoder {
    let file: SoundFile
    let form: SoundForm
    /// The next frame to be read.
    private(set) var frame = 0
    private var bytes: [UInt8] = []

    /// A file is read into memory whole up to this size.
    static let largestClipMegabytes = 64

    init(path: String, below roots: [String]) throws(SoundError) {
        file = try SoundFile(path: path, below: roots)
        form = try SoundForm(of: file)
    }

    /// Where the next samples come from; at the end or beyond it there are none.
    func seek(to position: Duration) {
        let frame = position.scaled(by: form.rate)
        self.frame = max(0, min(frame, form.frames))
    }

    /// Appends at most `most` samples and says how many; 0 at the end. A file that has become shorter since it was
    /// opened ends where it ends now.
    func read(_ most: Int, into out: inout [Int16]) -> Int {
        let count = min(most, form.frames - frame)
        guard count > 0 else { return 0 }
        file.read(
            at: form.data.lowerBound + frame * form.bytesPerFrame, count: count * form.bytesPerFrame, into: &bytes)
        let got = bytes.count / form.bytesPerFrame
        bytes.withUnsafeBytes {
            form.encoding.decodeMono(
                .init(rebasing: $0[0..<got * form.bytesPerFrame]), channels: form.channels, into: &out)
        }
        frame = got < count ? form.frames : frame + got
        return got
    }

    /// The whole file at 8 kHz.
    func clip() throws(SoundError) -> AudioClip {
        guard form.data.count <= Self.largestClipMegabytes << 20 else {
            throw .tooLarge(megabytes: Self.largestClipMegabytes)
        }
        let resampler: Resampler
        do throws(ResamplerError) { resampler = try Resampler(from: form.rate) } catch { throw .resampler(error) }
        var samples: [Int16] = []
        samples.reserveCapacity(form.frames * 8000 / form.rate + 1)
        var piece: [Int16] = []
        while read(16384, into: &piece) > 0 {
            resampler.push(piece, into: &samples)
            piece.removeAll(keepingCapacity: true)
        }
        resampler.finish(into: &samples)
        return AudioClip(samples: samples)
    }
}

extension Duration {
    /// How many ticks of a clock of `rate` a second fit into it, not negative.
    func scaled(by rate: Int) -> Int {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        // A day bounds it: no sound is longer.
        return Int(min(seconds, 86_400)) * rate + Int(attoseconds / 1_000_000_000) * rate / 1_000_000_000
    }
}
