// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing

@testable import SIPTransport

/// RFC 3261 §18.3, RFC 5626 §4.4.1.
@Suite struct StreamFramerTests {
    private enum Seen: Equatable {
        case message([UInt8])
        case ping
    }

    /// Feeds `chunks` one read each.
    private func frame(_ chunks: [[UInt8]], limit: Int = 65_536) -> (seen: [Seen], failure: StreamFramer.Failure?) {
        var framer = StreamFramer(limit: limit)
        var seen: [Seen] = []
        for chunk in chunks {
            let failure = chunk.withUnsafeBytes { bytes in
                framer.consume(bytes) { piece in
                    switch piece {
                    case .message(let bytes): seen.append(.message(Array(bytes)))
                    case .ping: seen.append(.ping)
                    }
                }
            }
            if let failure { return (seen, failure) }
        }
        #expect(!framer.isInsideMessage)
        return (seen, nil)
    }

    private let first = message(callID: "a", body: "v=0\r\n\r\n")
    private let second = message(callID: "b")

    @Test func cutsAtEverySplitPoint() {
        let stream = first + second + first
        let expected: [Seen] = [.message(first), .message(second), .message(first)]
        for split in 0...stream.count {
            let (seen, failure) = frame([Array(stream[..<split]), Array(stream[split...])])
            #expect(failure == nil && seen == expected, "split at \(split)")
        }
    }

    @Test func cutsAtEveryPairOfSplitPoints() {
        let stream = second + second
        for a in 0...stream.count {
            for b in a...stream.count {
                let (seen, failure) = frame([Array(stream[..<a]), Array(stream[a..<b]), Array(stream[b...])])
                guard failure == nil, seen == [.message(second), .message(second)] else {
                    Issue.record("split at \(a) and \(b): \(seen.count) \(String(describing: failure))")
                    return
                }
            }
        }
    }

    @Test func cutsByteByByte() {
        let stream = first + second
        let (seen, failure) = frame(stream.map { [$0] })
        #expect(failure == nil)
        #expect(seen == [.message(first), .message(second)])
    }

    @Test func emptyLinesArePingsBetweenMessages() {
        let ping: [UInt8] = [13, 10, 13, 10]
        #expect(frame([ping]).seen == [.ping])
        #expect(frame(ping.map { [$0] }).seen == [.ping])
        #expect(frame([first + ping + second]).seen == [.message(first), .ping, .message(second)])
        // One empty line is a pong, or a stray line end behind a message.
        #expect(frame([first + [13, 10] + second]).seen == [.message(first), .message(second)])
        #expect(frame([[13, 10]]).seen == [])
    }

    @Test func brokenStreamsAreTold() {
        #expect(frame([[0x16, 0x03, 0x01]]).failure == .notSIP)
        #expect(frame([[0x0D, 0x41]]).failure == .notSIP)
        #expect(frame([Array("OPTIONS sip:a SIP/2.0\r\nCall-ID: x\r\n\r\n".utf8)]).failure == .unusable(.contentLength))
        let negative = Array("OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n".utf8)
        #expect(frame([negative]).failure == .unusable(.contentLength))
        let huge = Array("OPTIONS sip:a SIP/2.0\r\nContent-Length: 99999999999999999999\r\n\r\n".utf8)
        #expect(frame([huge]).failure != nil)
    }

    @Test func aMessageAboveTheLimitIsRefusedBeforeItIsKept() {
        let body = String(repeating: "b", count: 2_000)
        #expect(frame([message(callID: "a", body: body)], limit: 2_000).failure == .unusable(.tooLarge))
        let endless = [UInt8](repeating: 0x41, count: 1_000)
        #expect(frame([endless, endless, endless], limit: 2_000).failure == .unusable(.tooLarge))
        #expect(frame([message(callID: "a", body: body)], limit: 3_000).failure == nil)
    }

    @Test func messagesBeforeTheBreakAreHandedOn() {
        let (seen, failure) = frame([first + [0x00]])
        #expect(seen == [.message(first)])
        #expect(failure == .notSIP)
    }
}
