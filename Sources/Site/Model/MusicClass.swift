// SPDX-License-Identifier: AGPL-3.0-or-later

/// A class of music on hold that has a folder of its own: `[music.NAME]` of `site.toml`.
public struct MusicClass: Hashable, Sendable {
    public enum Order: Hashable, Sendable {
        /// By the names of the files, over and over.
        case sorted
        /// Each file once before any comes again.
        case random
    }

    public var name: String
    /// Absolute, or relative to where the switch was started if the site's own folder is.
    public var folder: String
    public var order: Order

    public init(name: String, folder: String, order: Order) {
        self.name = name
        self.folder = folder
        self.order = order
    }
}
