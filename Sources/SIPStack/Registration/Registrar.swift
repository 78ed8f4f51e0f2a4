// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage
public import Timing

/// The bindings of all addresses of record (RFC 3261 §10.3). Who may register what is decided before it is asked.
///
/// Time runs by the monotonic `Instant`; the wall clock only dates what is stored, so that a step of the
/// wall clock expires nobody.
public struct Registrar: Sendable {
    public struct Configuration: Hashable, Sendable {
        /// Contacts of one address of record; for one more the longest silent makes room. A single request with more is
        /// refused with 403.
        public var maxContacts = 10
        /// Addresses of record; a new one beyond is refused with 503.
        public var maxAddresses = 100_000
        public var minExpires = Duration.seconds(60)
        public var maxExpires = Duration.seconds(3600)
        /// Where the request says nothing.
        public var defaultExpires = Duration.seconds(3600)

        public init() {}
    }

    struct Entry: Sendable {
        var id: UInt64
        var binding: Binding
        var deadline: Instant
    }

    struct Key: Hashable, Sendable {
        var aor: String
        var id: UInt64
    }

    public let configuration: Configuration
    /// The oldest first.
    var entries: [String: [Entry]] = [:]
    /// By connection, so that one that closes is found without a search.
    var keysByFlow: [Flow: Set<Key>] = [:]
    var deadlines = TimerHeap<Key>()
    private var lastID: UInt64 = 0

    public init(configuration: Configuration = Configuration()) { self.configuration = configuration }

    /// The bindings of an address of record, by falling `q`, the latest registered first among equals.
    public func bindings(of aor: String, now: Instant) -> [Binding] {
        (entries[aor] ?? []).filter { $0.deadline > now }.reversed().map(\.binding)
            .enumerated().sorted {
                ($1.element.qThousandths, $0.offset) < ($0.element.qThousandths, $1.offset)
            }.map(\.element)
    }

    /// Every binding, in no order: for listings.
    public var allBindings: [Binding] { entries.values.flatMap { $0.map(\.binding) } }

    public var bindingCount: Int { deadlines.count }

    /// When `expire` is next wanted.
    public var nextDeadline: Instant? { deadlines.nextDeadline }

    /// Takes out what has expired.
    public mutating func expire(now: Instant) -> [BindingChange] {
        var changes: [BindingChange] = []
        while let key = deadlines.popDue(now) {
            if let binding = remove(key) { changes.append(.removed(binding, .expired)) }
        }
        return changes
    }

    /// A stream connection closed. A WebSocket client cannot be called back, so its bindings go; a phone on TCP
    /// or TLS may be reached by a new connection or come back by itself, so its stay with `connection` 0.
    public mutating func connectionClosed(_ flow: Flow) -> [BindingChange] {
        guard flow.connection != 0 else { return [] }
        var changes: [BindingChange] = []
        for key in (keysByFlow[flow] ?? []).sorted(by: { $0.id < $1.id }) {
            if flow.transport == .ws || flow.transport == .wss {
                if let binding = remove(key) { changes.append(.removed(binding, .connectionClosed)) }
            } else if let index = entries[key.aor]?.firstIndex(where: { $0.id == key.id }) {
                entries[key.aor]?[index].binding.flow.connection = 0
                if let binding = entries[key.aor]?[index].binding, binding.way == nil {
                    changes.append(.unreachable(binding))
                }
            }
        }
        keysByFlow[flow] = nil
        return changes
    }

    /// Takes out the bindings of addresses of record that are not served any more.
    public mutating func removeAll(where isUnknown: (String) -> Bool) -> [BindingChange] {
        entries.keys.filter(isUnknown).sorted().flatMap { aor in
            (entries[aor] ?? []).compactMap { remove(Key(aor: aor, id: $0.id)).map { .removed($0, .unknown) } }
        }
    }

    /// Takes stored bindings back after a restart. Connections did not survive it; what is past its time is left.
    public mutating func restore(_ bindings: [Binding], now: Instant, wall: WallTime) {
        for var binding in bindings where binding.expires > wall {
            if binding.flow.transport == .ws || binding.flow.transport == .wss { continue }
            binding.flow.connection = 0
            guard (entries[binding.aor]?.count ?? 0) < configuration.maxContacts else { continue }
            let left = Duration.microseconds(binding.expires.microseconds - wall.microseconds)
            insert(binding, deadline: now.advanced(by: min(left, configuration.maxExpires)))
        }
    }

    // MARK: Inside

    mutating func insert(_ binding: Binding, deadline: Instant) {
        lastID += 1
        let key = Key(aor: binding.aor, id: lastID)
        entries[binding.aor, default: []].append(Entry(id: lastID, binding: binding, deadline: deadline))
        if binding.flow.connection != 0 { keysByFlow[binding.flow, default: []].insert(key) }
        deadlines.set(key, at: deadline)
    }

    @discardableResult
    mutating func remove(_ key: Key) -> Binding? {
        deadlines.cancel(key)
        guard let index = entries[key.aor]?.firstIndex(where: { $0.id == key.id }),
            let entry = entries[key.aor]?.remove(at: index)
        else { return nil }
        if entries[key.aor]?.isEmpty == true { entries[key.aor] = nil }
        let flow = entry.binding.flow
        if flow.connection != 0 {
            keysByFlow[flow]?.remove(key)
            if keysByFlow[flow]?.isEmpty == true { keysByFlow[flow] = nil }
        }
        return entry.binding
    }
}
