// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Glibc

/// What a held caller hears where there is no music: four soft notes that fade into each other, over and over, so that
/// the line is known to be alive.
enum HoldPattern {
    private static let rate = 8000.0
    /// C5, E5, G5, E5.
    private static let hertz = [523.25, 659.25, 783.99, 659.25]
    private static let secondsPerNote = 2.0
    /// −24 dB below full scale at a note's beginning.
    private static let peak = 32767 * 0.063

    /// Eight seconds; the end goes over into the beginning.
    static let samples: [Int16] = {
        let length = Int(rate * secondsPerNote)
        var sum = [Double](repeating: 0, count: length * hertz.count)
        for (number, hertz) in hertz.enumerated() {
            // Each note sounds on under the next.
            for index in 0..<2 * length {
                let time = Double(index) / rate
                let attack = min(1, time / 0.02)
                let release = min(1, (2 * secondsPerNote - time) / 0.2)
                let level = peak * attack * release * exp(-time)
                sum[(number * length + index) % sum.count] += level * sin(2 * .pi * hertz * time)
            }
        }
        return sum.map { Int16(max(-32768, min($0, 32767)).rounded()) }
    }()

    static let clip = AudioClip(samples: samples)
}
