// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc
internal import Timing

/// Which address of this machine a peer sees, as the machine's routes say. No message is sent: a datagram socket is
/// connected, which chooses the route, and asked for its name.
///
/// Remembered for half a minute, 4,096 addresses at most; a full table is emptied. Owned by one wire loop.
struct LocalAddresses: Sendable {
    private struct Known: Sendable {
        var address: String?
        var until: Instant
    }

    static let capacity = 4_096
    private static let lifetime = Duration.seconds(30)
    private var known: [String: Known] = [:]

    var count: Int { known.count }

    /// nil when there is no way to `address`, or it is no number.
    mutating func towards(_ address: String, at now: Instant) -> String? {
        if let found = known[address], now < found.until { return found.address }
        if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
        let found = Self.probe(address)
        known[address] = Known(address: found, until: now.advanced(by: Self.lifetime))
        return found
    }

    static func probe(_ address: String) -> String? {
        // Any port but 0: connect(2) on datagrams looks at the route alone.
        guard let target = SocketName(address: address, port: 9) else { return nil }
        let descriptor = socket(target.family, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard target.withSockaddr({ connect(descriptor, $0, $1) }) == 0 else { return nil }
        return SocketName(ofSocket: descriptor)?.nio?.flowAddress
    }
}

extension SIPTransport {
    /// The address of this machine that a peer at `address` sees; nil when there is no way there. From any thread.
    public static func localAddress(towards address: String) -> String? { LocalAddresses.probe(address) }

    /// The same, remembered for half a minute. Called on the home loop, which is checked.
    public func localAddress(towards address: String) -> String? {
        home.localAddress(towards: address)
    }
}
