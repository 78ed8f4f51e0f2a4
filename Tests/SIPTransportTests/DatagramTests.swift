// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPStack
import SIPTransport
import Testing

/// Real UDP sockets on loopback.
@Suite struct DatagramTests {
    @Test func bigDatagramsArriveWhole() async throws {
        try await withTransport { running in
            let client = try LoopbackClient(.udp, port: running.port)
            let overhead = message(callID: "big").count
            let sizes = [overhead, 1_473, 2_048, 8_192, 16_000, 16_383, 16_384]
            // In one burst, so that one vectored read takes many.
            for size in sizes { client.send(message(callID: "big", padding: size - overhead)) }
            try await running.recorder.wait("all sizes") { $0.messages.count == sizes.count }
            #expect(running.recorder.messages.map(\.bytes.count) == sizes)
            for (seen, size) in zip(running.recorder.messages, sizes) {
                #expect(seen.bytes == message(callID: "big", padding: size - overhead))
            }
        }
    }

    @Test func aDatagramAboveTheLimitIsCountedNotCutShort() async throws {
        try await withTransport { running in
            let client = try LoopbackClient(.udp, port: running.port)
            client.send(message(callID: "long", padding: 16_385))
            client.send(message(callID: "long", padding: 60_000))
            client.send(message(callID: "short"))
            try await running.recorder.wait("the short one") { !$0.messages.isEmpty }
            #expect(running.recorder.messages.map(\.bytes) == [message(callID: "short")])
            #expect(running.transport.counters.droppedTooLong == 2)
        }
    }

    @Test func theFlowLeadsBackToTheSender() async throws {
        let answer = message(callID: "answer")
        try await withTransport(answering: answer) { running in
            let client = try LoopbackClient(.udp, port: running.port)
            client.send(message(callID: "question"))
            #expect(client.receive() == answer)
            let flow = try #require(running.recorder.messages.first?.flow)
            #expect(flow == Flow(transport: .udp, address: "127.0.0.1", port: client.port, listener: 0, connection: 0))
        }
    }

    /// What else is no SIP goes to the exchange, which can say 400 where there is a way back.
    @Test func keepAlivesAreNoMessages() async throws {
        try await withTransport(answering: [0x2A]) { running in
            let client = try LoopbackClient(.udp, port: running.port)
            client.send("")
            client.send([0, 0, 0, 0])
            client.send("\r\n\r\n")
            client.send(message(callID: "good"))
            #expect(client.receive() == [0x2A])
            #expect(running.recorder.messages.count == 1)
            #expect(running.transport.counters.keepAlives == 3)
        }
    }

    @Test func aFloodIsDroppedAndCounted() async throws {
        try await withTransport(
            configure: { configuration in
                configuration.unlimitedSources = []
                configuration.messagesPerSecondPerSource = 1
                configuration.messageBurstPerSource = 20
            },
            { running in
                let client = try LoopbackClient(.udp, port: running.port)
                for number in 0..<500 { client.send(message(callID: "flood\(number)")) }
                try await running.waitForCounters { $0.messagesReceived + $0.droppedByFloodControl == 500 }
                #expect((20..<60).contains(running.transport.counters.messagesReceived))
            })
    }

    @Test func everyMessageComesHomeInTheOrderOfItsSource() async throws {
        let answer = message(callID: "answer")
        try await withTransport(loops: 3, answering: answer) { running in
            // Many source ports: the system spreads them over the loops' sockets as it likes.
            let clients = try (0..<12).map { _ in try LoopbackClient(.udp, port: running.port) }
            for (number, client) in clients.enumerated() {
                for turn in 0..<4 { client.send(message(callID: "\(number)-\(turn)")) }
            }
            try await running.recorder.wait("48 messages") { $0.messages.count == 48 }
            var turns: [UInt16: Int] = [:]
            for seen in running.recorder.messages {
                #expect(seen.onItsLoop)
                let text = String(decoding: seen.bytes, as: UTF8.self)
                let turn = turns[seen.flow.port, default: 0]
                #expect(text.contains("-\(turn)\r\n"))
                turns[seen.flow.port] = turn + 1
            }
            // Answers leave from the port that was asked, whichever socket was read: a connected socket sees no other.
            for client in clients { for _ in 0..<4 { #expect(client.receive() == answer) } }
            #expect(running.transport.counters.messagesHopped > 0)
        }
    }

    @Test func whatCannotBeSentIsToldAndHarmsNothing() async throws {
        try await withTransport { running in
            let hopeless = [
                Flow(transport: .udp, address: "255.255.255.255", port: 5060),
                Flow(transport: .udp, address: "::1", port: 5060),
                Flow(transport: .udp, address: "phone.example", port: 5060),
                Flow(transport: .udp, address: "127.0.0.1", port: 5060, listener: 7),
                Flow(transport: .udp, address: "127.0.0.1", port: 0),
            ]
            for flow in hopeless { running.send(message(callID: "a"), on: flow) }
            try await running.recorder.wait("every failure") { $0.closed.count == hopeless.count }
            #expect(running.recorder.closed == hopeless)
            // Too long for any datagram.
            let fine = Flow(transport: .udp, address: "127.0.0.1", port: running.port)
            running.send([UInt8](repeating: 0x41, count: 70_000), on: fine)
            try await running.recorder.wait("too long") { $0.undelivered == [fine] }
            #expect(!running.recorder.closed.contains(fine), "other messages to that address are not concerned")
            let client = try LoopbackClient(.udp, port: running.port)
            client.send(message(callID: "still here"))
            try await running.recorder.wait("still here") { !$0.messages.isEmpty }
        }
    }

    @Test func sendingToNobodyKeepsTheSocketOpen() async throws {
        try await withTransport { running in
            let gone = try LoopbackClient(.udp)
            let port = gone.port
            gone.end()
            for _ in 0..<20 {
                running.send(message(callID: "a"), on: Flow(transport: .udp, address: "127.0.0.1", port: port))
            }
            let client = try LoopbackClient(.udp, port: running.port)
            client.send(message(callID: "b"))
            try await running.recorder.wait("b") { !$0.messages.isEmpty }
        }
    }
}
