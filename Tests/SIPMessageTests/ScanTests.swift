// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing

@Suite struct ScanTests {
    private func framing(_ bytes: [UInt8]) -> SIPMessage.Framing {
        bytes.withUnsafeBytes { SIPMessage.scanContentLength($0) }
    }

    @Test func aStreamIsCutIntoMessages() {
        let first = Samples.invite
        #expect(framing(first + Samples.ringing) == .message(bytes: first.count))
        // However the bytes are dealt out, the end is found at the same place.
        for count in 1..<first.count {
            guard case .incomplete(let needed) = framing(Array(first.prefix(count))) else {
                Issue.record("\(count) bytes are taken for a message")
                return
            }
            #expect(needed > count && needed <= first.count)
        }
        #expect(framing([]) == .incomplete(atLeast: 1))
        #expect(framing(Array("\r\n\r\n".utf8) + first) == .keepAlive(bytes: 4, isPing: true))
        #expect(framing(Array("\r\n".utf8) + first) == .keepAlive(bytes: 2, isPing: false))
        #expect(framing(Array("\r\n".utf8)) == .incomplete(atLeast: 4))
    }

    @Test func aStreamThatCannotBeFollowedIsBroken() {
        let line = "OPTIONS sip:a SIP/2.0\n"
        #expect(framing(Samples.wire(line + "X: y\n\n")) == .broken(.contentLength))
        #expect(framing(Samples.wire(line + "l: -1\n\n")) == .broken(.contentLength))
        #expect(framing(Samples.wire(line + "l: 1\nContent-Length: 2\n\n")) == .broken(.contentLength))
        #expect(framing(Samples.wire(line + "l: 999999\n\n")) == .broken(.tooLarge))
        #expect(
            framing(Samples.wire(line + String(repeating: "X: y\n", count: 200) + "l: 0\n\n")) == .broken(.tooLarge))
        #expect(framing([UInt8](repeating: 0x41, count: 20_000)) == .broken(.tooLarge))
    }
}
