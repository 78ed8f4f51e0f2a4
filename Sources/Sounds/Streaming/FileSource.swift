// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio

/// One file from a position to its end, brought to 8 kHz.
final class FileSource: StreamSource {
    private let decoder: SoundDecoder
    private let resampler: Resampler
    private var piece: [Int16] = []

    init(path: String, below roots: [String], from position: Duration) throws(SoundError) {
        decoder = try SoundDecoder(path: path, below: roots)
        do throws(ResamplerError) {
            resampler = try Resampler(from: decoder.form.rate)
        } catch { throw .resampler(error) }
        decoder.seek(to: position)
    }

    func fill(_ out: inout [Int16], wanted: Int) -> Bool {
        let target = out.count + wanted
        while out.count < target {
            piece.removeAll(keepingCapacity: true)
            guard decoder.read(wanted * decoder.form.rate / 8000, into: &piece) > 0 else {
                resampler.finish(into: &out)
                return false
            }
            resampler.push(piece, into: &out)
        }
        return true
    }
}
