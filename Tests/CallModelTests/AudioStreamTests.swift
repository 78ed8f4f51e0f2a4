// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Testing

@Suite struct AudioStreamTests {
    private func read(_ side: AudioStream.ReadSide, _ count: Int) -> [Int16]? {
        var frame = [Int16](repeating: -1, count: count)
        return side.read(into: &frame, count: count) == nil ? nil : frame
    }

    @Test func samplesComeOutInOrderRoundTheEndOfTheRing() throws {
        let stream = AudioStream(capacitySamples: 300)
        let side = try #require(stream.startPlaying())
        #expect(stream.capacity == 512)
        var written: Int16 = 0
        var heard: [Int16] = []
        for _ in 0..<40 {
            let accepted = stream.write((0..<200).map { written + $0 })
            written += Int16(accepted)
            heard += try #require(read(side, 160))
        }
        #expect(heard == Array(0..<Int16(heard.count)))
        #expect(stream.missedSamples == 0)
    }

    @Test func whatDoesNotFitIsNotTaken() {
        let stream = AudioStream(capacitySamples: 256)
        #expect(stream.write([Int16](repeating: 1, count: 300)) == 256)
        #expect(stream.freeSpace == 0)
        #expect(stream.write([2]) == 0)
    }

    @Test func aDryRingIsSilenceAndCountedAndItsEndEndsIt() throws {
        let stream = AudioStream(capacitySamples: 256)
        let side = try #require(stream.startPlaying())
        #expect(read(side, 4) == [0, 0, 0, 0])
        #expect(stream.missedSamples == 0, "nothing is missed before the first sample")
        _ = stream.write([7, 8, 9])
        #expect(read(side, 4) == [7, 8, 9, 0])
        #expect(stream.missedSamples == 1)
        _ = stream.write([5])
        stream.finish()
        #expect(stream.write([6]) == 0)
        #expect(read(side, 4) == [5, 0, 0, 0])
        #expect(read(side, 4) == nil)
        #expect(stream.missedSamples == 1, "the end of the file is not missing")
    }

    @Test func aStreamIsPlayedOnceAndItsWriterHearsOfTheEnd() {
        let stream = AudioStream(capacitySamples: 256)
        #expect(stream.startPlaying() != nil)
        #expect(stream.startPlaying() == nil)
        #expect(stream.isWanted)
        stream.cancel()
        #expect(!stream.isWanted)
        #expect(stream.write([1]) == 0)
    }
}
