// SPDX-License-Identifier: AGPL-3.0-or-later

/// A subscription as `martlet lamps` shows it.
public struct LampSnapshot: Sendable {
    /// The seat that watches, and from where.
    public var watcher: String
    public var source: String
    /// The number it watches, and what that stands for.
    public var number: String
    public var names: [String]
    /// `dialog` or `presence`.
    public var package: String
    /// What it shows now.
    public var state: String
    /// NOTIFYs so far.
    public var told: UInt32
}

extension LampSnapshot {
    /// The event packages that are served, for the stack.
    public static let packages = LampPackage.allCases.map(\.rawValue)
}

extension Switchboard {
    var lampSnapshots: [LampSnapshot] {
        lamps.subscriptions.compactMap { id in
            guard let watch = lamps.watch(id) else { return nil }
            return LampSnapshot(
                watcher: watch.watcher, source: watch.source, number: watch.number,
                names: watch.names.map(\.description), package: watch.package.rawValue, state: lamps.look(id).word,
                told: lamps.version(id))
        }
    }
}
