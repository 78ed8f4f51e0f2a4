// SPDX-License-Identifier: AGPL-3.0-or-later

/// The two laws of ITU-T G.711.
public enum G711Law: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case mu, a

    /// The octet of digital silence: the smallest positive value of each law.
    public var silence: UInt8 { self == .a ? 0xD5 : 0xFF }
}

/// ITU-T G.711 companding of 16-bit linear samples, by tables made once at first use.
///
/// Linear samples are the Recommendation's uniform values moved up to 16 bits: µ-law's 14-bit values
/// times 4, A-law's 13-bit values times 8. A sample exactly on a decision value takes the code
/// farther from zero when positive and nearer to zero when negative, as ITU-T G.191 does.
public struct G711: Sendable, BitwiseCopyable {
    /// 65,536 codes by sample bit pattern, then 256 samples by code, for one law. The tables live as
    /// long as the process and are never written after they are made.
    private nonisolated(unsafe) let codes: UnsafePointer<UInt8>
    private nonisolated(unsafe) let samples: UnsafePointer<Int16>
    public let law: G711Law

    public static let mu = G711(.mu)
    public static let a = G711(.a)

    /// Both share their tables with every other value of the same law.
    public static func of(_ law: G711Law) -> G711 { law == .a ? a : mu }

    private init(_ law: G711Law) {
        self.law = law
        let codes = UnsafeMutablePointer<UInt8>.allocate(capacity: 65536)
        let samples = UnsafeMutablePointer<Int16>.allocate(capacity: 256)
        for code in 0...UInt8.max {
            samples[Int(code)] = law == .a ? Self.expandA(code) : Self.expandMu(code)
        }
        for bits in 0...UInt16.max {
            let sample = Int16(bitPattern: bits)
            codes[Int(bits)] = law == .a ? Self.compressA(sample) : Self.compressMu(sample)
        }
        self.codes = UnsafePointer(codes)
        self.samples = UnsafePointer(samples)
    }

    @inline(__always)
    public func encode(_ sample: Int16) -> UInt8 { codes[Int(UInt16(bitPattern: sample))] }

    @inline(__always)
    public func decode(_ code: UInt8) -> Int16 { samples[Int(code)] }

    /// Encodes `count` samples. The buffers hold at least `count` elements each.
    @inline(__always)
    public func encode(_ input: UnsafePointer<Int16>, into output: UnsafeMutablePointer<UInt8>, count: Int) {
        for i in 0..<count { output[i] = encode(input[i]) }
    }

    /// Decodes `count` octets. The buffers hold at least `count` elements each.
    @inline(__always)
    public func decode(_ input: UnsafePointer<UInt8>, into output: UnsafeMutablePointer<Int16>, count: Int) {
        for i in 0..<count { output[i] = decode(input[i]) }
    }

    /// µ-law (G.711 Table 2a/2b): eight segments of sixteen steps that double, biased by 33.
    static func compressMu(_ sample: Int16) -> UInt8 {
        let wide = Int32(sample)
        let magnitude = min((wide < 0 ? ~wide : wide) >> 2 + 33, 0x1FFF)
        let segment = 26 - Int32(magnitude.leadingZeroBitCount)
        let mantissa = (magnitude >> (segment + 1)) & 15
        let code = UInt8(truncatingIfNeeded: ~(segment << 4 | mantissa)) & 0x7F
        return wide < 0 ? code : code | 0x80
    }

    static func expandMu(_ code: UInt8) -> Int16 {
        let bits = Int32(~code)
        let magnitude = ((bits & 15) * 2 + 33) << ((bits >> 4) & 7) - 33
        return Int16(truncatingIfNeeded: (code & 0x80 == 0 ? -magnitude : magnitude) * 4)
    }

    /// A-law (G.711 Table 1a/1b): two segments of equal steps, then six that double; even bits inverted.
    static func compressA(_ sample: Int16) -> UInt8 {
        let wide = Int32(sample)
        let magnitude = (wide < 0 ? ~wide : wide) >> 4
        let segment = max(0, 28 - Int32(magnitude.leadingZeroBitCount))
        let mantissa = (magnitude >> max(0, segment - 1)) & 15
        let code = UInt8(truncatingIfNeeded: segment << 4 | mantissa)
        return (wide < 0 ? code : code | 0x80) ^ 0x55
    }

    static func expandA(_ code: UInt8) -> Int16 {
        let bits = Int32(code ^ 0x55)
        let segment = (bits >> 4) & 7
        let mantissa = (bits & 15) << 4 + 8
        let magnitude = segment == 0 ? mantissa : (mantissa + 256) << (segment - 1)
        return Int16(truncatingIfNeeded: bits & 0x80 == 0 ? -magnitude : magnitude)
    }
}
