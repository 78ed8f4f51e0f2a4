// SPDX-License-Identifier: AGPL-3.0-or-later
import NIOCore
import SIPStack
import Synchronization
import Testing
import Timing

@testable import SIPTransport

@Suite struct StartAndStopTests {
    private func failure(_ listen: [String], loops: Int = 1) async -> SIPTransportError? {
        do {
            let running = try await Running(listen, loops: loops)
            await running.transport.stop()
            return nil
        } catch {
            return error as? SIPTransportError
        }
    }

    @Test(arguments: ["udp", "tcp"], [1, 2])
    func aTakenPortIsToldInPlainWords(_ transport: String, _ loops: Int) async throws {
        try await withTransport(["\(transport):127.0.0.1:0"], loops: loops) { running in
            let listen = running.bound[0].listen
            // A second switch of the same user, SO_REUSEPORT or not.
            let error = await failure([listen.description], loops: loops)
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
                try await running.transport.start(listen: [running.bound[0].listen]) {
                    Recorder.Receiver(
                        recorder: Recorder(), loop: running.transport.homeLoop
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
        try await withTransport(["tcp:127.0.0.1:0"], loops: 2) { running in
            listen = running.bound[0].listen.description
            let client = try LoopbackClient(.tcp, port: running.port)
            client.send(message(callID: "a"))
            try await running.recorder.wait("a") { !$0.messages.isEmpty }
            await running.transport.stop()
            #expect(client.receive() == [])
        }
        #expect(await failure([listen], loops: 2) == nil)
    }

    @Test func timersRunOnTheirLoopAndCanBeCancelled() async throws {
        try await withTransport(loops: 2) { running in
            let fired = Mutex<[String]>([])
            let cancelled = running.transport.schedule(at: .now().advanced(by: .milliseconds(20))) {
                fired.withLock { $0.append("cancelled") }
            }
            cancelled.cancel()
            let due = Instant.now().advanced(by: .milliseconds(40))
            await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
                running.transport.schedule(at: due) {
                    let onLoop = running.transport.homeLoop.inEventLoop
                    fired.withLock { $0.append(onLoop && Instant.now() >= due ? "in time" : "wrong") }
                    done.resume()
                }
            }
            #expect(fired.withLock { $0 } == ["in time"])
        }
    }

    @Test func anActorRunsWhereMessagesArrive() async throws {
        actor Confined {
            let transport: SIPTransport
            nonisolated let executor: any SerialExecutor
            nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
            init(_ transport: SIPTransport) {
                self.transport = transport
                executor = transport.executor
            }
            func isOnLoop() -> Bool { transport.homeLoop.inEventLoop }
        }
        try await withTransport(loops: 2) { running in
            #expect(await Confined(running.transport).isOnLoop())
        }
    }
}
