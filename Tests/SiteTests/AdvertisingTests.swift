// SPDX-License-Identifier: AGPL-3.0-or-later
import Site
import Testing

@Suite struct AdvertisingTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    private func site(_ text: String) throws -> Site {
        try #require(SiteFolder(["site.toml": text]).load().site).onMachine(at: try address("192.0.2.7"))
    }

    @Test func aSiteOnAllAddressesTellsEachPhoneTheOneItSees() throws {
        let site = try site("[sip]\nlisten = [\"udp:0.0.0.0:5060\"]\n[media]\naddress = \"0.0.0.0\"\n")
        let (seen, own) = (try address("10.1.0.1"), try address("192.0.2.7"))
        #expect(site.sipHost(of: site.sip.listen[0].address) == nil)
        #expect(site.mediaAddress(towards: seen, listener: 0) == seen)
        #expect(site.mediaAddress(towards: nil, listener: 0) == own)
        // A phone that signals over IPv6 to a switch whose media is IPv4.
        #expect(site.mediaAddress(towards: try address("2001:db8::1"), listener: 0) == own)
    }

    @Test func aSiteOnOneAddressTellsThatOne() throws {
        let site = try #require(SiteFolder().load().site).onMachine(at: try address("192.0.2.7"))
        let local = try address("127.0.0.1")
        #expect(site.sipHost(of: site.sip.listen[0].address) == "127.0.0.1")
        #expect(site.mediaAddress(towards: nil, listener: 0) == local)
    }

    @Test func mediaOnAllAddressesFollowsAListenerOfOne() throws {
        let site = try site("[sip]\nlisten = [\"udp:127.0.0.5:5060\"]\n[media]\naddress = \"0.0.0.0\"\n")
        #expect(site.mediaAddress(towards: nil, listener: 0) == (try address("127.0.0.5")))
    }

    @Test func anAdvertisedAddressGoesBeforeWhatThePhoneSees() throws {
        let site = try site(
            "[sip]\nlisten = [\"udp:0.0.0.0:5060\"]\nadvertised_address = \"203.0.113.1\"\n"
                + "[media]\naddress = \"0.0.0.0\"\nadvertised_address = \"203.0.113.2\"\n")
        #expect(site.sipHost(of: site.sip.listen[0].address) == "203.0.113.1")
        #expect(
            site.mediaAddress(towards: try address("10.1.0.1"), listener: 0) == (try address("203.0.113.2")))
    }
}
