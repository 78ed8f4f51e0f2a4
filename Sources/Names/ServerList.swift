// SPDX-License-Identifier: AGPL-3.0-or-later

/// The servers of a service, as DNS told them, in no order yet: which comes first is drawn for each call.
public struct ServerList: Hashable, Sendable {
    /// What one SRV record leads to; without SRV records there is one server.
    public struct Server: Hashable, Sendable {
        /// Lower ones are tried first.
        public var priority: UInt16
        /// The share of calls among servers of one priority.
        public var weight: UInt16
        /// All addresses of the server, in the order of the answer.
        public var targets: [ServerTarget]

        public init(priority: UInt16 = 0, weight: UInt16 = 0, targets: [ServerTarget]) {
            self.priority = priority
            self.weight = weight
            self.targets = targets
        }
    }

    public var servers: [Server]
    /// How long DNS lets it be kept: the shortest TTL of the records used.
    public var lifetime: Duration

    public init(servers: [Server], lifetime: Duration) {
        self.servers = servers
        self.lifetime = lifetime
    }

    public var addresses: Set<String> { Set(servers.flatMap { $0.targets.map(\.address) }) }

    /// All targets in the order they are to be tried: by priority, and among equals drawn by weight (RFC 2782).
    public func order(using generator: inout some RandomNumberGenerator) -> [ServerTarget] {
        var order: [ServerTarget] = []
        for priority in Set(servers.map(\.priority)).sorted() {
            // Those of weight 0 first, so that they have their small chance.
            var left = servers.filter { $0.priority == priority }.sorted { $0.weight == 0 && $1.weight > 0 }
            while !left.isEmpty {
                let sum = left.reduce(0) { $0 + Int($1.weight) }
                let drawn = Int.random(in: 0...sum, using: &generator)
                var running = 0
                let index = left.firstIndex { server in
                    running += Int(server.weight)
                    return running >= drawn
                }
                order += left.remove(at: index ?? 0).targets
            }
        }
        var seen: Set<ServerTarget> = []
        return order.filter { seen.insert($0).inserted }
    }
}
