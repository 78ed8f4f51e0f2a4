// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing

@Suite struct DigestTests {
    @Test func aChallengeIsReadAndWritten() throws {
        let text =
            "Digest realm=\"a \\\"b\\\"\", nonce=\"n,=1\", opaque=\"\", stale=true , algorithm=sha-256,"
            + "qop=\"auth, auth-int\""
        let challenge = try #require(DigestChallenge(text))
        #expect(challenge.realm == "a \"b\"")
        #expect(challenge.nonce == "n,=1")
        #expect(challenge.opaque == "")
        #expect(challenge.algorithm == .sha256)
        #expect(challenge.qop == ["auth", "auth-int"])
        #expect(challenge.isStale)
        #expect(DigestChallenge(challenge.headerValue) == challenge)
        let plain = try #require(DigestChallenge("digest nonce=x,realm=y"))
        #expect(plain == DigestChallenge(realm: "y", nonce: "x", qop: []))
        #expect(
            DigestChallenge(realm: "m", nonce: "1").headerValue
                == "Digest realm=\"m\", nonce=\"1\", algorithm=MD5, qop=\"auth\"")
    }

    @Test func credentialsAreReadAndWritten() throws {
        let credentials = DigestCredentials(
            username: "80\"01", realm: "m", nonce: "n", uri: "sip:a@b;x=1,2", response: "0a4f", algorithm: .sha256,
            cnonce: "c", opaque: "o", qop: "auth", nonceCount: 0x1F)
        #expect(credentials.headerValue.hasSuffix("qop=auth, nc=0000001f"))
        #expect(DigestCredentials(credentials.headerValue) == credentials)
        let old = try #require(
            DigestCredentials("Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"sip:r\",response=\"0\""))
        #expect(old.qop == nil)
        #expect(old.nonceCount == nil)
        #expect(old.algorithm == .md5)
    }

    @Test(arguments: [
        "", "Digest", "Basic realm=\"x\"", "Digest realm=\"x\"", "Digest realm=\"x\", nonce=\"y",
        "Digest realm nonce=1",
        "Digest realm=\"x\", nonce=\"y\", algorithm=SHA-1", "Digest realm=\"x\", nonce=\"y\" junk",
        "Digest realm=\"x\", nonce=\"y\", realm=\"z\"", "Digest realm=\"\\", "Digest \"realm\"=x",
    ])
    func brokenFieldsAreRefused(text: String) {
        #expect(DigestChallenge(text) == nil)
        #expect(DigestCredentials(text) == nil)
    }

    @Test(arguments: ["nc=1", "nc=0000000g", "nc=00000001"])
    func qopNeedsItsCompanions(field: String) {
        let base = "Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"sip:r\",response=\"0\",qop=auth,\(field)"
        #expect(DigestCredentials(base) == nil)
        #expect((DigestCredentials(base + ",cnonce=\"c\"") != nil) == (field == "nc=00000001"))
    }

    @Test func noFieldCanBeginAnotherHeader() {
        let evil = "x\r\nEvil: 1"
        let challenge = DigestChallenge(realm: evil, nonce: evil, opaque: evil, qop: [evil], domain: evil)
        let credentials = DigestCredentials(
            username: evil, realm: evil, nonce: evil, uri: evil, response: evil, cnonce: evil, opaque: evil, qop: evil)
        for text in [challenge.headerValue, credentials.headerValue] {
            #expect(!text.utf8.contains(0x0D) && !text.utf8.contains(0x0A))
        }
    }
}
