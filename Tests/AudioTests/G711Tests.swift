// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import Testing

/// Decision values x(1)…x(128) of ITU-T G.711, in 16-bit units, from the segments of Tables 1 and 2.
private func decisionValues(_ law: G711Law) -> [Int] {
    var values: [Int] = [0]
    switch law {
    case .mu:
        // Table 2a: the first step is 1 unit of 14 bits, fifteen of 2, then sixteen of 4, 8, … 256.
        var x = 1
        values.append(x)
        for step in [2, 4, 8, 16, 32, 64, 128, 256] {
            for _ in 0..<(step == 2 ? 15 : 16) {
                x += step
                values.append(x)
            }
        }
        return values.map { $0 * 4 }
    case .a:
        // Table 1a: thirty-two steps of 2 units of 13 bits, then sixteen of 4, 8, … 128.
        var x = 0
        for step in [2, 2, 4, 8, 16, 32, 64, 128] {
            for _ in 0..<16 {
                x += step
                values.append(x)
            }
        }
        return values.map { $0 * 8 }
    }
}

/// The character signal of value number n (0–127), before A-law's even bits are inverted.
private func code(_ law: G711Law, number: Int, negative: Bool) -> UInt8 {
    let sign: UInt8 = negative ? 0 : 0x80
    return law == .a ? (sign | UInt8(number)) ^ 0x55 : sign | (~UInt8(number) & 0x7F)
}

@Test(arguments: G711Law.allCases)
func everySampleTakesTheCodeOfItsDecisionInterval(_ law: G711Law) {
    let decisions = decisionValues(law)
    #expect(decisions.count == 129)
    let codec = G711.of(law)
    var wrong = 0
    for sample in Int(Int16.min)...Int(Int16.max) {
        let magnitude = sample < 0 ? -sample : sample
        // A negative sample on a decision value belongs to the interval nearer to zero.
        var low = 0
        var high = 127
        while low < high {
            let middle = (low + high + 1) / 2
            let inside = sample < 0 ? magnitude > decisions[middle] : magnitude >= decisions[middle]
            if inside { low = middle } else { high = middle - 1 }
        }
        let expected = code(law, number: low, negative: sample < 0)
        if codec.encode(Int16(sample)) != expected { wrong += 1 }
    }
    #expect(wrong == 0)
}

@Test(arguments: G711Law.allCases)
func everyCodeDecodesToTheMiddleOfItsInterval(_ law: G711Law) {
    let decisions = decisionValues(law)
    let codec = G711.of(law)
    for number in 0..<128 {
        // µ-law's first value is 0 (Table 2a, y0); all others lie half way.
        let middle = law == .mu && number == 0 ? 0 : (decisions[number] + decisions[number + 1]) / 2
        #expect(Int(codec.decode(code(law, number: number, negative: false))) == middle)
        #expect(Int(codec.decode(code(law, number: number, negative: true))) == -middle)
    }
}

@Test(arguments: G711Law.allCases)
func silenceIsTheSmallestPositiveValue(_ law: G711Law) {
    #expect(G711.of(law).encode(0) == law.silence)
    #expect(abs(G711.of(law).decode(law.silence)) <= 8)
}

@Test func transcodingKeepsSignAndStaysWithinOneStepOfTheNearestValue() {
    for octet in 0...UInt8.max {
        for (convert, from, to) in [(G711Transcoder.muToA, G711.mu, G711.a), (G711Transcoder.aToMu, G711.a, G711.mu)] {
            let direct = convert(octet)
            let exact = to.encode(from.decode(octet))
            #expect(direct & 0x80 == octet & 0x80)
            let a = to.law == .a ? (direct ^ 0x55) & 0x7F : ~direct & 0x7F
            let b = to.law == .a ? (exact ^ 0x55) & 0x7F : ~exact & 0x7F
            #expect(max(a, b) - min(a, b) <= 1)
        }
    }
}

/// Spot values of G.711 Tables 3 and 4, by value number.
@Test(arguments: [
    (0, 1), (15, 8), (16, 9), (33, 27), (47, 44), (48, 46), (63, 62), (64, 64), (80, 80), (81, 82), (127, 128),
])
func muToAFollowsTable3(_ mu: Int, _ a: Int) {
    #expect(G711Transcoder.muToA(code(.mu, number: mu, negative: false)) == code(.a, number: a - 1, negative: false))
    #expect(G711Transcoder.muToA(code(.mu, number: mu, negative: true)) == code(.a, number: a - 1, negative: true))
}

@Test(arguments: [
    (1, 1), (8, 15), (9, 16), (25, 32), (26, 32), (46, 48), (47, 49), (63, 64), (64, 64), (80, 80), (81, 80),
    (128, 127),
])
func aToMuFollowsTable4(_ a: Int, _ mu: Int) {
    #expect(G711Transcoder.aToMu(code(.a, number: a - 1, negative: false)) == code(.mu, number: mu, negative: false))
    #expect(G711Transcoder.aToMu(code(.a, number: a - 1, negative: true)) == code(.mu, number: mu, negative: true))
}
