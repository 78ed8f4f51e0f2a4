// SPDX-License-Identifier: AGPL-3.0-or-later
import Audio
import Testing

@Test(arguments: [WAVEncoding.pcm16, .aLaw, .muLaw], [1, 2])
func aHeaderReadsAsItWasWritten(_ encoding: WAVEncoding, _ channels: Int) throws {
    var bytes = WAVHeader(encoding: encoding, channels: channels, dataBytes: 320).bytes
    #expect(bytes.count == WAVHeader.size)
    bytes += [UInt8](repeating: 0x55, count: 320)
    let reader = try WAVReader(bytes)
    #expect(reader.encoding == encoding && reader.channels == channels && reader.samplesPerSecond == 8000)
    #expect(reader.data == 58..<378)
}

@Test func aSizeBeyondTheFileIsCutToIt() throws {
    let bytes = WAVHeader(encoding: .aLaw, channels: 1, dataBytes: 1_000_000).bytes + [0xD5, 0xD5]
    #expect(try WAVReader.prompt(bytes) == [8, 8])
    // What 32 bits cannot tell does not wrap.
    let huge = WAVHeader(encoding: .pcm16, channels: 2, dataBytes: .max).bytes + [1, 0, 2, 0]
    #expect(try WAVReader(huge).data == 58..<62)
}

@Test func promptsOfAnyRateAndOfTwoChannelsAreBroughtToMonoAt8kHz() throws {
    let wide = WAVHeader(encoding: .muLaw, channels: 1, samplesPerSecond: 44_100, dataBytes: 44_100).bytes
    #expect(try WAVReader.prompt(wide + [UInt8](repeating: 0xFF, count: 44_100)) == [Int16](repeating: 0, count: 8000))
    let stereo = WAVHeader(encoding: .pcm16, channels: 2, dataBytes: 8).bytes + [100, 0, 44, 1, 0, 128, 0, 128]
    #expect(try WAVReader.prompt(stereo) == [200, -32768])
}

@Test func whatCannotBeReadIsRefusedInWords() {
    let still = WAVHeader(encoding: .pcm16, channels: 1, samplesPerSecond: 3000, dataBytes: 2).bytes + [0, 0]
    #expect(throws: WAVError.rate(3000)) { try WAVReader.prompt(still) }
    #expect(throws: WAVError.notWAV) { try WAVReader.prompt([]) }
    #expect(throws: WAVError.notWAV) { try WAVReader.prompt(Array("RIFF    WAVE".utf8)) }
    let long = WAVHeader(encoding: .aLaw, channels: 1, dataBytes: 8001).bytes + [UInt8](repeating: 0, count: 8001)
    #expect(throws: WAVError.tooLong(seconds: 1)) { try WAVReader.prompt(long, limitSeconds: 1) }
    var surround = WAVHeader(encoding: .pcm16, channels: 2, dataBytes: 4).bytes + [0, 0, 0, 0]
    surround[22] = 6
    #expect(throws: WAVError.channels(6)) { try WAVReader(surround) }
    var contradiction = WAVHeader(encoding: .pcm16, channels: 2, dataBytes: 4).bytes + [0, 0, 0, 0]
    contradiction[32] = 2
    #expect(throws: WAVError.frame(said: 2, computed: 4)) { try WAVReader(contradiction) }
    // Microsoft's GSM, as Asterisk's own .WAV files are.
    var gsm = WAVHeader(encoding: .pcm16, channels: 1, dataBytes: 4).bytes + [0, 0, 0, 0]
    gsm[20] = 49
    #expect(throws: WAVError.encoding(format: 49, bits: 16)) { try WAVReader(gsm) }
}

@Test(
    arguments: [
        (WAVEncoding.pcm8, [0x00, 0x80, 0xFF], [-32768, 0, 32512]),
        (.pcm16, [0x00, 0x80, 0x00, 0x00, 0xFF, 0x7F], [-32768, 0, 32767]),
        (.pcm24, [0x00, 0x00, 0x80, 0x80, 0x00, 0x00, 0xFF, 0xFF, 0x7F], [-32768, 1, 32767]),
        (.pcm32, [0, 0, 0, 0x80, 0, 0x80, 0, 0, 0xFF, 0xFF, 0xFF, 0x7F], [-32768, 1, 32767]),
        // −1, ½, 2 and what is no number.
        (.float32, [0, 0, 0x80, 0xBF, 0, 0, 0, 0x3F, 0, 0, 0, 0x40, 0, 0, 0xC0, 0x7F], [-32768, 16384, 32767, 0]),
        (.aLaw, [0xD5, 0x55], [8, -8]),
        (.muLaw, [0xFF, 0x00], [0, -32124]),
    ] as [(WAVEncoding, [UInt8], [Int16])])
func samplesOfEveryEncodingAreWhatTheyMean(_ encoding: WAVEncoding, _ bytes: [UInt8], _ samples: [Int16]) throws {
    let file = WAVHeader(encoding: encoding, channels: 1, dataBytes: UInt64(bytes.count)).bytes + bytes
    let reader = try WAVReader(file)
    #expect(reader.encoding == encoding)
    #expect(reader.samples(in: file) == samples)
}

@Test func theExtensibleFormIsReadByItsSubformat() throws {
    var file = Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WAVEfmt ".utf8) + [40, 0, 0, 0]
    file += [0xFE, 0xFF, 1, 0, 0x44, 0xAC, 0, 0, 0xCC, 0x04, 2, 0, 3, 0, 24, 0, 22, 0, 24, 0, 4, 0, 0, 0, 1, 0]
    file += [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
    file += Array("data".utf8) + [3, 0, 0, 0, 0, 0, 0x40]
    let reader = try WAVReader(file)
    #expect(reader.encoding == .pcm24 && reader.samplesPerSecond == 44_100)
    #expect(reader.samples(in: file) == [16384])
}

@Test func anyPrefixAndAnyFlippedByteIsReadOrRefusedButNeverTraps() {
    let good = WAVHeader(encoding: .muLaw, channels: 1, dataBytes: 40).bytes + [UInt8](repeating: 0xFF, count: 40)
    for length in 0...good.count { _ = try? WAVReader(Array(good[0..<length])) }
    for index in good.indices {
        for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
            var bad = good
            bad[index] = value
            if let reader = try? WAVReader(bad) { _ = reader.samples(in: bad) }
        }
    }
}
