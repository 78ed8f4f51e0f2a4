// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// Plays a `Tone` at 8 kHz, sample by sample, by 32-bit phase accumulators. A plain value that allocates nothing.
public struct ToneGenerator: Sendable, BitwiseCopyable {
    private let tone: Tone
    private var index = 0
    private var left = 0
    private var endless = false
    private var firstPhase: UInt32 = 0
    private var secondPhase: UInt32 = 0
    private var firstStep: UInt32 = 0
    private var secondStep: UInt32 = 0
    private var amplitude: Int32 = 0
    /// The tone has come to its end; `fill` gives silence from here on.
    public private(set) var ended = false

    public init(_ tone: Tone) {
        self.tone = tone
        if tone.stepCount == 0 { ended = true } else { begin(0) }
    }

    /// Writes the next `count` samples and returns how many belong to the tone; the rest is silence.
    @discardableResult
    public mutating func fill(_ frame: UnsafeMutablePointer<Int16>, count: Int) -> Int {
        for i in 0..<count {
            if !endless {
                while left == 0 && !ended { advance() }
                if ended {
                    (frame + i).update(repeating: 0, count: count - i)
                    return i
                }
                left -= 1
            }
            frame[i] = sample()
        }
        return count
    }

    @inline(__always)
    private mutating func sample() -> Int16 {
        if amplitude == 0 { return 0 }
        var value = amplitude &* Sine.value(firstPhase)
        firstPhase &+= firstStep
        if secondStep != 0 {
            value &+= amplitude &* Sine.value(secondPhase)
            secondPhase &+= secondStep
        }
        return Int16(clamping: (value &+ 8192) >> 14)
    }

    private mutating func advance() {
        if index + 1 < tone.stepCount {
            begin(index + 1)
        } else if tone.repeats {
            begin(0)
        } else {
            ended = true
        }
    }

    private mutating func begin(_ next: Int) {
        index = next
        let step = tone.step(next)
        endless = step.milliseconds == 0
        left = Int(step.milliseconds) * 8
        firstPhase = 0
        secondPhase = 0
        firstStep = Sine.step(hertz: step.firstHertz)
        secondStep = Sine.step(hertz: step.secondHertz)
        amplitude = step.firstHertz == 0 ? 0 : Sine.amplitude(levelTenths: step.levelTenths)
    }
}

/// One turn of a sine in 4096 values, scaled to 16384.
enum Sine {
    private static nonisolated(unsafe) let table: UnsafePointer<Int16> = {
        let table = UnsafeMutablePointer<Int16>.allocate(capacity: 4096)
        for i in 0..<4096 {
            table[i] = Int16((sin(2 * Double.pi * Double(i) / 4096) * 16384).rounded())
        }
        return UnsafePointer(table)
    }()

    @inline(__always)
    static func value(_ phase: UInt32) -> Int32 { Int32(table[Int((phase &+ (1 << 19)) >> 20)]) }

    /// Phase per sample at 8 kHz.
    static func step(hertz: UInt16) -> UInt32 { UInt32((UInt64(hertz) << 32) / 8000) }

    /// Peak of a sine at a level; +3.14 dBm0 is full scale (ITU-T G.711 Table 5 for A-law).
    static func amplitude(levelTenths: Int16) -> Int32 {
        Int32((32767 * pow(10, (Double(levelTenths) / 10 - 3.14) / 20)).rounded())
    }
}
