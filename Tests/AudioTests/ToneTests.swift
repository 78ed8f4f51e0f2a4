// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// Power of one frequency in `samples` (Goertzel), as the amplitude of its sine.
func amplitude(_ samples: ArraySlice<Int16>, hertz: Double) -> Double {
    let w = 2 * Double.pi * hertz / 8000
    var re = 0.0
    var im = 0.0
    for (i, s) in samples.enumerated() {
        re += Double(s) * cos(w * Double(i))
        im += Double(s) * sin(w * Double(i))
    }
    return 2 * (re * re + im * im).squareRoot() / Double(samples.count)
}

private func render(_ tone: Tone, count: Int) -> [Int16] {
    var generator = ToneGenerator(tone)
    var out = [Int16](repeating: 1, count: count)
    out.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        // In uneven pieces, as nothing may depend on the frame.
        var at = 0
        while at < count {
            let piece = min(137, count - at)
            generator.fill(base + at, count: piece)
            at += piece
        }
    }
    return out
}

@Test func milliwattIsAsLoudAsTheRecommendationSays() {
    let samples = render(.milliwatt, count: 8000)
    // 0 dBm0 is 3.14 dB below a full-scale sine.
    let level = 20 * log10(amplitude(samples[...], hertz: 1004) / 32767)
    #expect(abs(level + 3.14) < 0.02)
}

@Test(arguments: ToneRegion.allCases)
func ringbackFollowsTheRegionsCadence(_ region: ToneRegion) {
    let expected: [(ToneRegion, on: Int, off: Int, hertz: [Double])] = [
        (.cn, 1000, 4000, [450]), (.us, 2000, 4000, [440, 480]), (.uk, 400, 200, [400, 450]),
    ]
    guard let row = expected.first(where: { $0.0 == region }) else { return }
    let samples = render(.progress(.ringback, region: region), count: 8 * (row.on + row.off + 100))
    for hertz in row.hertz { #expect(amplitude(samples[0..<row.on * 8], hertz: hertz) > 3000) }
    #expect(samples[row.on * 8..<(row.on + row.off) * 8].allSatisfy { $0 == 0 })
    #expect(samples[((row.on + row.off) * 8)...].contains { $0 != 0 })
}

@Test(arguments: Array("0123456789*#ABCD"))
func everyKeySoundsItsTwoFrequencies(_ character: Character) throws {
    let pairs: [Character: (Double, Double)] = [
        "1": (697, 1209), "2": (697, 1336), "3": (697, 1477), "A": (697, 1633), "4": (770, 1209), "5": (770, 1336),
        "6": (770, 1477), "B": (770, 1633), "7": (852, 1209), "8": (852, 1336), "9": (852, 1477), "C": (852, 1633),
        "*": (941, 1209), "0": (941, 1336), "#": (941, 1477), "D": (941, 1633),
    ]
    let key = try #require(DTMFKey(character))
    #expect(key.character == character)
    let pair = try #require(pairs[character])
    let samples = render(.key(key, milliseconds: 100), count: 1000)
    #expect(amplitude(samples[0..<800], hertz: pair.0) > 5000)
    #expect(amplitude(samples[0..<800], hertz: pair.1) > 5000)
    #expect(samples[800...].allSatisfy { $0 == 0 })
}

@Test func aToneEndsAfterItsLastSample() {
    var generator = ToneGenerator(.beep)
    var frame = [Int16](repeating: 0, count: 1600)
    #expect(generator.fill(&frame, count: 1599) == 1599)
    #expect(generator.fill(&frame, count: 10) == 1)
    #expect(generator.ended)
    #expect(generator.fill(&frame, count: 10) == 0)
}
