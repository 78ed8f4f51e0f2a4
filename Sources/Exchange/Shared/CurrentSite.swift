// SPDX-License-Identifier: AGPL-3.0-or-later
public import Site
internal import Synchronization

/// The site in force and what runs its dialplan. A reload swaps both at once; calls keep what they
/// began with.
public final class CurrentSite: Sendable {
    private struct InForce: Sendable {
        var site: Site
        var runner: ScriptRunner
    }

    private let value: Mutex<InForce>

    public init(_ site: Site, runner: @escaping ScriptRunner) {
        value = Mutex(InForce(site: site, runner: runner))
    }

    public var site: Site { value.withLock { $0.site } }

    public var runner: ScriptRunner { value.withLock { $0.runner } }

    /// Both of one reload: read one after the other they could be of two.
    var inForce: (site: Site, runner: ScriptRunner) { value.withLock { ($0.site, $0.runner) } }

    public func replace(with site: Site, runner: @escaping ScriptRunner) {
        value.withLock { $0 = InForce(site: site, runner: runner) }
    }
}
