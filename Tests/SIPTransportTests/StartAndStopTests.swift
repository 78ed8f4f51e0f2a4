// SPDX-License-Identifier: AGPL-3.0-or-later
import NIOCore
import SIPStack
import Synchronization
import Testing
import Timing

@testable import SIPTransport

@Suite struct StartAndStopTests {
    private func failure(_ listen: [String], shards: Int = 1) async -> SIPTransportError? {
        do {
            let running = try await Running(listen, shards: shards)
            await running.transport.stop()
            return nil
        } catch {
            return error as? SIPTransportError
        }
    }

    @Test(arguments: ["udp", "tcp"], [1, 2])
    func aTakenPortIsToldInPlainWords(_ transport: String, _ shards: Int) async throws {
        try await withTransport(["\(transport):127.0.0.1:0"], shards: shards) { running in
            let listen = running.bound[0].listen
            // A second switch of the same user, SO_REUSEPORT or not.
            let error = await failure([listen.description], shards: shards)
            #expect(error == .portTaken(listen))
            #expect(
                error?.description.hasPrefix(
                    "cannot listen on \(transport):127.0.0.1:\(listen.port): another program already uses port") == true
            )
        }
    }

    @Test func anAddressOfAnotherHostIsToldInPlainWords() async throws {
        let error = await failure(["udp:192.0.2.1:0"])
        #expect(error?.description.contains("192.0.2.1 is not an address of this host") == true)
    }

    @Test func whenOneAddressFailsNoneIsKept() async throws {
        let client = try LoopbackClient(.udp)
        let port = client.port
        client.end()
        #expect(await failure(["udp:127.0.0.1:\(port)", "udp:192.0.2.1:0"]) != nil)
        #expect(await failure(["udp:127.0.0.1:\(port)"]) == nil)
    }

    @Test func nothingToListenOnAndStartingTwiceAreRefused() async throws {
        #expect(await failure([]) != nil)
        try await withTransport { running in
            await #expect(throws: SIPTransportError.self) {
                try await running.transport.start(listen: [running.bound[0].listen]) { shard in
                    Recorder.Receiver(
                        recorder: Recorder(), shard: shard, loop: running.transport.loop(ofShard: shard)
                    ) { _ in }
                }
            }
        }
    }

    private static var hasIPv6: Bool {
        ListenAddress("udp:[::1]:0").map {
            (try? BoundSocket.bind($0, shared: false, configuration: .init()))?.close() != nil
        } ?? false
    }

    @Test(.enabled(if: hasIPv6, "this host has no IPv6")) func severalListenersKeepTheirIndex() async throws {
        try await withTransport(["udp:127.0.0.1:0", "tcp:127.0.0.1:0", "udp:[::1]:0"]) { running in
            #expect(running.bound.map(\.index) == [0, 1, 2])
            #expect(running.bound.map(\.listen.transport) == [.udp, .tcp, .udp])
            let client = try LoopbackClient(.tcp, port: running.bound[1].listen.port)
            client.send(message(callID: "a"))
            try await running.recorder.wait("a") { $0.messages.first?.flow.listener == 1 }
            running.send(
                message(callID: "b"),
                on: Flow(transport: .udp, address: "::1", port: running.bound[2].listen.port, listener: 2))
            try await running.recorder.wait("b over IPv6") { $0.messages.count == 2 }
            #expect(running.recorder.messages[1].flow.address == "::1")
        }
    }

    @Test func afterStopThePortIsFree() async throws {
        var listen = ""
        try await withTransport(["tcp:127.0.0.1:0"], shards: 2) { running in
            listen = running.bound[0].listen.description
            let client = try LoopbackClient(.tcp, port: running.port)
            client.send(message(callID: "a"))
            try await running.recorder.wait("a") { !$0.messages.isEmpty }
            await running.transport.stop()
            #expect(client.receive() == [])
        }
        #expect(await failure([listen], shards: 2) == nil)
    }

    @Test func timersRunOnTheirLoopAndCanBeCancelled() async throws {
        try await withTransport(shards: 2) { running in
            let fired = Mutex<[String]>([])
            let cancelled = running.transport.schedule(onShard: 1, at: .now().advanced(by: .milliseconds(20))) {
                fired.withLock { $0.append("cancelled") }
            }
            cancelled.cancel()
            let due = Instant.now().advanced(by: .milliseconds(40))
            await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
                running.transport.schedule(onShard: 1, at: due) {
                    let onLoop = running.transport.loop(ofShard: 1).inEventLoop
                    fired.withLock { $0.append(onLoop && Instant.now() >= due ? "in time" : "wrong") }
                    done.resume()
                }
            }
            #expect(fired.withLock { $0 } == ["in time"])
        }
    }

    @Test func anActorOnAShardRunsWhereMessagesArrive() async throws {
        actor Confined {
            let transport: SIPTransport
            nonisolated let executor: any SerialExecutor
            nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
            init(_ transport: SIPTransport) {
                self.transport = transport
                executor = transport.executor(ofShard: 1)
            }
            func isOnLoop() -> Bool { transport.loop(ofShard: 1).inEventLoop }
        }
        try await withTransport(shards: 2) { running in
            #expect(await Confined(running.transport).isOnLoop())
        }
    }
}
