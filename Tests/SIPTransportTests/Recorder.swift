// SPDX-License-Identifier: AGPL-3.0-or-later
import NIOCore
import NIOPosix
import SIPStack
import Synchronization
import Timing

@testable import SIPTransport

/// Everything the receivers of a transport were told.
final class Recorder: Sendable {
    struct Message: Sendable {
        var bytes: [UInt8]
        var flow: Flow
        var onItsLoop: Bool
    }

    struct Log: Sendable {
        var messages: [Message] = []
        var closed: [Flow] = []
        var undelivered: [Flow] = []
    }

    let log = Mutex(Log())

    var messages: [Message] { log.withLock { $0.messages } }
    var closed: [Flow] { log.withLock { $0.closed } }
    var undelivered: [Flow] { log.withLock { $0.undelivered } }

    struct TooSlow: Error { var what: String }

    /// Waits for something another thread will bring about.
    func wait(_ what: String, until condition: (Log) -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while !log.withLock({ condition($0) }) {
            if ContinuousClock.now > deadline { throw TooSlow(what: what) }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    final class Receiver: SIPReceiver {
        let recorder: Recorder
        let loop: any EventLoop
        /// What is to be done with a message besides writing it down.
        let onMessage: @Sendable (Flow) -> Void

        init(recorder: Recorder, loop: any EventLoop, onMessage: @escaping @Sendable (Flow) -> Void) {
            self.recorder = recorder
            self.loop = loop
            self.onMessage = onMessage
        }

        func received(_ bytes: UnsafeRawBufferPointer, from flow: Flow, at now: Instant) {
            let message = Message(bytes: Array(bytes), flow: flow, onItsLoop: loop.inEventLoop)
            recorder.log.withLock { $0.messages.append(message) }
            onMessage(flow)
        }

        func flowClosed(_ flow: Flow) { recorder.log.withLock { $0.closed.append(flow) } }
        func undelivered(_ bytes: [UInt8], on flow: Flow) { recorder.log.withLock { $0.undelivered.append(flow) } }
    }
}

/// A transport with its recorder for one test.
struct Running {
    let transport: SIPTransport
    let recorder = Recorder()
    let bound: [BoundListener]

    var port: UInt16 { bound[0].listen.port }

    init(
        _ listen: [String], loops: Int = 1, answering answer: [UInt8]? = nil,
        _ configure: (inout SIPTransport.Configuration) -> Void = { _ in }
    ) async throws {
        var configuration = SIPTransport.Configuration(wireLoops: loops)
        configure(&configuration)
        let transport = SIPTransport(configuration: configuration)
        self.transport = transport
        let recorder = self.recorder
        do {
            bound = try await transport.start(listen: listen.compactMap { ListenAddress($0) }) {
                Recorder.Receiver(recorder: recorder, loop: transport.homeLoop) { flow in
                    if let answer { transport.send(answer, on: flow) }
                }
            }
        } catch {
            await transport.stop()
            throw error
        }
    }

    /// Sends from the home loop, as a receiver would.
    func send(_ bytes: [UInt8], on flow: Flow) {
        transport.execute { transport.send(bytes, on: flow) }
    }

    func waitForCounters(_ condition: (SIPTransportCounters) -> Bool) async throws {
        try await recorder.wait("counters \(transport.counters)") { _ in condition(transport.counters) }
    }
}

/// Runs `body` and stops the transport whatever happens.
func withTransport(
    _ listen: [String] = ["udp:127.0.0.1:0"], loops: Int = 1, answering answer: [UInt8]? = nil,
    configure: (inout SIPTransport.Configuration) -> Void = { _ in }, _ body: (Running) async throws -> Void
) async throws {
    let running = try await Running(listen, loops: loops, answering: answer, configure)
    do {
        try await body(running)
    } catch {
        await running.transport.stop()
        throw error
    }
    await running.transport.stop()
}
