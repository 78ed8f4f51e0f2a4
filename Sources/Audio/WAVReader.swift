// SPDX-License-Identifier: AGPL-3.0-or-later

/// Why a WAV file cannot be used.
public enum WAVError: Error, Hashable, Sendable, CustomStringConvertible {
    case notWAV
    case truncated
    /// Neither PCM (format 1), float (3) nor G.711 (6 and 7) of a width that is known.
    case encoding(format: UInt16, bits: UInt16)
    case rate(UInt32)
    case channels(UInt16)
    /// Bytes a frame as the header says, and as its channels and bits give.
    case frame(said: UInt16, computed: Int)
    case tooLong(seconds: Int)

    public var description: String {
        switch self {
        case .notWAV: "not a WAV file (no RIFF/WAVE with fmt and data)"
        case .truncated: "the WAV header is cut off"
        case .encoding(let format, let bits):
            "WAV format \(format) with \(bits) bits is not supported: use 16-bit PCM, A-law or µ-law"
        case .rate(let rate):
            "\(rate) samples a second are not supported: use \(Resampler.rates.lowerBound) to \(Resampler.rates.upperBound)"
        case .channels(let count): "\(count) channels are not supported: use one or two"
        case .frame(let said, let computed):
            "the WAV header contradicts itself: \(said) bytes a frame, where its format has \(computed)"
        case .tooLong(let seconds): "longer than \(seconds) seconds"
        }
    }
}

/// Finds the samples in a WAV file. Every offset is checked against the bytes there are.
public struct WAVReader: Sendable {
    public let encoding: WAVEncoding
    /// 1 or 2.
    public let channels: Int
    /// Within `Resampler.rates`.
    public let samplesPerSecond: UInt32
    /// Where the samples are, whole frames; a data size beyond the file's end (a recorder was killed, a stream was
    /// saved) is cut to it.
    public let data: Range<Int>

    /// Chunks looked at before giving up.
    private static let chunkLimit = 64

    public init(_ bytes: [UInt8]) throws(WAVError) {
        try self.init(size: bytes.count) { offset, count in Array(bytes[offset..<offset + count]) }
    }

    /// Reads the header of a file of `size` bytes. `read` gives the bytes from an offset on, which lie within the
    /// size, or nil when they cannot be had.
    public init(size fileSize: Int, read: (_ offset: Int, _ count: Int) -> [UInt8]?) throws(WAVError) {
        func bytes(_ offset: Int, _ count: Int) throws(WAVError) -> [UInt8] {
            guard let bytes = read(offset, count), bytes.count == count else { throw .truncated }
            return bytes
        }
        guard fileSize >= 12 else { throw .notWAV }
        let start = try bytes(0, 12)
        guard start.tag(at: 0) == "RIFF", start.tag(at: 8) == "WAVE" else { throw .notWAV }
        var format: Format?
        var at = 12
        for _ in 0..<Self.chunkLimit {
            guard at + 8 <= fileSize else { break }
            let chunk = try bytes(at, 8)
            let size = Int(chunk.little32(at: 4))
            let body = at + 8
            if chunk.tag(at: 0) == "fmt " {
                guard size >= 16, body + 16 <= fileSize else { throw .truncated }
                format = try Format(try bytes(body, min(size, 40, fileSize - body)))
            } else if chunk.tag(at: 0) == "data", let format {
                encoding = format.encoding
                channels = format.channels
                samplesPerSecond = format.rate
                let length = min(size, fileSize - body)
                data = body..<(body + length - length % (format.encoding.bytesPerSample * format.channels))
                return
            }
            at = body + size + (size & 1)
        }
        throw .notWAV
    }

    /// What a `fmt ` chunk says, of which there are at least 16 bytes.
    private struct Format {
        let encoding: WAVEncoding
        let channels: Int
        let rate: UInt32

        /// WAVE_FORMAT_EXTENSIBLE: the format proper is the beginning of the GUID at its end.
        private static let extensible: UInt16 = 0xFFFE

        init(_ chunk: [UInt8]) throws(WAVError) {
            var tag = chunk.little16(at: 0)
            let bits = chunk.little16(at: 14)
            if tag == Self.extensible {
                guard chunk.count >= 40 else { throw .truncated }
                tag = chunk.little16(at: 24)
            }
            guard let encoding = WAVEncoding(formatTag: tag, bits: bits) else {
                throw .encoding(format: tag, bits: bits)
            }
            let channels = chunk.little16(at: 2)
            guard channels == 1 || channels == 2 else { throw .channels(channels) }
            let computed = encoding.bytesPerSample * Int(channels)
            let said = chunk.little16(at: 12)
            guard Int(said) == computed else { throw .frame(said: said, computed: computed) }
            rate = chunk.little32(at: 4)
            guard Resampler.rates.contains(Int(rate)) else { throw .rate(rate) }
            self.encoding = encoding
            self.channels = Int(channels)
        }
    }

    /// The samples of a file as it can be played: mono at 8 kHz whatever it was, at most `limitSeconds`.
    public static func prompt(_ bytes: [UInt8], limitSeconds: Int = 14_400) throws(WAVError) -> [Int16] {
        let file = try WAVReader(bytes)
        let frames = file.data.count / (file.encoding.bytesPerSample * file.channels)
        guard frames <= limitSeconds * Int(file.samplesPerSecond) else { throw .tooLong(seconds: limitSeconds) }
        var samples: [Int16] = []
        bytes.withUnsafeBytes {
            file.encoding.decodeMono(.init(rebasing: $0[file.data]), channels: file.channels, into: &samples)
        }
        guard file.samplesPerSecond != 8000 else { return samples }
        var out: [Int16] = []
        do throws(ResamplerError) {
            let resampler = try Resampler(from: Int(file.samplesPerSecond))
            resampler.push(samples, into: &out)
            resampler.finish(into: &out)
        } catch { throw .rate(file.samplesPerSecond) }
        return out
    }

    /// Decodes the samples of the file the reader was made from, channels interleaved.
    public func samples(in bytes: [UInt8]) -> [Int16] {
        var out: [Int16] = []
        bytes.withUnsafeBytes {
            encoding.decode(.init(rebasing: $0[data.clamped(to: 0..<bytes.count)]), into: &out)
        }
        return out
    }
}

extension [UInt8] {
    fileprivate func tag(at index: Int) -> String { String(decoding: self[index..<index + 4], as: UTF8.self) }

    fileprivate func little16(at index: Int) -> UInt16 { UInt16(self[index]) | UInt16(self[index + 1]) << 8 }

    fileprivate func little32(at index: Int) -> UInt32 {
        UInt32(little16(at: index)) | UInt32(little16(at: index + 2)) << 16
    }
}
