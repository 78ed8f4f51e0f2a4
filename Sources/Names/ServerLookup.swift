// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc

/// RFC 3263 §4.2 as a procedure over single questions, whoever answers them: a port that is given leads to the addresses
/// of the name; without one the SRV records of the transport lead, and where there are none, the addresses at 5060. An
/// address is itself. NAPTR is not asked for, because a trunk names its transport.
struct ServerLookup {
    static let mostServers = 16
    static let mostAddresses = 8
    /// CNAMEs that lead out of an answer, one after the other.
    static let mostAliases = 4

    /// Answers one question; an empty list when there is no such name or no such record.
    var ask: (DNSQuestion) -> Result<[DNSRecord], NameFailure>
    /// Addresses known without asking (`/etc/hosts`).
    var local: (_ name: String) -> [String] = { _ in [] }

    func run(_ service: NameService) -> Result<ServerList, NameFailure> {
        let port = service.port ?? 5060
        if DNSRecord.isAddress(service.host) {
            return .success(single([ServerTarget(address: service.host, port: port)], .seconds(3600)))
        }
        do throws(NameFailure) {
            if service.port == nil, let list = try servers(of: service) { return .success(list) }
            let (addresses, seconds) = try addresses(of: service.host)
            return .success(single(addresses.map { ServerTarget(address: $0, port: port) }, .seconds(Int64(seconds))))
        } catch { return .failure(error) }
    }

    private func single(_ targets: [ServerTarget], _ lifetime: Duration) -> ServerList {
        ServerList(servers: [ServerList.Server(targets: targets)], lifetime: lifetime)
    }

    /// nil when the domain has no SRV records.
    private func servers(of service: NameService) throws(NameFailure) -> ServerList? {
        // What /etc/hosts knows needs no name server, and has no SRV records.
        guard local(service.host).isEmpty else { return nil }
        var seconds = UInt32.max
        var records: [(priority: UInt16, weight: UInt16, port: UInt16, target: String)] = []
        for record in try answers(to: DNSQuestion(name: service.serviceName, type: .srv)) {
            guard case .srv(let priority, let weight, let port, let target) = record.data else { continue }
            seconds = min(seconds, record.seconds)
            records.append((priority, weight, port, target))
        }
        guard !records.isEmpty else { return nil }
        if records.allSatisfy({ $0.target.isEmpty }) { throw .notOffered(service.serviceName) }
        var servers: [ServerList.Server] = []
        var failure = NameFailure.noSuchName(service.serviceName)
        for record in records.sorted(by: { $0.priority < $1.priority }).prefix(Self.mostServers)
        where !record.target.isEmpty && record.port != 0 {
            do throws(NameFailure) {
                let (addresses, life) = try addresses(of: record.target)
                seconds = min(seconds, life)
                servers.append(
                    ServerList.Server(
                        priority: record.priority, weight: record.weight,
                        targets: addresses.map { ServerTarget(address: $0, port: record.port) }))
            } catch {
                // The others are there for that.
                failure = error
            }
        }
        guard !servers.isEmpty else { throw failure }
        return ServerList(servers: servers, lifetime: .seconds(Int64(seconds)))
    }

    /// IPv4 first; at least one.
    private func addresses(of name: String) throws(NameFailure) -> (addresses: [String], seconds: UInt32) {
        let known = local(name)
        if !known.isEmpty { return (Array(known.prefix(Self.mostAddresses)), 60) }
        var found: [String] = []
        var seconds = UInt32.max
        var failure: NameFailure?
        for type in [DNSRecord.Kind.a, .aaaa] {
            do throws(NameFailure) {
                for record in try answers(to: DNSQuestion(name: name, type: type)) {
                    guard case .address(let address) = record.data else { continue }
                    seconds = min(seconds, record.seconds)
                    if !found.contains(address) { found.append(address) }
                }
            } catch { failure = error }
        }
        guard !found.isEmpty else { throw failure ?? .noSuchName(name) }
        return (Array(found.prefix(Self.mostAddresses)), seconds)
    }

    /// The records of the question's name or of what its CNAMEs lead to.
    private func answers(to question: DNSQuestion) throws(NameFailure) -> [DNSRecord] {
        var question = question
        for _ in 0...Self.mostAliases {
            let records = try ask(question).get()
            var name = question.name
            var seconds = UInt32.max
            // A chain within one answer, in any order.
            for _ in 0..<records.count {
                guard let alias = records.first(where: { $0.name == name && $0.alias != nil }),
                    let next = alias.alias
                else { break }
                seconds = min(seconds, alias.seconds)
                name = next
            }
            let wanted = records.filter { $0.name == name && $0.kind == question.type }
            if !wanted.isEmpty || name == question.name {
                return wanted.map { record in
                    var record = record
                    record.seconds = min(record.seconds, seconds)
                    return record
                }
            }
            question.name = name
        }
        throw .noSuchName(question.name)
    }
}
