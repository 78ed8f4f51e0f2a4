// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import SIPStack
import SIPTransport
import Testing

/// Real TCP connections on loopback.
@Suite struct StreamTests {
    private let tcp = ["tcp:127.0.0.1:0"]

    @Test func pipelinedAndSplitMessagesArriveInOrder() async throws {
        try await withTransport(tcp) { running in
            let client = try LoopbackClient(.tcp, port: running.port)
            let sent = (0..<50).map { message(callID: "m\($0)", body: String(repeating: "b", count: $0 * 40)) }
            let stream = Array(sent.joined())
            // Cut anywhere: 977 is prime to everything here.
            for start in stride(from: 0, to: stream.count, by: 977) {
                client.send(Array(stream[start..<min(start + 977, stream.count)]))
            }
            try await running.recorder.wait("50 messages") { $0.messages.count == 50 }
            #expect(running.recorder.messages.map(\.bytes) == sent)
            #expect(Set(running.recorder.messages.map(\.flow)).count == 1)
        }
    }

    @Test func aLongMessageArrivesWholeAndATooLongOneCloses() async throws {
        try await withTransport(tcp) { running in
            let client = try LoopbackClient(.tcp, port: running.port)
            let long = message(callID: "long", body: String(repeating: "b", count: 60_000))
            client.send(long)
            try await running.recorder.wait("the long one") { $0.messages.count == 1 }
            #expect(running.recorder.messages[0].bytes == long)
            client.send(message(callID: "longer", body: String(repeating: "b", count: 66_000)))
            #expect(client.receive() == [])
            #expect(running.recorder.messages.count == 1)
            #expect(running.transport.counters.connectionsClosedForFraming == 1)
        }
    }

    @Test func answersGoBackOnTheSameConnection() async throws {
        let answer = message(callID: "answer")
        try await withTransport(tcp, loops: 3, answering: answer) { running in
            let client = try LoopbackClient(.tcp, port: running.port)
            // The home loop writes to the connection, wherever it lives.
            for number in 0..<3 { client.send(message(callID: "\(number)-x")) }
            var got: [UInt8] = []
            while got.count < 3 * answer.count, let more = client.receive(), !more.isEmpty { got += more }
            #expect(got == answer + answer + answer)
            #expect(running.recorder.messages.allSatisfy { $0.onItsLoop && $0.flow.connection != 0 })
        }
    }

    @Test func twoEmptyLinesAreAnsweredWithOne() async throws {
        try await withTransport(tcp) { running in
            let client = try LoopbackClient(.tcp, port: running.port)
            client.send("\r\n\r\n")
            #expect(client.receive() == [13, 10])
        }
    }

    @Test func aStreamThatIsNotSIPIsClosed() async throws {
        try await withTransport(tcp) { running in
            let client = try LoopbackClient(.tcp, port: running.port)
            client.send([0x16, 0x03, 0x01, 0x02])
            #expect(client.receive() == [])
            let missing = try LoopbackClient(.tcp, port: running.port)
            missing.send("OPTIONS sip:a SIP/2.0\r\nCall-ID: a\r\n\r\n")
            #expect(missing.receive() == [])
            #expect(running.transport.counters.connectionsClosedForFraming == 2)
        }
    }

    @Test func closingIsReportedWithTheFlowOfItsMessages() async throws {
        try await withTransport(tcp, loops: 2) { running in
            let client = try LoopbackClient(.tcp, port: running.port)
            client.send(message(callID: "a"))
            try await running.recorder.wait("a") { !$0.messages.isEmpty }
            let flow = running.recorder.messages[0].flow
            client.end()
            try await running.recorder.wait("told") { !$0.closed.isEmpty }
            #expect(running.recorder.closed == [flow])
            // Sending on it afterwards comes back too.
            running.send(message(callID: "late"), on: flow)
            try await running.recorder.wait("late") { $0.closed.count == 2 }
            try await running.waitForCounters { $0.connectionsOpen == 0 }
        }
    }

    @Test func connectionsAreLimitedPerSourceAndInAll() async throws {
        try await withTransport(
            tcp,
            configure: { configuration in
                configuration.unlimitedSources = []
                configuration.connectionsPerSource = 3
            },
            { running in
                let kept = try (0..<3).map { _ in try LoopbackClient(.tcp, port: running.port) }
                try await running.waitForCounters { $0.connectionsAccepted == 3 }
                let refused = try LoopbackClient(.tcp, port: running.port)
                #expect(refused.receive() == [])
                #expect(running.transport.counters.connectionsRefused == 1)
                // A place becomes free when one goes.
                kept[0].end()
                try await running.waitForCounters { $0.connectionsOpen == 2 }
                let next = try LoopbackClient(.tcp, port: running.port)
                next.send("\r\n\r\n")
                #expect(next.receive() == [13, 10])
            })
        try await withTransport(
            tcp, configure: { $0.connectionsInAll = 1 },
            { running in
                let kept = try LoopbackClient(.tcp, port: running.port)
                try await running.waitForCounters { $0.connectionsAccepted == 1 }
                #expect(try LoopbackClient(.tcp, port: running.port).receive() == [])
                kept.end()
            })
    }

    @Test func messagesOnAStreamAreFloodControlledToo() async throws {
        try await withTransport(
            tcp,
            configure: { configuration in
                configuration.unlimitedSources = []
                configuration.messagesPerSecondPerSource = 1
                configuration.messageBurstPerSource = 10
            },
            { running in
                let client = try LoopbackClient(.tcp, port: running.port)
                for number in 0..<100 { client.send(message(callID: "flood\(number)")) }
                try await running.waitForCounters { $0.messagesReceived + $0.droppedByFloodControl == 100 }
                #expect((10..<40).contains(running.transport.counters.messagesReceived))
            })
    }

    @Test func anUnfinishedMessageAndAnIdleConnectionAreClosed() async throws {
        try await withTransport(
            tcp, configure: { $0.partialMessageTimeout = .milliseconds(100) },
            { running in
                let client = try LoopbackClient(.tcp, port: running.port)
                client.send("INVITE sip:")
                #expect(client.receive() == [])
                #expect(running.transport.counters.connectionsClosedForFraming == 1)
            })
        try await withTransport(
            tcp, configure: { $0.idleTimeout = .milliseconds(100) },
            { running in
                let client = try LoopbackClient(.tcp, port: running.port)
                #expect(client.receive() == [])
                #expect(running.transport.counters.connectionsClosedIdle == 1)
            })
    }

    @Test func aConnectionIsOpenedOnceAndUsedAgain() async throws {
        try await withTransport(tcp) { running in
            let far = try LoopbackClient(.tcp)
            let flow = Flow(transport: .tcp, address: "127.0.0.1", port: far.port)
            let accepted = try await far.listenAndAccept {
                for number in 0..<3 { running.send(message(callID: "m\(number)"), on: flow) }
                try await running.waitForCounters { $0.connectionsOpened == 1 }
            }
            running.send(message(callID: "m3"), on: flow)
            var got: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4_096)
            let expected = (0..<4).flatMap { message(callID: "m\($0)") }
            while got.count < expected.count {
                let count = recv(accepted, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                got += buffer[..<count]
            }
            #expect(got == expected)
            #expect(running.transport.counters.connectionsOpened == 1)
            // What comes back on it is heard, and its end is told.
            let answer = message(callID: "back")
            send(accepted, answer, answer.count, 0)
            try await running.recorder.wait("the answer") { !$0.messages.isEmpty }
            let seen = running.recorder.messages[0].flow
            #expect(seen.connection != 0 && seen.port == far.port)
            close(accepted)
            // By what was sent on it before it had a number, too.
            try await running.recorder.wait("its end") { Set($0.closed) == [seen, flow] }
        }
    }

    @Test func aConnectionThatCannotBeOpenedIsTold() async throws {
        try await withTransport(tcp) { running in
            let gone = try LoopbackClient(.tcp)
            let flow = Flow(transport: .tcp, address: "127.0.0.1", port: gone.port)
            gone.end()
            running.send(message(callID: "a"), on: flow)
            try await running.recorder.wait("refused") { $0.closed == [flow] }
            #expect(running.transport.counters.connectionsOpen == 0)
        }
    }
}
