// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing

@Suite struct ScanTests {
    private func callID(_ text: String) -> String? {
        let bytes = Samples.wire(text)
        return bytes.withUnsafeBytes { raw in
            SIPMessage.scanCallID(raw).map { String(decoding: raw[$0], as: UTF8.self) }
        }
    }

    @Test func callIDIsFoundWithoutReading() {
        #expect(callID("INVITE x SIP/2.0\nCSeq: 1\nCall-ID: a@b\n\n") == "a@b")
        #expect(callID("INVITE x SIP/2.0\ncALL-id \t:\t a@b \n\n") == "a@b")
        #expect(callID("\n\nINVITE x SIP/2.0\ni:x\nCall-ID: y\n\n") == "x")
        #expect(callID("INVITE x SIP/2.0\nIdentity: y\nContact: z\nCall-IDs: w\n\ni: body\n") == nil)
        #expect(callID("INVITE x SIP/2.0\ni:\n\n") == nil)
        #expect(callID("i") == nil)
        #expect(callID("") == nil)
        for sample in Samples.all {
            let text = String(decoding: sample, as: UTF8.self).replacing("\r\n", with: "\n")
            #expect(callID(text) == (try? SIPMessage.parse(sample))?.callID)
        }
    }

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
