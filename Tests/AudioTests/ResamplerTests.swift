// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import Foundation
import Testing

@Suite("Resampler")
struct ResamplerTests {
    static func sine(_ hertz: Double, rate: Int, count: Int, amplitude: Double = 10_000) -> [Int16] {
        (0..<count).map { Int16((amplitude * sin(2 * .pi * hertz * Double($0) / Double(rate))).rounded()) }
    }

    static func resampled(_ samples: [Int16], from rate: Int, to other: Int = 8000) throws -> [Int16] {
        let resampler = try Resampler(from: rate, to: other)
        var out: [Int16] = []
        resampler.push(samples, into: &out)
        resampler.finish(into: &out)
        return out
    }

    @Test(
        "a sine keeps its frequency, level and place at any rate",
        arguments: [4000, 8000, 11_025, 12_000, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000])
    func sine(rate: Int) throws {
        let out = try Self.resampled(Self.sine(1000, rate: rate, count: rate), from: rate)
        let ideal = Self.sine(1000, rate: 8000, count: 8000)
        try #require(out.count == ideal.count)
        // At both ends the filter sees the silence round the sine.
        let worst = (400..<7600).map { abs(Int(out[$0]) - Int(ideal[$0])) }.max() ?? .max
        #expect(worst < 60, "of an amplitude of 10000")
    }

    @Test("what comes out is as long as what went in, to the sample", arguments: [4000, 11_025, 44_100, 48_000])
    func length(rate: Int) throws {
        for count in [0, 1, 7, 160, rate - 1, rate, rate + 1] {
            let out = try Self.resampled([Int16](repeating: 100, count: count), from: rate)
            #expect(out.count == (count * 8000 + rate - 1) / rate, "\(count) samples")
        }
    }

    @Test("what telephony cannot carry is filtered away and not folded back")
    func band() throws {
        let out = try Self.resampled(Self.sine(5000, rate: 44_100, count: 44_100), from: 44_100)
        #expect(out[400..<7600].allSatisfy { abs($0) <= 10 })
    }

    @Test("pieces give what the whole gives, and a resampler that has finished begins anew")
    func pieces() throws {
        let samples = Self.sine(700, rate: 22_050, count: 10_000)
        let whole = try Self.resampled(samples, from: 22_050)
        let resampler = try Resampler(from: 22_050)
        for size in [1, 13, 441, 9999] {
            var out: [Int16] = []
            for start in stride(from: 0, to: samples.count, by: size) {
                resampler.push(Array(samples[start..<min(start + size, samples.count)]), into: &out)
            }
            resampler.finish(into: &out)
            #expect(out == whole, "in pieces of \(size)")
        }
    }

    @Test("rates that no sound has are refused in words", arguments: [0, 3999, 192_001, -8000])
    func refused(rate: Int) {
        #expect(throws: ResamplerError.rate(rate)) { try Resampler(from: rate) }
        #expect(ResamplerError.rate(rate).description.contains("4000 to 192000"))
    }
}
