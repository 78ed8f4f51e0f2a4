// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

@testable import Names

/// RFC 3263 §4.2 by table: what DNS holds, what is asked for, where it leads.
@Suite struct ServerLookupTests {
    struct Case: Sendable {
        var host: String
        var port: UInt16?
        var transport = NameService.Transport.udp
        var zone: [String]
        /// `error` and the failure's words, or the targets by priority.
        var leads: String
    }

    /// `name seconds type data`; `name ! type` is a question that fails.
    private static func zone(_ lines: [String]) -> (DNSQuestion) -> Result<[DNSRecord], NameFailure> {
        { question in
            let rows = lines.map { $0.split(separator: " ").map(String.init) }
            let type = "\(question.type)"
            if rows.contains(where: { $0[0] == question.name && $0[1] == "!" && $0[2] == type }) {
                return .failure(.noAnswer(question.name))
            }
            var records: [DNSRecord] = []
            for row in rows where row[1] != "!" {
                let name = row[0]
                let seconds = UInt32(row[1]) ?? 0
                switch row[2] {
                case "a": records.append(DNSRecord(name: name, kind: .a, seconds: seconds, data: .address(row[3])))
                case "aaaa":
                    records.append(DNSRecord(name: name, kind: .aaaa, seconds: seconds, data: .address(row[3])))
                case "cname":
                    records.append(DNSRecord(name: name, kind: .cname, seconds: seconds, data: .alias(row[3])))
                default:
                    records.append(
                        DNSRecord(
                            name: name, kind: .srv, seconds: seconds,
                            data: .srv(
                                priority: UInt16(row[3]) ?? 0, weight: UInt16(row[4]) ?? 0, port: UInt16(row[5]) ?? 0,
                                target: row[6] == "." ? "" : row[6])))
                }
            }
            // As a name server answers: the records asked for and the aliases on the way.
            return .success(records.filter { $0.kind == .cname || $0.kind == question.type })
        }
    }

    static let cases: [String: Case] = [
        "a number is itself": Case(host: "192.0.2.1", zone: [], leads: "0/0 192.0.2.1:5060 for 3600"),
        "a port leads to the addresses": Case(
            host: "sip.example", port: 5070,
            zone: ["_sip._udp.sip.example 60 srv 1 1 9 x.example", "sip.example 50 a 192.0.2.1"],
            leads: "0/0 192.0.2.1:5070 for 50"),
        "without a port SRV leads": Case(
            host: "sip.example",
            zone: [
                "_sip._udp.sip.example 600 srv 20 0 5080 b.example",
                "_sip._udp.sip.example 600 srv 10 7 5070 a.example",
                "a.example 300 a 192.0.2.1", "a.example 400 aaaa 2001:db8::1", "b.example 500 a 192.0.2.2",
            ], leads: "10/7 192.0.2.1:5070 [2001:db8::1]:5070, 20/0 192.0.2.2:5080 for 300"),
        "of the trunk's transport": Case(
            host: "sip.example", transport: .tcp,
            zone: [
                "_sip._udp.sip.example 60 srv 1 1 5070 a.example", "_sip._tcp.sip.example 60 srv 1 1 5071 a.example",
                "a.example 60 a 192.0.2.1",
            ], leads: "1/1 192.0.2.1:5071 for 60"),
        "without SRV the addresses at 5060": Case(
            host: "sip.example", zone: ["sip.example 60 a 192.0.2.1", "sip.example 30 a 192.0.2.2"],
            leads: "0/0 192.0.2.1:5060 192.0.2.2:5060 for 30"),
        "an alias is followed": Case(
            host: "sip.example", port: 5060,
            zone: ["sip.example 20 cname x.example", "x.example 90 cname y.example", "y.example 60 a 192.0.2.1"],
            leads: "0/0 192.0.2.1:5060 for 20"),
        "aliases in a circle lead nowhere": Case(
            host: "sip.example", port: 5060,
            zone: ["sip.example 20 cname x.example", "x.example 90 cname sip.example"],
            leads: "error sip.example has no address"),
        "one server without address leaves the others": Case(
            host: "sip.example",
            zone: [
                "_sip._udp.sip.example 60 srv 1 1 5070 gone.example", "_sip._udp.sip.example 60 srv 2 1 5070 a.example",
                "a.example 60 a 192.0.2.1",
            ], leads: "2/1 192.0.2.1:5070 for 60"),
        "a service that is not offered": Case(
            host: "sip.example", zone: ["_sip._udp.sip.example 60 srv 0 0 0 .", "sip.example 60 a 192.0.2.1"],
            leads: "error _sip._udp.sip.example says that it is not offered"),
        "an SRV question that fails is no absence of records": Case(
            host: "sip.example", zone: ["_sip._udp.sip.example ! srv", "sip.example 60 a 192.0.2.1"],
            leads: "error no name server answers for _sip._udp.sip.example"),
        "IPv4 alone is enough": Case(
            host: "sip.example", port: 5060, zone: ["sip.example 60 a 192.0.2.1", "sip.example ! aaaa"],
            leads: "0/0 192.0.2.1:5060 for 60"),
        "a name that is not there": Case(host: "sip.example", zone: [], leads: "error sip.example has no address"),
    ]

    @Test(arguments: cases.keys.sorted())
    func table(name: String) throws {
        let row = try #require(Self.cases[name])
        let lookup = ServerLookup(ask: Self.zone(row.zone))
        let found: String
        switch lookup.run(NameService(host: row.host, port: row.port, transport: row.transport)) {
        case .success(let list):
            found =
                list.servers.map { server in
                    "\(server.priority)/\(server.weight) " + server.targets.map(\.description).joined(separator: " ")
                }.joined(separator: ", ") + " for \(list.lifetime.components.seconds)"
        case .failure(let failure): found = "error \(failure)"
        }
        #expect(found == row.leads)
    }

    @Test func aDomainWithManyServersAndAddressesIsBounded() throws {
        let zone =
            (0..<40).map { "_sip._udp.sip.example 60 srv \($0) 0 5060 s\($0).example" }
            + (0..<40).flatMap { server in (0..<20).map { "s\(server).example 60 a 192.0.\(server).\($0)" } }
        let list = try ServerLookup(ask: Self.zone(zone)).run(
            NameService(host: "sip.example", port: nil, transport: .udp)
        ).get()
        #expect(list.servers.count == ServerLookup.mostServers)
        #expect(list.servers.allSatisfy { $0.targets.count == ServerLookup.mostAddresses })
    }

    @Test func theHostsFileGoesBeforeDNS() throws {
        let lookup = ServerLookup(ask: Self.zone(["pbx 60 a 192.0.2.9"]), local: { $0 == "pbx" ? ["10.0.0.1"] : [] })
        let list = try lookup.run(NameService(host: "PBX", port: nil, transport: .udp)).get()
        #expect(list.addresses == ["10.0.0.1"])
    }
}
