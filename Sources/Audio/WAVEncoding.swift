// SPDX-License-Identifier: AGPL-3.0-or-later

/// What the samples of a WAV file are. Recordings are written as `pcm16`, `aLaw` or `muLaw`; the rest is read.
public enum WAVEncoding: Hashable, Sendable {
    /// Unsigned, as WAV has it.
    case pcm8
    case pcm16
    case pcm24
    case pcm32
    /// Full scale at ±1.
    case float32
    case aLaw
    case muLaw

    public init(_ law: G711Law) { self = law == .a ? .aLaw : .muLaw }

    /// By a `fmt ` chunk's format tag and bits a sample; nil for what cannot be read.
    init?(formatTag: UInt16, bits: UInt16) {
        switch (formatTag, bits) {
        case (1, 8): self = .pcm8
        case (1, 16): self = .pcm16
        case (1, 24): self = .pcm24
        case (1, 32): self = .pcm32
        case (3, 32): self = .float32
        case (6, 8): self = .aLaw
        case (7, 8): self = .muLaw
        default: return nil
        }
    }

    var formatTag: UInt16 {
        switch self {
        case .pcm8, .pcm16, .pcm24, .pcm32: 1
        case .float32: 3
        case .aLaw: 6
        case .muLaw: 7
        }
    }

    public var bytesPerSample: Int {
        switch self {
        case .pcm8, .aLaw, .muLaw: 1
        case .pcm16: 2
        case .pcm24: 3
        case .pcm32, .float32: 4
        }
    }

    /// Appends the whole samples of `bytes` (little-endian) to `out`, channels interleaved.
    public func decode(_ bytes: UnsafeRawBufferPointer, into out: inout [Int16]) {
        switch self {
        case .pcm8: append(bytes, to: &out) { Int16((Int(bytes[$0]) - 128) << 8) }
        case .pcm16:
            append(bytes, to: &out) { Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int16.self)) }
        case .pcm24:
            append(bytes, to: &out) {
                let value = Int32(bytes[$0]) | Int32(bytes[$0 + 1]) << 8 | Int32(Int8(bitPattern: bytes[$0 + 2])) << 16
                return Int16(clamping: (value + 128) >> 8)
            }
        case .pcm32:
            append(bytes, to: &out) {
                let value = Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self))
                return Int16(clamping: (Int64(value) + 32768) >> 16)
            }
        case .float32:
            append(bytes, to: &out) {
                let bits = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
                let value = Float(bitPattern: bits) * 32768
                return value.isNaN ? 0 : Int16(max(-32768, min(value, 32767)).rounded())
            }
        case .aLaw: append(bytes, to: &out) { G711.a.decode(bytes[$0]) }
        case .muLaw: append(bytes, to: &out) { G711.mu.decode(bytes[$0]) }
        }
    }

    /// The same in one channel: of two, half of their sum. Samples of a frame that is cut off are left out.
    public func decodeMono(_ bytes: UnsafeRawBufferPointer, channels: Int, into out: inout [Int16]) {
        guard channels == 2 else { return decode(bytes, into: &out) }
        var both: [Int16] = []
        decode(bytes, into: &both)
        out.reserveCapacity(out.count + both.count / 2)
        for frame in 0..<both.count / 2 {
            out.append(Int16((Int(both[2 * frame]) + Int(both[2 * frame + 1])) >> 1))
        }
    }

    @inline(__always)
    private func append(_ bytes: UnsafeRawBufferPointer, to out: inout [Int16], _ sample: (Int) -> Int16) {
        let count = bytes.count / bytesPerSample
        out.reserveCapacity(out.count + count)
        for index in 0..<count { out.append(sample(index * bytesPerSample)) }
    }
}
