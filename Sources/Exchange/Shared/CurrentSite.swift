// SPDX-License-Identifier: AGPL-3.0-or-later
public import Site
internal import Synchronization

/// The site in force. A reload swaps the whole value; calls keep the one they began with.
public final class CurrentSite: Sendable {
    private let value: Mutex<Site>

    public init(_ site: Site) { value = Mutex(site) }

    public var site: Site { value.withLock { $0 } }

    public func replace(with site: Site) { value.withLock { $0 = site } }
}
