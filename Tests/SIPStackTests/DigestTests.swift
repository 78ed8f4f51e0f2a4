// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing
import Timing

@testable import SIPStack

@Suite struct DigestTests {
    // MARK: Vectors

    @Test func vectorOfRFC2617() {
        let response = DigestResponse(
            algorithm: .md5, username: "Mufasa", realm: "testrealm@host.com", password: "Circle Of Life",
            method: "GET", uri: "/dir/index.html", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            quality: .init(count: "00000001", clientNonce: "0a4f113b"))
        #expect(response.value == "6629fae49393a05397450978507c4ef1")
    }

    @Test(arguments: [
        (DigestAlgorithm.md5, "8ca523f5e9506fed4657c9700eebdbec"),
        (.sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ])
    func vectorsOfRFC7616(algorithm: DigestAlgorithm, expected: String) {
        let response = DigestResponse(
            algorithm: algorithm, username: "Mufasa", realm: "http-auth@example.org", password: "Circle of Life",
            method: "GET", uri: "/dir/index.html", nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            quality: .init(count: "00000001", clientNonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"))
        #expect(response.value == expected)
    }

    @Test func hashesOfNothing() {
        #expect(DigestAlgorithm.md5.hex("") == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(
            DigestAlgorithm.sha256.hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            keyedHash("what do ya want for nothing?", key: Array("Jefe".utf8))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "RFC 4231 §4.3")
    }

    // MARK: The server

    static func request(_ header: SIPHeader? = nil, method: SIPMethod = .register) -> SIPMessage {
        let uri = SIPURI(host: "example.com")
        return SIPMessage(
            startLine: .request(method, uri), from: NameAddress(uri: uri), to: NameAddress(uri: uri), callID: "c",
            cseq: CSeq(1, method), headers: header.map { [$0] } ?? [])
    }

    static func refusal(_ headers: [SIPHeader]) -> SIPMessage {
        var response = request().response(headers.first?.name == "Proxy-Authenticate" ? 407 : 401)
        response.headers = headers
        return response
    }

    /// Challenges, answers with `login`, and shows what the server says to it.
    static func exchange(
        _ server: inout DigestAuthenticator, login: DigestLogin, count: UInt32 = 1, now: Instant = .zero,
        later: Duration = .zero, only algorithm: String = "", proxy: Bool = false
    ) -> (DigestAuthenticator.Verdict, SIPHeader) {
        var entropy = Entropy.seeded(7)
        let headers = server.challengeHeaders(now: now, proxy: proxy).filter {
            $0.value.contains("algorithm=\(algorithm)")
        }
        let header = login.authorization(
            for: refusal(headers), method: .register, uri: "sip:example.com", entropy: &entropy, count: count)!
        let verdict = server.check(
            request(header), password: { $0 == "8001" ? "secret" : nil }, now: now.advanced(by: later), proxy: proxy)
        return (verdict, header)
    }

    static func server(tracked: Int = 100) -> DigestAuthenticator {
        DigestAuthenticator(
            realm: "martlet", entropy: .seeded(1), nonceLifetime: .seconds(60), maxTrackedNonces: tracked)
    }

    @Test func requestWithoutAnswerIsChallengedWithSHA256First() {
        var server = Self.server()
        guard case .challenge(let headers, false) = server.check(Self.request(), password: { _ in nil }, now: .zero)
        else {
            Issue.record("no challenge")
            return
        }
        #expect(headers.map(\.name) == ["WWW-Authenticate", "WWW-Authenticate"])
        #expect(headers[0].value.contains("algorithm=SHA-256"))
        #expect(headers[1].value.contains("algorithm=MD5"))
    }

    @Test(arguments: ["SHA-256", "MD5"], [false, true])
    func rightPasswordIsAccepted(algorithm: String, proxy: Bool) {
        var server = Self.server()
        let (verdict, header) = Self.exchange(
            &server, login: DigestLogin(username: "8001", password: "secret"), only: algorithm, proxy: proxy)
        #expect(verdict == .accepted(username: "8001"))
        #expect(header.name == (proxy ? "Proxy-Authorization" : "Authorization"))
        #expect(header.value.contains("algorithm=\(algorithm)"))
    }

    @Test func wrongPasswordAndUnknownUserAreRefusedAlike() {
        var server = Self.server()
        let wrong = Self.exchange(&server, login: DigestLogin(username: "8001", password: "Secret")).0
        #expect(wrong == .refused(.wrongPassword(username: "8001")))
        let unknown = Self.exchange(&server, login: DigestLogin(username: "8002", password: "secret")).0
        #expect(unknown == .refused(.wrongPassword(username: "8002")))
    }

    @Test func oldNonceIsStale() {
        var server = Self.server()
        let login = DigestLogin(username: "8001", password: "secret")
        guard case .challenge(let headers, true) = Self.exchange(&server, login: login, later: .seconds(61)).0 else {
            Issue.record("an old nonce was taken")
            return
        }
        #expect(headers.allSatisfy { $0.value.lowercased().contains("stale=true") })
    }

    @Test func answerCannotBeReplayedButItsNonceGoesOn() {
        var server = Self.server()
        let login = DigestLogin(username: "8001", password: "secret")
        var entropy = Entropy.seeded(3)
        let challenge = Self.refusal(server.challengeHeaders(now: .zero))
        func ask(_ count: UInt32) -> DigestAuthenticator.Verdict {
            let header = login.authorization(
                for: challenge, method: .register, uri: "sip:example.com", entropy: &entropy, count: count)
            return server.check(Self.request(header), password: { _ in "secret" }, now: .zero)
        }
        #expect(ask(1) == .accepted(username: "8001"))
        guard case .challenge(_, true) = ask(1) else {
            Issue.record("replayed")
            return
        }
        #expect(ask(2) == .accepted(username: "8001"))
        #expect(ask(9) == .accepted(username: "8001"))
        guard case .challenge(_, true) = ask(8) else {
            Issue.record("nc went back")
            return
        }
    }

    @Test func answerForAnotherMethodOrATouchedNonceIsNotTaken() {
        var server = Self.server()
        let (_, header) = Self.exchange(&server, login: DigestLogin(username: "8001", password: "secret"))
        let other = server.check(Self.request(header, method: .invite), password: { _ in "secret" }, now: .zero)
        #expect(other == .refused(.wrongPassword(username: "8001")))
        let touched = SIPHeader(header.name, header.value.replacing("nonce=\"0", with: "nonce=\"1"))
        guard case .challenge(_, true) = server.check(Self.request(touched), password: { _ in "secret" }, now: .zero)
        else {
            Issue.record("a nonce of another make was taken")
            return
        }
    }

    @Test func tableOfNoncesStaysBoundedAndForgetsNothingReplayable() {
        var server = Self.server(tracked: 8)
        let login = DigestLogin(username: "8001", password: "secret")
        var seen: [SIPHeader] = []
        for second in 0..<40 {
            let (verdict, header) = Self.exchange(&server, login: login, now: Instant(nanoseconds: Int64(second)))
            #expect(verdict == .accepted(username: "8001"))
            seen.append(header)
        }
        for header in seen {
            guard
                case .challenge(_, true) = server.check(
                    Self.request(header), password: { _ in "secret" }, now: Instant(nanoseconds: 40))
            else {
                Issue.record("replayed \(header.value)")
                return
            }
        }
    }

    @Test func phonesOfTheFirstDigestAreServedUnlessForbidden() {
        var server = Self.server()
        let challenge = server.challengeHeaders(now: .zero)[1].value
        let nonce = DigestChallenge(challenge)!.nonce
        let response = DigestResponse(
            algorithm: .md5, username: "8001", realm: "martlet", password: "secret", method: "REGISTER",
            uri: "sip:example.com", nonce: nonce, quality: nil)
        let header = SIPHeader(
            "Authorization",
            "Digest username=\"8001\",realm=\"martlet\",nonce=\"\(nonce)\",uri=\"sip:example.com\",response=\"\(response.value)\""
        )
        #expect(
            server.check(Self.request(header), password: { _ in "secret" }, now: .zero) == .accepted(username: "8001"))
        server.acceptsWithoutQuality = false
        #expect(
            server.check(Self.request(header), password: { _ in "secret" }, now: .zero) == .refused(.malformed))
    }

    @Test(arguments: [
        "Digest", "Digest username", "Digest username=\"a", "Digest a=1,a=2", "Basic abc", "Digest =x", "", ",,,",
        "Digest realm=\"martlet\"", "Digest realm=\"martlet\", nonce=\"x\\",
        "Digest realm=\"martlet\",username=\"a\",nonce=\"b\",uri=\"c\",response=\"d\",qop=auth,nc=1,cnonce=\"e\"",
    ])
    func brokenAnswersAreNeverAccepted(text: String) {
        var server = Self.server()
        let verdict = server.check(
            Self.request(SIPHeader("Authorization", text)), password: { _ in "secret" }, now: .zero)
        if case .accepted = verdict { Issue.record("accepted \(text)") }
    }
}

extension Instant {
    static var zero: Instant { Instant(nanoseconds: 0) }
}
