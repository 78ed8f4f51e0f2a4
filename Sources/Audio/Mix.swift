// SPDX-License-Identifier: AGPL-3.0-or-later

/// Arithmetic of a mixer on plain memory: sums in 32 bits, gains with twelve fraction bits (4096 is 1.0),
/// saturation only at the end. Nothing here allocates; every buffer holds at least `count` elements.
public enum Mix {
    /// One in the fixed-point gains of this file.
    public static let unity: Int32 = 4096

    /// A gain as fixed point, clamped to 0…8 (+18 dB); what is not a number is 0.
    public static func fixed(_ gain: Float) -> Int32 {
        guard gain > 0 else { return 0 }
        return gain >= 8 ? 8 * unity : Int32((gain * Float(unity)).rounded())
    }

    @inline(__always)
    public static func clear(_ sum: UnsafeMutablePointer<Int32>, count: Int) {
        sum.update(repeating: 0, count: count)
    }

    /// sum += frame
    @inline(__always)
    public static func add(_ frame: UnsafePointer<Int16>, to sum: UnsafeMutablePointer<Int32>, count: Int) {
        for i in 0..<count { sum[i] &+= Int32(frame[i]) }
    }

    /// sum −= frame
    @inline(__always)
    public static func subtract(_ frame: UnsafePointer<Int16>, from sum: UnsafeMutablePointer<Int32>, count: Int) {
        for i in 0..<count { sum[i] &-= Int32(frame[i]) }
    }

    /// sum += frame × gain, the gain in fixed point and of either sign; ±`unity` is exact.
    @inline(__always)
    public static func add(
        _ frame: UnsafePointer<Int16>, gain: Int32, to sum: UnsafeMutablePointer<Int32>, count: Int
    ) {
        for i in 0..<count { sum[i] &+= (Int32(frame[i]) &* gain &+ unity / 2) >> 12 }
    }

    /// sum −= what `add` with the same gain has added, bit for bit.
    @inline(__always)
    public static func subtract(
        _ frame: UnsafePointer<Int16>, gain: Int32, from sum: UnsafeMutablePointer<Int32>, count: Int
    ) {
        for i in 0..<count { sum[i] &-= (Int32(frame[i]) &* gain &+ unity / 2) >> 12 }
    }

    /// A sum as a sample: what is too loud is cut, never wrapped.
    @inline(__always)
    public static func saturate(_ value: Int32) -> Int16 { Int16(clamping: value) }

    @inline(__always)
    public static func saturate(_ sum: UnsafePointer<Int32>, into frame: UnsafeMutablePointer<Int16>, count: Int) {
        for i in 0..<count { frame[i] = Int16(clamping: sum[i]) }
    }
}
