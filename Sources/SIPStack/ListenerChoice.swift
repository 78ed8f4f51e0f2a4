// SPDX-License-Identifier: AGPL-3.0-or-later

extension [ListenerIdentity] {
    /// The listener by which a peer is reached, and the address of this machine that the peer then sees where the listener
    /// stands for several.
    ///
    /// Of one transport and family, of several the one that the way to the peer leads through: behind NAT and firewalls
    /// only that one reaches it, and its address is the one the peer can answer to.
    ///
    /// - Parameters:
    ///   - usual: chosen among those equally right.
    ///   - localAddress: the address of this machine that a peer at an address sees; nil when there is no way.
    /// - Returns: nil when no listener is of that transport and family.
    public func reaching(
        _ address: String, over transport: TransportKind, usual: Int? = nil,
        localAddress: (_ address: String) -> String?
    ) -> (index: Int, localAddress: String?)? {
        let isIPv6 = address.contains(":")
        let fit = indices.filter { self[$0].transport == transport && self[$0].isIPv6 == isIPv6 }
        guard let first = fit.first else { return nil }
        let own = fit.count > 1 || self[first].isWildcard ? localAddress(address) : nil
        let named = fit.filter { index in own.map { NumericHost.isSame(self[index].bound, $0) } ?? false }
        let right = named.isEmpty ? fit.filter { self[$0].isWildcard } : named
        let choice = right.isEmpty ? fit : right
        let index = usual.flatMap { choice.contains($0) ? $0 : nil } ?? choice.first ?? first
        return (index, self[index].isWildcard ? own : nil)
    }
}
