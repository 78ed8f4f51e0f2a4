// SPDX-License-Identifier: AGPL-3.0-or-later
import Synchronization
import Testing

@testable import Names

/// The resolver against name servers on loopback.
@Suite struct SystemResolverTests {
    private func resolve(
        _ host: String, port: UInt16? = 5060, servers: [UInt16], domains: [String] = []
    ) async -> Result<ServerList, NameFailure> {
        var configuration = ResolverConfiguration()
        configuration.servers = servers.map { ResolverConfiguration.Server(address: "127.0.0.1", port: $0) }
        configuration.domains = domains
        let resolver = SystemResolver(patience: .milliseconds(400)) { [configuration] in configuration }
        return await withCheckedContinuation { continuation in
            resolver.resolve(NameService(host: host, port: port, transport: .udp)) {
                continuation.resume(returning: $0)
            }
        }
    }

    private static let good: FakeNameServer.Answering = { question, _ in
        [
            FakeNameServer.answer(
                question, FakeNameServer.isForAddresses(question) ? [FakeNameServer.address(192, 0, 2, 1)] : [])
        ]
    }

    private static let target = ServerTarget(address: "192.0.2.1", port: 5060)

    private func targets(_ result: Result<ServerList, NameFailure>) throws -> [ServerTarget] {
        try result.get().servers.flatMap(\.targets)
    }

    @Test func aNameServersAnswerIsTaken() async throws {
        let server = FakeNameServer(Self.good)
        defer { server.stop() }
        #expect(try targets(await resolve("sip.example", servers: [server.port])) == [Self.target])
    }

    @Test func aServerThatIsSilentOrFailsIsPassedOver() async throws {
        let silent = FakeNameServer { _, _ in [] }
        let failing = FakeNameServer { question, _ in [FakeNameServer.answer(question, code: 2, [])] }
        let server = FakeNameServer(Self.good)
        defer { for server in [silent, failing, server] { server.stop() } }
        let found = await resolve("sip.example", servers: [silent.port, failing.port, server.port])
        #expect(try targets(found) == [Self.target])
    }

    @Test func whatADatagramCannotHoldIsAskedForOverTCP() async throws {
        let server = FakeNameServer { question, isStream in
            guard FakeNameServer.isForAddresses(question) else { return [FakeNameServer.answer(question, [])] }
            return [
                FakeNameServer.answer(
                    question, truncated: !isStream, isStream ? [FakeNameServer.address(192, 0, 2, 1)] : [])
            ]
        }
        defer { server.stop() }
        #expect(try targets(await resolve("sip.example", servers: [server.port])) == [Self.target])
    }

    /// Answers under another number, to another question, and rubbish come first.
    @Test func forgeriesAreWaitedPast() async throws {
        let server = FakeNameServer { question, _ in
            var forged = FakeNameServer.answer(question, [FakeNameServer.address(6, 6, 6, 6)])
            forged[0] &+= 1
            var other = FakeNameServer.answer(question, [FakeNameServer.address(6, 6, 6, 6)])
            other[13] = 0x78
            return [forged, other, [], [0], [UInt8](repeating: 0xC0, count: 100)] + Self.good(question, false)
        }
        defer { server.stop() }
        #expect(try targets(await resolve("sip.example", servers: [server.port])) == [Self.target])
    }

    @Test func nobodyToAskIsAFailureAndNoWait() async {
        let gone = FakeNameServer(Self.good)
        gone.stop()
        let result = await resolve("sip.example", servers: [1])
        #expect(result == .failure(.noAnswer("sip.example")))
    }

    @Test func aNameThatIsNotThereIsTold() async {
        let server = FakeNameServer { question, _ in [FakeNameServer.answer(question, code: 3, [])] }
        defer { server.stop() }
        #expect(await resolve("sip.example", servers: [server.port]) == .failure(.noSuchName("sip.example")))
    }

    @Test func aNameWithoutADotIsSoughtInTheMachinesDomains() async throws {
        let server = FakeNameServer { question, _ in
            // `pbx.` and two more labels.
            let isWhole = question.count > 12 + 5 + 4 + 4
            return isWhole ? Self.good(question, false) : [FakeNameServer.answer(question, code: 3, [])]
        }
        defer { server.stop() }
        let found = await resolve("pbx", servers: [server.port], domains: ["office.example"])
        #expect(try targets(found) == [Self.target])
    }

    @Test func afterTheStopNothingIsToldAnyMore() async throws {
        let server = FakeNameServer { _, _ in [] }
        defer { server.stop() }
        var configuration = ResolverConfiguration()
        configuration.servers = [ResolverConfiguration.Server(address: "127.0.0.1", port: server.port)]
        let resolver = SystemResolver(patience: .milliseconds(50)) { [configuration] in configuration }
        let told = Atomic<Int>(0)
        for _ in 0..<3 {
            resolver.resolve(NameService(host: "sip.example", port: 5060, transport: .udp)) { _ in
                told.wrappingAdd(1, ordering: .relaxed)
            }
        }
        resolver.stop()
        let before = told.load(ordering: .relaxed)
        try await Task.sleep(for: .milliseconds(600))
        #expect(told.load(ordering: .relaxed) == before)
    }

    @Test func whomToAskIsReadFromTheMachinesFiles() {
        let configuration = ResolverConfiguration(
            resolv: """
                # by DHCP
                nameserver 192.0.2.53
                nameserver fe80::1%eth0 ; a comment
                nameserver nonsense
                nameserver 192.0.2.54
                nameserver 192.0.2.55
                search Office.example branch.example
                options timeout:1
                """,
            hosts: """
                127.0.0.1\tlocalhost
                10.0.0.5 pbx.office pbx # the old one
                nonsense pbx
                2001:db8::5 PBX
                """)
        #expect(configuration.servers.map(\.address) == ["192.0.2.53", "fe80::1%eth0", "192.0.2.54"])
        #expect(configuration.domains == ["office.example", "branch.example"])
        #expect(configuration.hosts["pbx"] == ["10.0.0.5", "2001:db8::5"])
        #expect(configuration.candidates(for: "sip") == ["sip.office.example", "sip.branch.example", "sip"])
        #expect(configuration.candidates(for: "pbx") == ["pbx"])
        #expect(configuration.candidates(for: "sip.example") == ["sip.example"])
    }
}
