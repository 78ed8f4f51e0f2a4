// SPDX-License-Identifier: AGPL-3.0-or-later

extension Site {
    /// The same site with an address for phones to reach it by where it listens on every address of the machine
    /// (0.0.0.0, ::) and its file names none: "0.0.0.0" in a Contact or a session description leads nowhere.
    public func advertising(_ address: IPAddress) -> Site {
        var site = self
        if sip.advertisedAddress == nil, sip.listen.contains(where: \.address.isUnspecified) {
            site.sip.advertisedAddress = address.description
        }
        if media.advertisedAddress == nil, media.address.isUnspecified { site.media.advertisedAddress = address }
        return site
    }
}
