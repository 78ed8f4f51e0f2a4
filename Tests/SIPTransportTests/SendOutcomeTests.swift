// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import NIOCore
import SIPStack
import Synchronization
import Testing

@testable import SIPTransport

/// What an answer of the system means for one datagram, and for the others on the same way.
@Suite struct SendOutcomeTests {
    @Test(arguments: [EAGAIN, EWOULDBLOCK, ENOBUFS, ENOMEM])
    func aMomentWithoutRoomIsNoFailureOfTheWay(code: Int32) {
        #expect(SendOutcome(errno: code) == .lost(errno: code))
    }

    @Test(arguments: [
        ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN, EACCES, EPERM, EINVAL, EADDRNOTAVAIL,
        EAFNOSUPPORT,
        EBADF,
    ])
    func noWayIsTold(code: Int32) { #expect(SendOutcome(errno: code) == .unreachable) }

    @Test func aMessageThatIsTooLongIsItsOwnTrouble() {
        #expect(SendOutcome(errno: EMSGSIZE) == .refused)
        #expect(SendOutcome(errno: 0) == .sent)
    }

    @Test func aLostDatagramEndsNothingAndIsToldOnceAMinute() async throws {
        let told = Told()
        let transport = SIPTransport(report: { told.add($0) })
        let recorder = Recorder()
        let bound = try await transport.start(listen: [ListenAddress("udp:127.0.0.1:0")].compactMap { $0 }) {
            Recorder.Receiver(recorder: recorder, loop: transport.homeLoop) { _ in }
        }
        let flow = Flow(transport: .udp, address: "127.0.0.1", port: bound[0].listen.port)
        let loop = transport.home
        try await loop.eventLoop.submit {
            for _ in 0..<5 { loop.settle(.lost(errno: ENOBUFS), [1], flow) }
            loop.settle(.unreachable, [1], flow)
        }.get()
        try await recorder.wait("the hard one") { !$0.closed.isEmpty }
        #expect(recorder.closed == [flow])
        #expect(recorder.undelivered.isEmpty)
        #expect(transport.counters.datagramsLost == 5)
        #expect(transport.counters.sendFailures == 1)
        #expect(
            told.all.map(\.description) == [
                "1 datagram(s) could not be sent for the moment and are left to retransmission: No buffer space available"
            ])
        await transport.stop()
    }

    private final class Told: Sendable {
        private let problems = Mutex<[SIPTransportProblem]>([])
        func add(_ problem: SIPTransportProblem) { problems.withLock { $0.append(problem) } }
        var all: [SIPTransportProblem] { problems.withLock { $0 } }
    }
}
