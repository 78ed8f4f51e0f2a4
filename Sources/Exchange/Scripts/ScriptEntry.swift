// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
public import Site

/// Where a script begins. It carries the site, so that a call ends on the configuration it began with.
public struct ScriptEntry: Sendable {
    public var site: Site
    public var context: String
    public var exten: String
    /// The number as it came in.
    public var dialled: String
    /// Set when a feature code was dialled; then its application runs instead of the dialplan.
    public var feature: SiteFeature?
    /// Set before the first step.
    public var variables: [String: String] = [:]
    /// Of the site.
    var runner: ScriptRunner

    init(
        site: Site, context: String, exten: String, dialled: String, feature: SiteFeature? = nil,
        runner: @escaping ScriptRunner
    ) {
        self.site = site
        self.context = context
        self.exten = exten
        self.dialled = dialled
        self.feature = feature
        self.runner = runner
    }
}

/// Runs a leg's dialplan from entry to end, `h` extension included, on the exchange's executor.
public typealias ScriptRunner = @Sendable (any CallControl, ScriptEntry) async -> Void
