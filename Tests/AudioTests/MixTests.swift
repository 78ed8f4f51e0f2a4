// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import Testing

@Test func mixingCutsWhatIsTooLoudAndNeverWraps() {
    let loud = [Int16](repeating: 30000, count: 4)
    var sum = [Int32](repeating: 0, count: 4)
    Mix.add(loud, to: &sum, count: 4)
    Mix.add(loud, to: &sum, count: 4)
    var out = [Int16](repeating: 0, count: 4)
    Mix.saturate(sum, into: &out, count: 4)
    #expect(out == [32767, 32767, 32767, 32767])
}

@Test func takingOnesOwnVoiceAwayLeavesExactlyTheOthers() {
    let mine: [Int16] = [100, -32768, 32767, 1]
    let other: [Int16] = [7, 32767, -32768, -1]
    var sum = [Int32](repeating: 0, count: 4)
    Mix.add(mine, to: &sum, count: 4)
    Mix.add(other, to: &sum, count: 4)
    Mix.subtract(mine, from: &sum, count: 4)
    var out = [Int16](repeating: 0, count: 4)
    Mix.saturate(sum, into: &out, count: 4)
    #expect(out == other)
}

@Test func unityGainIsExactAndHalfGainHalves() {
    let frame: [Int16] = [-32768, -3, 3, 32767]
    var sum = [Int32](repeating: 0, count: 4)
    Mix.add(frame, gain: Mix.unity, to: &sum, count: 4)
    Mix.add(frame, gain: -Mix.unity, to: &sum, count: 4)
    #expect(sum == [0, 0, 0, 0])
    Mix.add(frame, gain: Mix.fixed(0.5), to: &sum, count: 4)
    #expect(sum == [-16384, -1, 2, 16384])
}

@Test func gainsFromOutsideAreClamped() {
    let cases: [(Float, Int32)] = [(.nan, 0), (-1, 0), (0, 0), (1, 4096), (.infinity, 32768), (100, 32768)]
    for (gain, fixed) in cases { #expect(Mix.fixed(gain) == fixed) }
}
