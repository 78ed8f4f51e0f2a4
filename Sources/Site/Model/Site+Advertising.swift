// SPDX-License-Identifier: AGPL-3.0-or-later

extension Site {
    /// The same site knowing the machine's address towards the outside. Where it listens on every address of the
    /// machine (0.0.0.0, ::) each peer is told the one it sees; this one is told where that is not known, because
    /// "0.0.0.0" in a Contact or a session description leads nowhere.
    public func onMachine(at address: IPAddress) -> Site {
        var site = self
        site.machineAddress = address
        return site
    }

    /// What a listener calls itself in Via and Contact; nil where each peer is told the address it sees.
    public func sipHost(of address: IPAddress) -> String? {
        sip.advertisedAddress ?? (address.isUnspecified ? nil : address.description)
    }

    /// The address for a session description towards a peer that sees this machine at `local`.
    ///
    /// - Parameter local: nil when the peer came by a listener of one address, or it is not known.
    public func mediaAddress(towards local: IPAddress?, listener: Int) -> IPAddress {
        if let advertised = media.advertisedAddress { return advertised }
        guard media.address.isUnspecified else { return media.address }
        let bound = sip.listen.indices.contains(listener) ? sip.listen[listener].address : nil
        // Media goes by one family, SIP perhaps by another.
        return [local, bound, machineAddress].compactMap { $0 }.first {
            !$0.isUnspecified && $0.isIPv6 == media.address.isIPv6
        } ?? media.address
    }
}
