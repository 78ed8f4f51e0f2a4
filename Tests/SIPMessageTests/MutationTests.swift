// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing

/// Hostile bytes never trap, and what is accepted reads back as the same value after writing.
@Suite struct MutationTests {
    private static let fragments: [[UInt8]] = [
        "\r\n", "\r\n\r\n", "\n", "\r", "\0", ";", ",", "<", ">", "\"", "\\", "%", "%00", "%0g", "%41", "@", ":", "[",
        "]",
        "?", "&", "=", "*", " ", "\t", "\r\n ", "sip:", "tel:", "SIP/2.0", "Content-Length: -1\r\n",
        "l: 99999999999\r\n",
        "Via: x\r\n", "4294967301", "\u{E9}", "(", ")", "/", "<sip:a@b>", ";tag=", "INVITE", "ACK",
    ].map { Array($0.utf8) }

    private static func mutate(_ bytes: [UInt8], with random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.insert(contentsOf: fragments.randomElement(using: &random) ?? [], at: at)
            case 1: if at < bytes.count { bytes[at] = UInt8.random(in: 0...255, using: &random) }
            case 2: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 0...8, using: &random)))
            case 3:
                let span = bytes[at..<min(bytes.count, at + Int.random(in: 0...40, using: &random))]
                bytes.insert(contentsOf: Array(span), at: Int.random(in: 0...bytes.count, using: &random))
            default: bytes.removeLast(Int.random(in: 0...min(bytes.count, 3), using: &random))
            }
        }
        return bytes
    }

    @Test(arguments: [UInt64(1), 20_261_121])
    func mutatedMessagesNeverTrapAndReadBackTheSame(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var accepted = 0
        var answered = 0
        for round in 0..<10_000 {
            let base = Samples.all[round % Samples.all.count]
            let bytes = Self.mutate(base, with: &random)
            _ = bytes.withUnsafeBytes { SIPMessage.scanContentLength($0) }
            do {
                let message = try SIPMessage.parse(bytes)
                accepted += 1
                let wire = message.serialize()
                let again = try? SIPMessage.parse(wire)
                let same = again == message
                #expect(same, "seed \(seed) round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                if !same { return }
            } catch {
                if let answer = error.answer {
                    answered += 1
                    let same = (try? SIPMessage.parse(answer.serialize())) == answer
                    #expect(
                        same, "seed \(seed) round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                    if !same { return }
                }
            }
        }
        // Neither all nor nothing may be refused, or the mutations prove nothing.
        #expect(accepted > 500)
        #expect(answered > 500)
        print("seed \(seed): \(accepted) accepted, \(answered) of the others answered")
    }
}
