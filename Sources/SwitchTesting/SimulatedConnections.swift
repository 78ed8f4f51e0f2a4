// SPDX-License-Identifier: AGPL-3.0-or-later
public import SIPStack

/// TCP in the simulated world, as far as call control sees it: connections with numbers that live until they are dropped,
/// and ports at which somebody listens or nobody does. The bytes travel over the simulated network.
///
/// Sendable unchecked: the simulated world has one thread.
public final class SimulatedConnections: @unchecked Sendable {
    /// Of the switch's listeners.
    static let listener = 1

    private struct Connection {
        var phone: UInt16
        var flow: Flow
    }

    private let network: SimulatedNetwork
    private let closed: @Sendable (Flow) -> Void
    private var open: [UInt64: Connection] = [:]
    /// The connection a phone speaks over, by its port.
    private var current: [UInt16: UInt64] = [:]
    private var listening: Set<UInt16> = []
    private var last: UInt64 = 0
    /// Where the switch tried to open connections.
    public private(set) var opened: [Flow] = []

    init(network: SimulatedNetwork, closed: @escaping @Sendable (Flow) -> Void) {
        self.network = network
        self.closed = closed
    }

    /// The phone opens a connection and speaks over it from now on.
    ///
    /// - Parameters:
    ///   - address: where the switch sees it; another than its own is that of a NAT.
    ///   - listens: whether it takes connections at its port too.
    public func connect(_ phone: SimulatedPhone, seenAt address: String = "127.0.0.1", listens: Bool = true) {
        _ = add(phone.port, address: address, port: UInt16(truncatingIfNeeded: 50_000 + last))
        if listens { listening.insert(phone.port) }
    }

    /// The phone's connection breaks.
    public func drop(_ phone: SimulatedPhone) {
        guard let number = current.removeValue(forKey: phone.port), let gone = open.removeValue(forKey: number) else {
            return
        }
        closed(gone.flow)
    }

    private func add(_ phone: UInt16, address: String, port: UInt16) -> UInt64 {
        last += 1
        open[last] = Connection(
            phone: phone,
            flow: Flow(transport: .tcp, address: address, port: port, listener: Self.listener, connection: last))
        current[phone] = last
        return last
    }

    /// What the switch sees of a phone that speaks over a connection.
    func flow(from port: UInt16) -> Flow? { current[port].flatMap { open[$0]?.flow } }

    /// Of the switch. Failure is told later, as a real transport does.
    func send(_ bytes: [UInt8], on flow: Flow) {
        var number = flow.connection
        if number == 0 {
            opened.append(flow)
            guard flow.address == "127.0.0.1", listening.contains(flow.port) else { return closed(flow) }
            number = current[flow.port] ?? add(flow.port, address: flow.address, port: flow.port)
        }
        guard let connection = open[number] else { return closed(flow) }
        network.send(bytes, from: 5060, to: connection.phone)
    }
}
