// SPDX-License-Identifier: AGPL-3.0-or-later
import Site
import Testing

@Suite struct AdvertisingTests {
    @Test func aSiteOnAllAddressesTellsPhonesOneTheyCanReach() throws {
        let own = try #require(IPAddress("192.0.2.7"))
        let everywhere = try #require(
            SiteFolder([
                "site.toml": "[sip]\nlisten = [\"udp:0.0.0.0:5060\"]\n[media]\naddress = \"0.0.0.0\"\n"
            ]).load().site)
        #expect(everywhere.advertising(own).sip.advertisedAddress == "192.0.2.7")
        #expect(everywhere.advertising(own).media.advertisedAddress == own)
        let here = try #require(SiteFolder().load().site)
        #expect(here.advertising(own).sip.advertisedAddress == nil)
        #expect(here.advertising(own).media.advertisedAddress == nil)
    }
}
