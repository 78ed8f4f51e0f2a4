// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPStack
import Testing
import Timing

@testable import SIPTransport

/// A listener on every address of a machine: all of 127.0.0.0/8 is one.
@Suite struct LocalAddressTests {
    @Test(arguments: ["127.0.0.1", "127.0.0.2"])
    func aDatagramTellsWhichAddressItCameToAndIsAnsweredFromThere(address: String) async throws {
        let answer = message(callID: "answer")
        try await withTransport(["udp:0.0.0.0:0"], answering: answer) { running in
            // Connected: what comes from another address is not seen.
            let client = try LoopbackClient(.udp, address: address, port: running.port)
            client.send(message(callID: "question"))
            #expect(client.receive() == answer)
            #expect(running.recorder.messages.first?.flow.localAddress == address)
        }
    }

    @Test func theSameOverIPv6() async throws {
        try await withTransport(["udp:[::]:0"]) { running in
            let client = try LoopbackClient(.udp, address: "::1", port: running.port)
            client.send(message(callID: "question"))
            try await running.recorder.wait("it") { !$0.messages.isEmpty }
            let flow = running.recorder.messages[0].flow
            #expect(flow.localAddress == "::1")
            running.send(message(callID: "answer"), on: flow)
            #expect(client.receive() == message(callID: "answer"))
        }
    }

    @Test func aListenerOfOneAddressTellsNone() async throws {
        try await withTransport { running in
            let client = try LoopbackClient(.udp, port: running.port)
            client.send(message(callID: "question"))
            try await running.recorder.wait("it") { !$0.messages.isEmpty }
            #expect(running.recorder.messages[0].flow.localAddress == nil)
        }
    }

    @Test func anAddressThatHasLeftTheMachineIsNotInsistedOn() async throws {
        try await withTransport(["udp:0.0.0.0:0"]) { running in
            let client = try LoopbackClient(.udp, port: running.port)
            running.send(
                message(callID: "a"),
                on: Flow(transport: .udp, address: "127.0.0.1", port: client.port, localAddress: "192.0.2.77"))
            #expect(client.receive() == message(callID: "a"))
        }
    }

    @Test func aConnectionTellsWhichAddressItCameTo() async throws {
        try await withTransport(["tcp:0.0.0.0:0"]) { running in
            let client = try LoopbackClient(.tcp, address: "127.0.0.3", port: running.port)
            client.send(message(callID: "question"))
            try await running.recorder.wait("it") { !$0.messages.isEmpty }
            #expect(running.recorder.messages[0].flow.localAddress == "127.0.0.3")
        }
    }

    @Test func aConnectionIsOpenedFromTheAddressThatIsTold() async throws {
        try await withTransport(["tcp:0.0.0.0:0"]) { running in
            let far = try LoopbackClient(.tcp)
            let accepted = try await far.listenAndAccept {
                running.send(
                    message(callID: "a"),
                    on: Flow(transport: .tcp, address: "127.0.0.1", port: far.port, localAddress: "127.0.0.4"))
                try await running.waitForCounters { $0.connectionsOpened == 1 }
            }
            #expect(LoopbackClient.peerAddress(of: accepted) == "127.0.0.4")
            LoopbackClient.end(accepted)
        }
    }

    @Test func theWayToAPeerSaysWhichAddressItSees() {
        #expect(SIPTransport.localAddress(towards: "127.0.0.5") == "127.0.0.1")
        #expect(SIPTransport.localAddress(towards: "phone.example") == nil)
        var table = LocalAddresses()
        let now = Instant(nanoseconds: 0)
        for number in 0..<(LocalAddresses.capacity + 10) {
            _ = table.towards("127.\(number / 65_536).\(number / 256 % 256).\(number % 256)", at: now)
        }
        #expect(table.count <= LocalAddresses.capacity)
    }
}
