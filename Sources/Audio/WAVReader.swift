// SPDX-License-Identifier: AGPL-3.0-or-later

/// Why a WAV file cannot be used.
public enum WAVError: Error, Hashable, Sendable, CustomStringConvertible {
    case notWAV
    case truncated
    /// Neither 16-bit PCM (format 1) nor G.711 (formats 6 and 7).
    case encoding(format: UInt16, bits: UInt16)
    case rate(UInt32)
    case channels(UInt16)
    case tooLong(seconds: Int)

    public var description: String {
        switch self {
        case .notWAV: "not a WAV file (no RIFF/WAVE with fmt and data)"
        case .truncated: "the WAV header is cut off"
        case .encoding(let format, let bits):
            "WAV format \(format) with \(bits) bits is not supported: use 16-bit PCM, A-law or µ-law"
        case .rate(let rate): "\(rate) samples a second are not supported: convert the file to 8000"
        case .channels(let count): "\(count) channels are not supported here: convert the file to mono"
        case .tooLong(let seconds): "longer than \(seconds) seconds"
        }
    }
}

/// Finds the samples in the bytes of a WAV file. Every offset is checked against the bytes there are.
public struct WAVReader: Sendable {
    public let encoding: WAVEncoding
    public let channels: Int
    public let samplesPerSecond: UInt32
    /// Where the samples are; a data size beyond the file's end (a recorder was killed, a stream was
    /// saved) is cut to it.
    public let data: Range<Int>

    /// Chunks looked at before giving up.
    private static let chunkLimit = 64

    public init(_ bytes: [UInt8]) throws(WAVError) {
        guard bytes.count >= 12, bytes.tag(at: 0) == "RIFF", bytes.tag(at: 8) == "WAVE" else { throw .notWAV }
        var format: (encoding: WAVEncoding, channels: UInt16, rate: UInt32)?
        var at = 12
        for _ in 0..<Self.chunkLimit {
            guard at + 8 <= bytes.count else { break }
            let tag = bytes.tag(at: at)
            let size = Int(bytes.little32(at: at + 4))
            let body = at + 8
            if tag == "fmt " {
                guard size >= 16, body + 16 <= bytes.count else { throw .truncated }
                format = try Self.format(bytes, at: body)
            } else if tag == "data", let format {
                encoding = format.encoding
                channels = Int(format.channels)
                samplesPerSecond = format.rate
                let block = format.encoding.bytesPerSample * Int(format.channels)
                let length = min(size, bytes.count - body)
                data = body..<(body + length - length % block)
                return
            }
            at = body + size + (size & 1)
        }
        throw .notWAV
    }

    private static func format(
        _ bytes: [UInt8], at body: Int
    ) throws(WAVError) -> (encoding: WAVEncoding, channels: UInt16, rate: UInt32) {
        let tag = bytes.little16(at: body)
        let bits = bytes.little16(at: body + 14)
        guard let encoding = WAVEncoding(rawValue: tag), bits == UInt16(encoding.bytesPerSample * 8) else {
            throw .encoding(format: tag, bits: bits)
        }
        let channels = bytes.little16(at: body + 2)
        guard channels == 1 || channels == 2 else { throw .channels(channels) }
        return (encoding, channels, bytes.little32(at: body + 4))
    }

    /// The samples of a prompt: 8 kHz, mono, at most `limitSeconds`.
    public static func prompt(_ bytes: [UInt8], limitSeconds: Int = 14_400) throws(WAVError) -> [Int16] {
        let file = try WAVReader(bytes)
        guard file.samplesPerSecond == 8000 else { throw .rate(file.samplesPerSecond) }
        guard file.channels == 1 else { throw .channels(UInt16(file.channels)) }
        guard file.data.count / file.encoding.bytesPerSample <= limitSeconds * 8000 else {
            throw .tooLong(seconds: limitSeconds)
        }
        return file.samples(in: bytes)
    }

    /// Decodes the samples of the file the reader was made from, channels interleaved.
    public func samples(in bytes: [UInt8]) -> [Int16] {
        let data = data.clamped(to: 0..<bytes.count)
        switch encoding {
        case .aLaw: return bytes[data].map { G711.a.decode($0) }
        case .muLaw: return bytes[data].map { G711.mu.decode($0) }
        case .pcm16:
            return (0..<data.count / 2).map { Int16(bitPattern: bytes.little16(at: data.lowerBound + 2 * $0)) }
        }
    }
}

extension [UInt8] {
    fileprivate func tag(at index: Int) -> String { String(decoding: self[index..<index + 4], as: UTF8.self) }

    fileprivate func little16(at index: Int) -> UInt16 { UInt16(self[index]) | UInt16(self[index + 1]) << 8 }

    fileprivate func little32(at index: Int) -> UInt32 {
        UInt32(little16(at: index)) | UInt32(little16(at: index + 2)) << 16
    }
}
