// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Exchange
import SDP
import SIPMessage
import SIPStack
import Site
import SwitchTesting
import Synchronization
import Testing

/// A switch on a machine with several networks.
@Suite struct LocalAddressTests {
    /// A peer by address that calls a seat, seen through one of the machine's addresses. What comes back to it is kept.
    private func call(through local: String?, listen: String, advertised: String = "") throws -> SessionDescription {
        var files = Fixture.files
        files["site.toml"]? += """

            [sip]
            listen = ["udp:\(listen):5060"]
            [media]
            address = "0.0.0.0"
            \(advertised)
            """
        files["trunks.toml"]? += """

            [[trunk]]
            name = "peer"
            kind = "peer"
            host = "10.9.0.7"
            context = "seats"
            keep_alive = 0
            """
        let site = try #require(Fixture.load(files)).onMachine(at: try #require(IPAddress("192.0.2.1")))
        let world = try Fixture.world(site: site) { call, _ in
            try? await call.answer()
            try? await call.sleep(.seconds(2))
        }
        let heard = Heard()
        world.network.attach(port: 7000) { bytes, _ in heard.add(bytes) }
        let offer = OfferAnswer.offer(
            capabilities: AudioCapabilities(codecs: [.pcma]), sessionID: 1, localAddress: "10.9.0.7", port: 9000)
        let peer = SIPURI(user: "1", host: "10.9.0.7", port: 7000)
        var invite = SIPMessage(
            startLine: .request(.invite, SIPURI(user: "8001", host: "martlet")),
            vias: [
                Via(
                    transport: "UDP", host: "10.9.0.7", port: 7000,
                    parameters: [SIPParameter("rport"), SIPParameter("branch", "z9hG4bKlocal")])
            ], from: NameAddress(uri: peer, parameters: [SIPParameter("tag", "a")]),
            to: NameAddress(uri: SIPURI(user: "8001", host: "martlet")), callID: "local", cseq: CSeq(1, .invite),
            maxForwards: 70, contacts: [NameAddress(uri: peer)])
        invite.body = offer.serialize()
        invite.contentType = "application/sdp"
        let bytes = invite.serialize()
        let flow = Flow(transport: .udp, address: "10.9.0.7", port: 7000, localAddress: local)
        let now = world.clock.now
        world.inject { await $0.received(bytes, from: flow, at: now) }
        world.run(for: .seconds(1))
        let answers = heard.all.compactMap { bytes in bytes.withUnsafeBytes { try? SIPMessage.parse($0) } }
        let answer = try #require(answers.first { $0.status == 200 })
        return try SessionDescription.parse(answer.body)
    }

    private final class Heard: Sendable {
        private let messages = Mutex<[[UInt8]]>([])
        func add(_ bytes: [UInt8]) { messages.withLock { $0.append(bytes) } }
        var all: [[UInt8]] { messages.withLock { $0 } }
    }

    private func address(of description: SessionDescription) -> String? {
        let text = String(decoding: description.serialize(), as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("c=") }.map(String.init)
    }

    @Test func speechIsAskedForAtTheAddressThePeerSees() throws {
        let far = try call(through: "10.9.0.1", listen: "0.0.0.0")
        #expect(address(of: far) == "c=IN IP4 10.9.0.1")
        let near = try call(through: "172.20.0.1", listen: "0.0.0.0")
        #expect(address(of: near) == "c=IN IP4 172.20.0.1")
    }

    @Test func whereThatIsNotKnownTheMachinesAddressIsTold() throws {
        let unknown = try call(through: nil, listen: "0.0.0.0")
        #expect(address(of: unknown) == "c=IN IP4 192.0.2.1")
    }

    @Test func anAdvertisedAddressIsToldToEverybody() throws {
        let advertised = try call(
            through: "10.9.0.1", listen: "0.0.0.0", advertised: "advertised_address = \"203.0.113.5\"")
        #expect(address(of: advertised) == "c=IN IP4 203.0.113.5")
    }
}
