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

@Test func promptsOfOtherRatesAndChannelsAreRefusedInWords() {
    let wide = WAVHeader(encoding: .pcm16, channels: 1, samplesPerSecond: 44100, dataBytes: 2).bytes + [0, 0]
    #expect(throws: WAVError.rate(44100)) { try WAVReader.prompt(wide) }
    let stereo = WAVHeader(encoding: .pcm16, channels: 2, dataBytes: 4).bytes + [0, 0, 0, 0]
    #expect(throws: WAVError.channels(2)) { try WAVReader.prompt(stereo) }
    #expect(throws: WAVError.notWAV) { try WAVReader.prompt([]) }
    #expect(throws: WAVError.notWAV) { try WAVReader.prompt(Array("RIFF    WAVE".utf8)) }
    let long = WAVHeader(encoding: .aLaw, channels: 1, dataBytes: 8001).bytes + [UInt8](repeating: 0, count: 8001)
    #expect(throws: WAVError.tooLong(seconds: 1)) { try WAVReader.prompt(long, limitSeconds: 1) }
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
