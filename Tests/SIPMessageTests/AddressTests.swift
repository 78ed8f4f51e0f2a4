// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        "sip:alice@example.com", "sip:example.com:5080;transport=tcp;lr", "sips:*43@[2001:db8::1]:5061",
        "sip:a%20b:p%40w@example.com?subject=a%20b&x=", "tel:+86-138;phone-context=%2B1", "sip:%2331%23@example.com",
        "mailto:a@b",
    ])
    func uriTextSurvives(text: String) throws {
        let uri = try #require(SIPURI(text))
        #expect(SIPURI(uri.description) == uri)
        if !text.hasPrefix("tel:") { #expect(uri.description == text) }
    }

    @Test(arguments: [
        "", "alice", ":", "sip:", "sip:@", "sip:a@", "sip:a@b:99999", "sip:a@b:x", "sip:a b@c", "sip:a@b\r\nX: y",
        "sip:root%00@b", "sip:a%0gb@h", "sip:a%2@h", "sip:a%zz@h", "sipx:a@b", "sip:a@b;x=%0", "sip:a@b>",
        "sip:" + String(repeating: "a", count: 3_000),
    ])
    func brokenURIsAreRefused(text: String) { #expect(SIPURI(text) == nil) }

    @Test func anAddressIsReadAndWritten() throws {
        let address = try #require(NameAddress("\"Bob \\\"B\\\", \\\\\" <sip:bob@example.com;lr>;tag=7;q=0.5"))
        #expect(address.displayName == "Bob \"B\", \\")
        #expect(address.tag == "7")
        #expect(address.uri.parameters == [SIPParameter("lr")])
        #expect(address.description == "\"Bob \\\"B\\\", \\\\\" <sip:bob@example.com;lr>;tag=7;q=0.5")
        // Without brackets the parameters are the header's.
        let bare = try #require(NameAddress("sip:bob@example.com;tag=7"))
        #expect(bare.uri.parameters.isEmpty)
        #expect(bare.tag == "7")
        for text in ["", "*", "<>", "<sip:a@b", "\"x <sip:a@b>", "<sip:a@b>;=1", "sip:a@b?x=y", "<sip:a%0g@b>"] {
            #expect(NameAddress(text) == nil, "\(text)")
        }
        #expect(NameAddress("100% <sip:a@b>")?.displayName == "100%")
    }

    /// RFC 3261 §19.1.4 and RFC 3966 §4.
    @Test(arguments: [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x"
        ),
        ("tel:+86-138-0013", "tel:+861380013"),
    ])
    func equivalent(a: String, b: String) throws {
        #expect(try #require(SIPURI(a)).isEquivalent(to: #require(SIPURI(b))))
        #expect(try #require(SIPURI(b)).isEquivalent(to: #require(SIPURI(a))))
    }

    @Test(arguments: [
        ("sip:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtlanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"), ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:a@b", "sips:a@b"), ("tel:+1", "tel:+2"),
    ])
    func different(a: String, b: String) throws {
        #expect(try !#require(SIPURI(a)).isEquivalent(to: #require(SIPURI(b))))
        #expect(try !#require(SIPURI(b)).isEquivalent(to: #require(SIPURI(a))))
    }
}
