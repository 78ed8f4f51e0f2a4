// SPDX-License-Identifier: AGPL-3.0-or-later
public import Configuration

/// A file of a site that is a module's own: read when the site is loaded, checked when all files have been read.
public protocol SiteSection: Sendable {
    /// Within the site's folder, e.g. `parking.toml`. The site need not have it.
    static var file: String { get }

    /// Reads it; `root` is nil where the site has no such file, and everything has its default. Mistakes go into `findings`,
    /// and a default takes their place.
    init(_ root: ConfigurationNode?, findings: Findings)

    /// What others may name: `["park": ["701", "702"]]`.
    var names: [String: Set<String>] { get }

    /// Against what the other files have; called when all have been read.
    func check(against index: SiteIndex, findings: Findings)
}

extension SiteSection {
    public var names: [String: Set<String>] { [:] }
    public func check(against index: SiteIndex, findings: Findings) {}
}

/// The names of a site by kind (`seat`, `trunk`, `context`, `park` …), filled by all files before any is checked.
public struct SiteIndex: Sendable {
    public private(set) var names: [String: Set<String>] = [:]

    public init() {}

    public mutating func add(_ kind: String, _ names: some Sequence<String>) {
        self.names[kind, default: []].formUnion(names)
    }

    public func has(_ kind: String, _ name: String) -> Bool { names[kind]?.contains(name) == true }
}
