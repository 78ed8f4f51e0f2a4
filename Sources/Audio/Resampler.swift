// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CSpeexDSP

/// Why samples cannot be brought to another rate.
public enum ResamplerError: Error, Hashable, Sendable, CustomStringConvertible {
    case rate(Int)
    case memory

    public var description: String {
        switch self {
        case .rate(let rate):
            "\(rate) samples a second are not supported: \(Resampler.rates.lowerBound) to \(Resampler.rates.upperBound) are"
        case .memory: "there is no memory for a resampler"
        }
    }
}

/// Brings one channel of samples to another rate, piece by piece, by libspeexdsp's polyphase filter.
///
/// The filter's delay is taken out: the first sample that comes out is the first that went in, and after `finish`
/// exactly ⌈n × to ÷ from⌉ samples have come of n. What lies above the lower rate's band is filtered away.
/// Belongs to one thread at a time; allocates, so never to a media thread.
public final class Resampler {
    /// Samples a second that can be taken in or given out.
    public static let rates = 4000...192_000
    /// Flat to 94 % of the band, and cheap: 10 would be flat to 97.5 % for almost twice the work.
    public static let usualQuality = 8

    public let inputRate: Int
    public let outputRate: Int
    /// Nil between equal rates, where samples pass as they are.
    private let state: OpaquePointer?
    private var scratch: [Int16]
    /// Samples since the beginning or the last `finish`.
    private var taken = 0
    private var given = 0

    private static let pieceSamples = 2048

    /// `quality` as libspeexdsp counts it, 0 to 10; others are brought into it.
    public init(
        from inputRate: Int, to outputRate: Int = 8000, quality: Int = Resampler.usualQuality
    ) throws(ResamplerError) {
        for rate in [inputRate, outputRate] where !Self.rates.contains(rate) { throw .rate(rate) }
        self.inputRate = inputRate
        self.outputRate = outputRate
        guard inputRate != outputRate else {
            state = nil
            scratch = []
            return
        }
        scratch = [Int16](repeating: 0, count: Self.pieceSamples)
        state = speex_resampler_init(
            1, UInt32(inputRate), UInt32(outputRate), Int32(max(0, min(quality, 10))), nil)
        guard let state else { throw .memory }
        speex_resampler_skip_zeros(state)
    }

    deinit { if let state { speex_resampler_destroy(state) } }

    /// Appends what `samples` give to `out`. What depends on samples to come follows with them, or with `finish`.
    public func push(_ samples: UnsafeBufferPointer<Int16>, into out: inout [Int16]) {
        guard let state else { return out.append(contentsOf: samples) }
        taken += samples.count
        run(state, samples, into: &out, most: .max)
    }

    public func push(_ samples: [Int16], into out: inout [Int16]) {
        samples.withUnsafeBufferPointer { push($0, into: &out) }
    }

    /// The samples are at their end: appends what is still inside. The next `push` begins anew.
    public func finish(into out: inout [Int16]) {
        guard let state else { return }
        let due = (taken * outputRate + inputRate - 1) / inputRate
        // What the filter looks ahead by, in silence.
        let silence = [Int16](repeating: 0, count: Int(speex_resampler_get_input_latency(state)) + 1)
        for _ in 0..<4 where given < due {
            silence.withUnsafeBufferPointer { run(state, $0, into: &out, most: due - given) }
        }
        speex_resampler_reset_mem(state)
        speex_resampler_skip_zeros(state)
        taken = 0
        given = 0
    }

    private func run(
        _ state: OpaquePointer, _ samples: UnsafeBufferPointer<Int16>, into out: inout [Int16], most: Int
    ) {
        var at = 0
        var left = most
        while at < samples.count, left > 0, let base = samples.baseAddress {
            var input = UInt32(min(samples.count - at, Self.pieceSamples))
            var output = UInt32(min(Self.pieceSamples, left))
            speex_resampler_process_int(state, 0, base + at, &input, &scratch, &output)
            // Neither taken nor given would be for ever.
            guard input > 0 || output > 0 else { return }
            out.append(contentsOf: scratch[0..<Int(output)])
            at += Int(input)
            given += Int(output)
            left -= Int(output)
        }
    }
}
