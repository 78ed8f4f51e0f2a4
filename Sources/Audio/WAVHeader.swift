// SPDX-License-Identifier: AGPL-3.0-or-later

/// The bytes before the samples of a WAV file: always 58, so that they can be written again in place
/// as the file grows (RIFF, an 18-byte `fmt `, `fact` as non-PCM formats need, `data`).
public struct WAVHeader: Hashable, Sendable {
    public static let size = 58

    public var encoding: WAVEncoding
    /// 1 or 2.
    public var channels: Int
    public var samplesPerSecond: UInt32
    /// Bytes of samples in the file. What a 32-bit size cannot tell (more than 4 GiB less 64 bytes) is told as
    /// the greatest size it can.
    public var dataBytes: UInt64

    public init(encoding: WAVEncoding, channels: Int, samplesPerSecond: UInt32 = 8000, dataBytes: UInt64 = 0) {
        self.encoding = encoding
        self.channels = max(1, min(channels, 2))
        self.samplesPerSecond = samplesPerSecond
        self.dataBytes = dataBytes
    }

    /// Exactly `size` bytes.
    public var bytes: [UInt8] {
        let block = UInt32(encoding.bytesPerSample * channels)
        let limit = UInt64(UInt32.max) - 64
        let data = UInt32(min(dataBytes, limit - limit % UInt64(block)))
        var out: [UInt8] = []
        out.reserveCapacity(Self.size)
        out += "RIFF".utf8
        out.append(little: data + UInt32(Self.size) - 8)
        out += "WAVEfmt ".utf8
        out.append(little: UInt32(18))
        out.append(little: encoding.formatTag)
        out.append(little: UInt16(channels))
        out.append(little: samplesPerSecond)
        out.append(little: samplesPerSecond &* block)
        out.append(little: UInt16(block))
        out.append(little: UInt16(encoding.bytesPerSample * 8))
        out.append(little: UInt16(0))
        out += "fact".utf8
        out.append(little: UInt32(4))
        out.append(little: data / block)
        out += "data".utf8
        out.append(little: data)
        return out
    }
}

extension [UInt8] {
    fileprivate mutating func append(little value: UInt16) {
        append(UInt8(truncatingIfNeeded: value))
        append(UInt8(truncatingIfNeeded: value >> 8))
    }

    fileprivate mutating func append(little value: UInt32) {
        append(little: UInt16(truncatingIfNeeded: value))
        append(little: UInt16(truncatingIfNeeded: value >> 16))
    }
}
