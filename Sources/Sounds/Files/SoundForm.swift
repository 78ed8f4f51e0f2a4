// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Audio

/// How the samples of a file are to be read: by its name's suffix, and for WAV by its header.
struct SoundForm: Hashable, Sendable {
    var encoding: WAVEncoding
    var channels: Int
    var rate: Int
    /// Whole frames within the file.
    var data: Range<Int>

    var bytesPerFrame: Int { encoding.bytesPerSample * channels }
    var frames: Int { data.count / bytesPerFrame }
    /// Rounded down.
    var duration: Duration { .milliseconds(Int64(frames) * 1000 / Int64(rate)) }

    /// What a folder is searched for, the best first. Beside WAV the headerless files of Asterisk, whose suffix says
    /// everything (`sln16` is 16 kHz). GSM is not read.
    static let suffixes = [".wav"] + raw.map(\.suffix)

    private static let raw: [(suffix: String, encoding: WAVEncoding, rate: Int)] = [
        (".sln", .pcm16, 8000), (".ulaw", .muLaw, 8000), (".alaw", .aLaw, 8000), (".sln16", .pcm16, 16000),
        (".sln12", .pcm16, 12000), (".sln24", .pcm16, 24000), (".sln32", .pcm16, 32000), (".sln44", .pcm16, 44100),
        (".sln48", .pcm16, 48000), (".sln96", .pcm16, 96000), (".sln192", .pcm16, 192_000),
    ]

    static func isSound(_ name: String) -> Bool {
        suffixes.contains { name.hasSuffix($0) && name.utf8.count > $0.utf8.count }
    }

    init(of file: SoundFile) throws(SoundError) {
        if let raw = Self.raw.first(where: { file.path.hasSuffix($0.suffix) }) {
            (encoding, channels, rate) = (raw.encoding, 1, raw.rate)
            data = 0..<(file.stamp.size - file.stamp.size % raw.encoding.bytesPerSample)
        } else {
            do throws(WAVError) {
                let header = try WAVReader(size: file.stamp.size) { offset, count in
                    var bytes: [UInt8] = []
                    file.read(at: offset, count: count, into: &bytes)
                    return bytes.count == count ? bytes : nil
                }
                (encoding, channels, rate) = (header.encoding, header.channels, Int(header.samplesPerSecond))
                data = header.data
            } catch { throw .form(error) }
        }
        guard !data.isEmpty else { throw .empty }
    }
}
