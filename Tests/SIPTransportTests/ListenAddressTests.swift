// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPStack
import SIPTransport
import Testing

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("udp:127.0.0.1:5060", TransportKind.udp, "127.0.0.1", 5060),
        ("UDP:0.0.0.0:0", .udp, "0.0.0.0", 0),
        ("tcp:[::1]:5061", .tcp, "::1", 5061),
        ("tcp:192.0.2.7", .tcp, "192.0.2.7", 5060),
        ("tcp:[2001:db8::5]", .tcp, "2001:db8::5", 5060),
    ])
    func reads(_ text: String, _ transport: TransportKind, _ address: String, _ port: Int) {
        let listen = ListenAddress(text)
        #expect(listen?.transport == transport)
        #expect(listen?.address == address)
        #expect(listen.map { Int($0.port) } == port)
        #expect(listen.flatMap { ListenAddress($0.description) } == listen)
    }

    @Test(arguments: [
        "", "udp", "udp:", "sctp:127.0.0.1:5060", "udp:localhost:5060", "udp:127.0.0.1:65536", "udp:127.0.0.1:-1",
        "udp:127.0.0.1:", "udp:127.0.0.256:5060", "udp:1.2.3:5060", "udp:1.2.3.4.5", "udp:01.2.3.4", "udp:::1:5060",
        "tcp:[::1", "tcp:[127.0.0.1]:5060", "tcp:[::g]:1", "udp:127.0.0.1:5060x", "udp:127.0.0.1:٥",
    ])
    func refuses(_ text: String) {
        #expect(ListenAddress(text) == nil)
    }
}
