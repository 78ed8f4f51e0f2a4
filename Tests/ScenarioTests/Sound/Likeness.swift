// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

/// How well what was said is found in what was heard.
///
/// The place is found by the envelopes, then each stretch of 0.3 s of speech is matched on its own, because a phone's
/// jitter buffer may leave out or repeat a frame between two words.
struct Likeness: CustomStringConvertible {
    /// Correlation of the median stretch, -1 ... 1; telephone coding alone leaves more than 0.99.
    let correlation: Double
    /// Share of the stretches that correlate better than 0.9.
    let found: Double
    /// Where in what was heard the first word begins, in samples.
    let delay: Int
    /// Loudness of what was heard over what was said, in those stretches.
    let gain: Double

    var description: String {
        "correlation \(correlation), \(Int(found * 100)) % of the speech found, \(delay) samples late, gain \(gain)"
    }

    private static let stretch = 2400
    private static let step = 32

    init(of said: Wave, in heard: Wave) {
        let said = said.samples
        let heard = heard.samples
        guard said.count >= Self.stretch, heard.count >= Self.stretch else {
            self.init(correlation: 0, found: 0, delay: 0, gain: 0)
            return
        }
        let coarse = Self.bestLag(Self.envelope(said), Self.envelope(heard)) * Self.step
        var scores: [Double] = []
        var gains: [Double] = []
        var lags: [Int] = []
        let loudest = (0..<said.count / Self.stretch).map { Self.power(said, $0 * Self.stretch) }.max() ?? 0
        for index in 0..<said.count / Self.stretch {
            let from = index * Self.stretch
            guard Self.power(said, from) > loudest * 0.02 else { continue }
            let (score, lag) = Self.match(said, from, heard, around: coarse)
            scores.append(score)
            lags.append(lag)
            if score > 0.9 { gains.append((Self.power(heard, from + lag) / Self.power(said, from)).squareRoot()) }
        }
        scores.sort()
        lags.sort()
        gains.sort()
        self.init(
            correlation: scores.isEmpty ? 0 : scores[scores.count / 2],
            found: scores.isEmpty ? 0 : Double(scores.filter { $0 > 0.9 }.count) / Double(scores.count),
            delay: lags.isEmpty ? 0 : lags[lags.count / 2],
            gain: gains.isEmpty ? 0 : gains[gains.count / 2])
    }

    private init(correlation: Double, found: Double, delay: Int, gain: Double) {
        self.correlation = correlation
        self.found = found
        self.delay = delay
        self.gain = gain
    }

    private static func power(_ samples: [Int16], _ from: Int) -> Double {
        var sum = 0.0
        for index in max(0, from)..<min(samples.count, from + stretch) {
            sum += Double(samples[index]) * Double(samples[index])
        }
        return sum
    }

    private static func envelope(_ samples: [Int16]) -> [Double] {
        let values = (0..<samples.count / step).map { index in
            (0..<step).reduce(0.0) { $0 + abs(Double(samples[index * step + $1])) }
        }
        let mean = values.reduce(0, +) / Double(max(1, values.count))
        return values.map { $0 - mean }
    }

    /// The shift of `short` within `long` that fits best.
    private static func bestLag(_ short: [Double], _ long: [Double]) -> Int {
        var best = (score: -Double.infinity, lag: 0)
        short.withUnsafeBufferPointer { short in
            long.withUnsafeBufferPointer { long in
                for lag in -short.count / 2..<max(1, long.count - short.count / 4) {
                    var product = 0.0
                    var square = 1e-9
                    let from = max(0, -lag)
                    let to = min(short.count, long.count - lag)
                    guard to - from > short.count / 4 else { continue }
                    for index in from..<to {
                        product += short[index] * long[index + lag]
                        square += long[index + lag] * long[index + lag]
                    }
                    let score = product / square.squareRoot()
                    if score > best.score { best = (score, lag) }
                }
            }
        }
        return best.lag
    }

    /// The best normalised correlation of one stretch within 25 ms of where it is looked for.
    private static func match(_ said: [Int16], _ from: Int, _ heard: [Int16], around lag: Int) -> (Double, Int) {
        var best = (-1.0, lag)
        said.withUnsafeBufferPointer { said in
            heard.withUnsafeBufferPointer { heard in
                for shift in lag - 200...lag + 200 {
                    guard from + shift >= 0, from + shift + stretch <= heard.count, from + stretch <= said.count else {
                        continue
                    }
                    var product = 0.0
                    var one = 1e-9
                    var other = 1e-9
                    for index in from..<from + stretch {
                        let a = Double(said[index])
                        let b = Double(heard[index + shift])
                        product += a * b
                        one += a * a
                        other += b * b
                    }
                    let score = product / (one * other).squareRoot()
                    if score > best.0 { best = (score, shift) }
                }
            }
        }
        return best
    }
}

/// Linphone takes its file for a sound card with a clock of its own, and a join moves the other phones' buffers, so that a
/// frame may be lost or repeated within a word.
func expectSpeech(_ speech: Speech, in heard: Wave, _ who: String) {
    let likeness = Likeness(of: speech.wave, in: heard)
    #expect(likeness.correlation > 0.95 && likeness.found > 0.6, "\(who): \(likeness), \(heard.seconds) s")
}
