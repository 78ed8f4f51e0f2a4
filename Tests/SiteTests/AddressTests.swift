// SPDX-License-Identifier: AGPL-3.0-or-later
import Site
import Testing

@Suite("Addresses")
struct AddressTests {
    @Test(
        "Addresses to listen on",
        arguments: [
            ("udp:127.0.0.1:5060", "udp:127.0.0.1:5060"), ("tcp:0.0.0.0", "tcp:0.0.0.0:5060"),
            ("UDP:[2001:db8::1]:5070", "udp:[2001:db8::1]:5070"), ("udp:127.0.0.1:0", "udp:127.0.0.1:0"),
            ("tls:127.0.0.1:5061", nil), ("udp:127.0.0.1:70000", nil), ("udp:127.0.0.1:", nil), ("udp:::1:5060", nil),
            ("127.0.0.1:5060", nil), ("udp:127.0.0.1:+5", nil), ("", nil),
        ] as [(String, String?)])
    func listen(_ text: String, _ read: String?) { #expect(ListenAddress(text)?.description == read) }

    @Test(
        "Blocks contain what shares their prefix",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("0.0.0.0/0", "8.8.8.8", true),
            ("192.0.2.128/25", "192.0.2.127", false), ("192.0.2.128/25", "192.0.2.200", true),
            ("192.0.2.1", "192.0.2.1", true),
            ("::/0", "8.8.8.8", false), ("2001:db8::/33", "2001:db8:7fff::1", true),
            ("2001:db8::/33", "2001:db8:8000::1", false),
        ])
    func contains(_ block: String, _ address: String, _ inside: Bool) throws {
        let block = try AddressBlock(block)
        let address = try #require(IPAddress(address))
        #expect(block.contains(address) == inside)
    }

    @Test(arguments: ["1.2.3", "1.2.3.4/", "1.2.3.4/-1", "1.2.3.4/33", "::/129", "x/8", "1.2.3.4/8/8", ""])
    func refused(_ text: String) { #expect(throws: AddressBlock.Mistake.self) { try AddressBlock(text) } }
}
